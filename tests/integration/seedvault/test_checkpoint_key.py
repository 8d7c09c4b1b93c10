"""The checkpoint key is replaced: introduced by the one before, or lost with its HSM."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from seedvault.domain.audit import EventKind
from seedvault.domain.checkpoint import AT_ONCE
from seedvault.domain.errors import Conflict, StorageUnavailable
from seedvault.keys import HsmRecordSigner, verifies
from seedvault.service.audit import AuditReport, VerifyAudit
from seedvault.service.checkpoint_key import RenewCheckpointKey
from seedvault.service.checkpoints import WriteCheckpoint
from seedvault.service.key_custody import RestoreKeys
from seedvault.service.rotation import Renewed
from seedvault.storage.transaction import SqlTransaction
from tests.support.key_house import House, house
from tests.support.tokens import NOON

__all__ = ["house"]


@contextmanager
def writing(house: House) -> Iterator[WriteCheckpoint]:
    """A vault opened with the key of now, which signs for it."""
    with house.keys() as keys:
        yield WriteCheckpoint(house.vault, HsmRecordSigner(keys.keystore), lambda: NOON)


def sign(house: House) -> bytes:
    """A checkpoint by the key of now; its public half."""
    with writing(house) as write:
        write(AT_ONCE)
        return write.signer.public_key


def renew(house: House) -> Renewed:
    with writing(house) as write:
        return RenewCheckpointKey(house.vault, house.room, lambda: NOON, write)("root")


def verified(house: House, *keys: bytes) -> AuditReport:
    return VerifyAudit(house.vault, lambda: keys, verifies)()


def test_who_knows_the_first_key_can_verify_what_its_successor_signs(house: House) -> None:
    first = sign(house)
    assert renew(house).old == "c1"
    second = sign(house)
    assert first != second
    report = verified(house, first)
    assert (report.breaks, report.unvouched, report.checkpoints) == ((), (), 3)
    assert verified(house, second).unvouched == ("c1",)
    assert house.kinds(EventKind.KEY_ROTATED)[0].startswith("checkpoint key c1 -> c2, check value")


def test_whoever_opened_the_vault_before_signs_no_more(house: House) -> None:
    with writing(house) as old:
        old(AT_ONCE)
        renew(house)
        with pytest.raises(Conflict, match="checkpoint key c1 was replaced"):
            old(AT_ONCE)
    sign(house)


def test_a_key_that_could_not_be_put_on_record_is_removed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(house)

    def failing(*_: object) -> None:
        raise StorageUnavailable("the disk is full")

    with monkeypatch.context() as context:
        context.setattr(SqlTransaction, "commit", failing)
        with pytest.raises(StorageUnavailable, match="full"):
            renew(house)
    assert not house.room.holds("c2")
    first = sign(house)
    assert verified(house, first).breaks == (), "it was introduced, and never signed"


def test_a_key_that_the_vault_came_to_know_stays_although_the_answer_was_lost(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = SqlTransaction.commit

    def interrupted(*arguments: object) -> None:
        real(*arguments)  # type: ignore[arg-type]  # as they were given
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(SqlTransaction, "commit", interrupted)
        with pytest.raises(KeyboardInterrupt):
            renew(house)
    assert house.room.holds("c2")
    sign(house)


def test_a_key_that_was_lost_is_followed_by_one_that_must_be_made_known(house: House) -> None:
    first = sign(house)
    for name in ("k1", "s1", "f1", "x1", "c1"):
        house.room.destroy(name)
    RestoreKeys(house.vault, house.room, lambda: NOON)(None, house.recovery, "root")
    second = sign(house)
    (broken,) = verified(house, first).breaks
    assert "signed by c2, which no known key introduced" in broken.what
    assert verified(house, first, second).breaks == ()
    alone = verified(house, second)
    assert (alone.breaks, alone.unvouched) == ((), ("c1",))
