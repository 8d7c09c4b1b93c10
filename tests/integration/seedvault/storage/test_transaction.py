"""Nothing lasts without commit, and no change is made to a row that moved."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.errors import Conflict, StorageUnavailable
from seedvault.domain.names import UserName
from seedvault.domain.token import (
    Bound,
    InStock,
    Progress,
    Retired,
    Revoked,
    State,
    Stray,
    Suspended,
    Token,
)
from seedvault.service.ports import EventFilter, Seal, Stale, StoredToken, TokenFilter
from seedvault.storage import SqlVault
from tests.integration.seedvault.storage.conftest import Tamper
from tests.support.databases import every_isolation
from tests.support.tokens import HOTP, NOON, new_token, serial
from tests.support.vaults import (
    ALICE,
    add_user,
    bind,
    event,
    held_token,
    import_tokens,
    reopen,
)

CARD = serial(1)

pytestmark = every_isolation


@pytest.fixture
def bound(vault: SqlVault) -> StoredToken:
    """An HOTP token of alice's, at counter 0."""
    import_tokens(vault, [new_token(1, HOTP), new_token(2, HOTP)])
    add_user(vault)
    return bind(vault, CARD)


def spend(vault: SqlVault, seen: StoredToken, factor: int) -> None:
    progress = Progress(factor + 1, NOON)
    with vault.transaction() as transaction:
        transaction.advance(seen, progress, factor)
        transaction.commit(event(CARD))


def test_what_is_advanced_is_read_back(vault: SqlVault, bound: StoredToken) -> None:
    stray = Stray(41, NOON)
    progress = Progress(8, NOON, -3, 2, NOON, 1, NOON, 5, must_resync=True, stray=stray)
    with vault.transaction() as transaction:
        transaction.advance(bound, progress, 7)
        transaction.commit(event(CARD))
    now = held_token(vault, CARD)
    assert now.token == replace(bound.token, progress=progress)
    assert now == replace(bound, token=now.token, version=bound.version + 1)


@pytest.mark.parametrize("state", ["suspended", "revoked", "retired"])
def test_every_state_is_read_back_as_it_was_written(
    vault: SqlVault, bound: StoredToken, state: str
) -> None:
    device, progress = bound.token.device, bound.token.progress
    each: dict[str, Token] = {
        "suspended": Suspended(device, progress, ALICE, NOON, NOON, "lost"),
        "revoked": Revoked(device, progress, NOON, "stolen"),
        "retired": Retired(device, progress, NOON, "worn out"),
    }
    written = each[state]
    with vault.transaction() as transaction:
        transaction.replace(bound, replace(bound, token=written, revision=2))
        transaction.commit(event(CARD))
    assert held_token(vault, CARD).token == written
    [listed] = vault.listed(TokenFilter(state=State(state)))
    assert (listed.token, getattr(vault.counts(), state)) == (written, 1)


def test_no_other_token_is_advanced(vault: SqlVault, bound: StoredToken) -> None:
    before = held_token(vault, serial(2))
    spend(vault, bound, 7)
    assert held_token(vault, serial(2)) == before


def test_a_factor_is_spent_once_for_one_read(vault: SqlVault, bound: StoredToken) -> None:
    spend(vault, bound, 7)
    with pytest.raises(Stale):
        spend(vault, bound, 8)


def test_a_factor_below_the_floor_is_not_accepted_even_at_the_right_version(
    vault: SqlVault, bound: StoredToken
) -> None:
    spend(vault, bound, 7)
    with pytest.raises(Stale):
        spend(vault, held_token(vault, CARD), 7)
    spend(vault, held_token(vault, CARD), 8)


def test_a_failure_does_not_take_the_moving_factor_back(
    vault: SqlVault, bound: StoredToken
) -> None:
    spend(vault, bound, 7)
    with vault.transaction() as transaction, pytest.raises(Stale):
        transaction.advance(held_token(vault, CARD), Progress(7, NOON, failures=1), None)


def test_a_failure_is_stale_after_any_other_change(vault: SqlVault, bound: StoredToken) -> None:
    spend(vault, bound, 7)
    with vault.transaction() as transaction, pytest.raises(Stale):
        transaction.advance(bound, Progress(99, NOON, failures=1), None)


def test_a_token_whose_state_changed_is_not_advanced(vault: SqlVault, bound: StoredToken) -> None:
    in_stock = replace(bound, token=InStock(bound.token.device, bound.token.progress))
    with pytest.raises(Stale):
        spend(vault, in_stock, 7)


def test_nothing_is_written_after_the_epoch_rose(
    vault: SqlVault, bound: StoredToken, tamper: Tamper
) -> None:
    tamper("UPDATE vault SET epoch = epoch + 1")
    with pytest.raises(Conflict, match="restored since it was opened"):
        spend(vault, bound, 7)
    with vault.transaction() as transaction, pytest.raises(Conflict, match="restored"):
        transaction.replace(bound, bound)


def test_a_vault_opened_after_the_epoch_rose_writes_again(
    vault: SqlVault, bound: StoredToken, tamper: Tamper, tmp_path: Path
) -> None:
    tamper("UPDATE vault SET epoch = epoch + 1")
    again = reopen(tmp_path)
    spend(again, bound, 7)
    again.close()


def test_a_bound_token_is_read_back_as_it_was_written(vault: SqlVault, bound: StoredToken) -> None:
    new = new_token(1, HOTP)
    assert bound.token == Bound(new.token.device, new.token.progress, ALICE, NOON)
    assert bound.wrapped == new.taken.wrapped
    assert (bound.revision, bound.version) == (1, 1)


def test_a_token_taken_back_has_no_owner(vault: SqlVault, bound: StoredToken) -> None:
    in_stock = InStock(bound.token.device, bound.token.progress)
    with vault.transaction() as transaction:
        transaction.replace(
            bound, replace(bound, token=in_stock, seal=Seal(b"anew", "s1"), revision=2)
        )
        transaction.commit(event(CARD, EventKind.TOKEN_UNASSIGNED))
    now = held_token(vault, CARD)
    assert (now.token, now.seal, now.revision) == (in_stock, Seal(b"anew", "s1"), 2)


def test_replacing_writes_the_progress_too(vault: SqlVault, bound: StoredToken) -> None:
    proven = replace(bound.token, progress=Progress(5, NOON, 2))
    with vault.transaction() as transaction:
        transaction.replace(bound, replace(bound, token=proven))
        transaction.commit(event(CARD))
    assert held_token(vault, CARD).token.progress == Progress(5, NOON, 2)


def test_a_token_that_moved_is_not_replaced(vault: SqlVault, bound: StoredToken) -> None:
    spend(vault, bound, 7)
    with vault.transaction() as transaction, pytest.raises(Stale):
        transaction.replace(bound, bound)


def test_binding_to_a_user_who_is_gone_is_stale(vault: SqlVault, bound: StoredToken) -> None:
    seen = held_token(vault, serial(2))
    nobody = Bound(seen.token.device, seen.token.progress, UserName("nobody"), NOON)
    with vault.transaction() as transaction, pytest.raises(Stale):
        transaction.replace(seen, replace(seen, token=nobody))


def test_a_block_that_raises_changes_nothing(vault: SqlVault, bound: StoredToken) -> None:
    events = vault.counts().events

    def break_off() -> None:
        with vault.transaction() as transaction:
            transaction.advance(bound, Progress(8, NOON), 7)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert held_token(vault, CARD) == bound
    assert vault.counts().events == events


def test_a_block_without_commit_changes_nothing(vault: SqlVault, bound: StoredToken) -> None:
    with vault.transaction() as transaction:
        transaction.advance(bound, Progress(8, NOON), 7)
    assert held_token(vault, CARD) == bound


def test_a_change_and_its_event_come_together(vault: SqlVault, bound: StoredToken) -> None:
    spend(vault, bound, 7)
    newest = vault.events(EventFilter(serial=CARD, kind=EventKind.CODE_ACCEPTED))
    assert [logged.event for logged in newest] == [event(CARD)]


def test_a_second_commit_is_a_bug(vault: SqlVault) -> None:
    with vault.transaction() as transaction:
        transaction.commit(event(CARD))
        with pytest.raises(AssertionError):
            transaction.commit(event(CARD))


def test_a_change_outside_the_block_is_a_bug(vault: SqlVault, bound: StoredToken) -> None:
    with pytest.raises(AssertionError):
        vault.transaction().advance(bound, bound.token.progress, None)


def test_a_user_is_added_once_whatever_the_case(vault: SqlVault) -> None:
    add_user(vault, UserName("Alice"))
    with pytest.raises(Conflict, match="there is a user called alice"):
        add_user(vault, UserName("alice"))
    assert vault.counts().users == 1


def test_after_a_conflict_the_thread_can_write_again(vault: SqlVault) -> None:
    add_user(vault)
    with pytest.raises(Conflict):
        add_user(vault)
    add_user(vault, UserName("bob"))


@pytest.mark.parametrize(
    ("change", "why"), [("state = 'in-stock'", "token_state"), ("kind = 'totp'", "token_kind")]
)
def test_the_database_itself_refuses_a_state_that_cannot_be(
    vault: SqlVault, bound: StoredToken, change: str, why: str
) -> None:
    with pytest.raises(StorageUnavailable, match=why), vault._database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE token SET {change}")


def test_of_eight_threads_over_one_version_one_commits(vault: SqlVault, bound: StoredToken) -> None:
    barrier, won = threading.Barrier(8), list[int]()

    def decide(factor: int) -> None:
        barrier.wait()
        try:
            spend(vault, bound, factor)
        except Stale:
            return
        won.append(factor)

    threads = [threading.Thread(target=decide, args=(factor,)) for factor in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert held_token(vault, CARD).token.progress.next_factor == won[0] + 1


def test_an_event_about_the_vault_needs_no_token(vault: SqlVault) -> None:
    with vault.transaction() as transaction:
        transaction.commit(AuditEvent(EventKind.BATCH_REFUSED, NOON, "ingrid", detail="no key"))
    assert vault.counts().events == 2
