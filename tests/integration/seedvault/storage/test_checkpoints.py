"""Checkpoints in the database: appended under conditions, and never over another log."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from seedvault.domain.audit import GENESIS
from seedvault.domain.checkpoint import AT_ONCE, SignedCheckpoint
from seedvault.domain.errors import Conflict, SealBroken
from seedvault.keys import verifies
from seedvault.service.audit import VerifyAudit
from seedvault.service.checkpoints import WriteCheckpoint
from seedvault.service.ports import Stale
from seedvault.storage import SqlVault, checkpoints
from tests.integration.seedvault.storage.conftest import Tamper
from tests.support.checkpoints import Signer, checkpoint
from tests.support.databases import only_sqlite
from tests.support.tokens import NOON, serial
from tests.support.vaults import event

CHAIN = event(serial(1)).chain
OTHER = "(SELECT digest FROM audit_head WHERE chain = 0)"
C1 = Signer()


def log(vault: SqlVault, *numbers: int) -> None:
    """An event about each of the tokens."""
    for number in numbers:
        with vault.transaction() as transaction:
            transaction.commit(event(serial(number)))


def write(vault: SqlVault, signer: Signer = C1) -> SignedCheckpoint:
    """A checkpoint that is due."""
    written = WriteCheckpoint(vault, signer, lambda: NOON)(AT_ONCE)
    assert written is not None
    return written


def append(vault: SqlVault, signed: SignedCheckpoint) -> None:
    with vault.transaction() as transaction:
        transaction.commit_checkpoint(signed)


@pytest.fixture
def two(vault: SqlVault) -> SqlVault:
    """A vault of six events and two checkpoints, the second behind the last event but one."""
    log(vault, 1, 2, 1)
    write(vault)
    log(vault, 1, 3)
    write(vault)
    return vault


def test_a_new_vault_has_none(vault: SqlVault) -> None:
    assert vault.last_checkpoint() is None
    assert list(vault.checkpoints()) == []


def test_checkpoints_are_read_back_as_they_were_written(vault: SqlVault) -> None:
    written = [write(vault)]
    for _ in range(3):
        log(vault, 1)
        written.append(write(vault))
    assert list(vault.checkpoints()) == written
    assert list(vault.checkpoints(after=2)) == written[2:]
    assert vault.last_checkpoint() == written[-1]
    assert vault.checkpoint(2) == written[1]
    assert vault.checkpoint(9) is None


def test_they_are_read_whole_over_many_pages(
    two: SqlVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "_PAGE", 1)
    assert [signed.checkpoint.number for signed in two.checkpoints()] == [1, 2]


def test_a_checkpoint_covers_every_chain(two: SqlVault) -> None:
    (_, second) = two.checkpoints()
    assert list(second.checkpoint.heads) == two.heads()
    assert second.checkpoint.events == two.counts().events == 6


def test_it_is_no_event_and_no_change(two: SqlVault) -> None:
    commits = two.commits
    log(two, 1)
    assert two.commits == commits + 1
    write(two)
    assert two.commits == commits + 1
    assert two.counts().events == 7


def test_of_two_over_the_same_one_is_stale(two: SqlVault) -> None:
    before = two.last_checkpoint()
    assert before is not None
    log(two, 1)
    signed = C1.signed(checkpoint(C1, two.heads(), before.checkpoint))
    signed = C1.signed(replace(signed.checkpoint, epoch=two.identity.epoch))
    append(two, signed)
    with pytest.raises(Stale):
        append(two, signed)


@pytest.mark.parametrize("change", [{"number": 4}, {"number": 2}, {"previous": GENESIS}])
def test_what_does_not_follow_the_last_is_stale(two: SqlVault, change: dict[str, object]) -> None:
    before = two.last_checkpoint()
    assert before is not None
    following = replace(before.checkpoint, number=3, previous=before.checkpoint.digest)
    following = replace(following, **change)  # type: ignore[arg-type]  # of any field
    with pytest.raises(Stale):
        append(two, C1.signed(following))


def test_a_key_that_is_not_in_use_signs_nothing(two: SqlVault) -> None:
    log(two, 1)
    with pytest.raises(Conflict, match="checkpoint key c2 was replaced"):
        write(two, Signer("c2"))


def test_nothing_is_signed_for_a_vault_of_another_epoch(two: SqlVault, tamper: Tamper) -> None:
    log(two, 1)
    tamper("UPDATE vault SET epoch = epoch + 1")
    with pytest.raises(Conflict, match="restored since"):
        write(two)


@pytest.mark.parametrize(
    "attack",
    [
        "DELETE FROM audit_event WHERE chain = ? AND sequence = 3",
        f"UPDATE audit_event SET digest = {OTHER} WHERE chain = ? AND sequence = 3",
        f"UPDATE audit_head SET digest = {OTHER} WHERE chain = ?",
        "UPDATE audit_head SET sequence = sequence + 1 WHERE chain = ?",
    ],
)
def test_a_log_that_is_not_the_one_that_was_signed_is_not_signed(
    two: SqlVault, tamper: Tamper, attack: str
) -> None:
    log(two, 3)
    tamper(attack, CHAIN)
    with pytest.raises(SealBroken, match="cut off or rewritten"):
        write(two)
    assert len(list(two.checkpoints())) == 2


def test_a_chain_cut_off_with_its_head_moved_back_is_not_signed(
    two: SqlVault, tamper: Tamper
) -> None:
    before = next(iter(two.part(CHAIN, 1, 2)))
    tamper("DELETE FROM audit_event WHERE chain = ? AND sequence = 3", CHAIN)
    tamper("UPDATE audit_head SET sequence = 2, digest = ? WHERE chain = ?", before.digest, CHAIN)
    log(two, 2, 2)
    with pytest.raises(SealBroken, match=f"event 3 of chain {CHAIN}"):
        write(two)


@pytest.mark.parametrize(
    "change",
    [
        "statement = signature",
        "statement = 'text'",
        "number = 7",
        "statement = (SELECT statement FROM checkpoint WHERE number = 1)",
    ],
)
def test_a_row_that_is_no_checkpoint_is_left_out_and_never_followed(
    two: SqlVault, tamper: Tamper, change: str
) -> None:
    tamper(f"UPDATE checkpoint SET {change} WHERE number = 2")
    assert [signed.checkpoint.number for signed in two.checkpoints()] == [1]
    log(two, 1)
    with pytest.raises(SealBroken, match="checkpoint"):
        write(two)


@only_sqlite
def test_a_signature_that_is_text_is_none(two: SqlVault, tamper: Tamper) -> None:
    tamper("UPDATE checkpoint SET signature = 'text' WHERE number = 2")
    assert [signed.checkpoint.number for signed in two.checkpoints()] == [1]


def test_a_part_of_a_chain_is_what_stands_between(two: SqlVault) -> None:
    assert [logged.sequence for logged in two.part(CHAIN, 1, 2)] == [2]
    assert [logged.sequence for logged in two.part(CHAIN, 2, 9)] == [3]


def test_the_digest_at_a_place_is_that_event_s(two: SqlVault) -> None:
    (second,) = two.part(CHAIN, 1, 2)
    assert two.digest_at(CHAIN, 2) == second.digest
    assert two.digest_at(CHAIN, 99) is None


def test_of_many_threads_that_write_each_follows_the_one_before(vault: SqlVault) -> None:
    threads, rounds = 4, 8

    def work(number: int) -> None:
        for _ in range(rounds):
            log(vault, number)
            WriteCheckpoint(vault, C1, lambda: NOON)(AT_ONCE)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(1, threads + 1)))
    report = VerifyAudit(vault, lambda: [C1.public_key], verifies)()
    assert (report.breaks, report.uncovered) == ((), 0)
    assert report.events == 1 + threads * rounds
    assert 1 < report.checkpoints <= threads * rounds
