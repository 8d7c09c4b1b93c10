"""Keys are rotated while tokens are verified: no code is lost, none accepted twice."""

import os
from threading import Event, Thread

import pytest

import hsm
from importers import Digest
from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.batch import Tier
from seedvault.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from seedvault.domain.outcome import Accepted, Reason, Rejected
from seedvault.domain.vault_key import KeyPurpose, in_use
from seedvault.service import rotation
from seedvault.service.rotation import ROTATED, DestroyKey, MoveTokens, RenewKeys
from seedvault.service.verify import VerifyCode
from seedvault.storage import SqlVault
from tests.support.codes import code
from tests.support.databases import every_isolation
from tests.support.key_house import KEK, TOKENS, House, house, new_token, seed, stock
from tests.support.policies import DEFAULTS
from tests.support.tokens import NOON, serial
from tests.support.vaults import SOURCE

__all__ = ["house"]


def test_every_token_moves_and_every_code_still_verifies_once(house: House) -> None:
    assert isinstance(house.verify(1, 0), Accepted)
    renewed = house.renew()
    assert [(each.old, each.new.name) for each in renewed] == [
        ("k1", "k2"), ("s1", "s2"), ("f1", "f2"),
    ]  # fmt: skip
    done = house.move()
    assert (done.moved, done.broken, done.left) == (TOKENS, (), 0)
    assert house.vault.key_references() == dict.fromkeys(("k2", "s2", "f2"), TOKENS)
    assert house.verify(1, 0) == Rejected(Reason.ALREADY_USED)
    for number in range(TOKENS):
        assert isinstance(house.verify(number, 1), Accepted)


def test_a_new_seed_is_under_the_new_key_at_once(house: House) -> None:
    house.renew(KEK)
    with house.keys() as keys:
        stock(house.vault, [new_token(keys, 99)])
    assert house.vault.key_references()["k2"] == 1
    stored = house.vault.token(serial(99))
    assert stored is not None
    assert stored.wrapped.kek_id == "k2"


def test_tokens_under_the_old_key_verify_before_they_are_moved(house: House) -> None:
    house.renew()
    assert isinstance(house.verify(3, 0), Accepted)


def test_a_move_that_was_interrupted_goes_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "CHUNK", 10)
    house.renew(KEK)
    calls = iter(range(1))
    real = SqlVault.transaction

    def failing(vault: SqlVault) -> object:
        next(calls)
        return real(vault)

    monkeypatch.setattr(SqlVault, "transaction", failing)
    with pytest.raises((StopIteration, RuntimeError)):
        house.move()
    monkeypatch.undo()
    assert house.vault.key_references()["k2"] == 10
    assert house.move().moved == TOKENS - 10


def test_whoever_watches_hears_of_every_chunk(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "CHUNK", 10)
    house.renew(KEK)
    told: list[int] = []
    with house.keys() as keys:
        MoveTokens(house.vault, keys, lambda: NOON)(house.recovery, "root", told.append)
    assert told == [10, 20, TOKENS]


@every_isolation
def test_verification_goes_on_while_tokens_move(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thread verifies, with keys from before the rotation, until everything has moved."""
    monkeypatch.setattr(rotation, "CHUNK", 3)
    done, started = Event(), Event()
    accepted: list[Accepted] = []
    refused: list[Rejected] = []

    def verifying() -> None:
        with house.keys() as keys:
            started.set()
            verify, counter = VerifyCode(house.vault, keys, lambda: NOON, DEFAULTS), 0
            while not done.is_set() or counter < 2:
                for number in range(TOKENS):
                    outcome = verify(
                        serial(number), code(seed(number), counter, Digest.SHA1, 6), "test"
                    )
                    if isinstance(outcome, Accepted):
                        accepted.append(outcome)
                    else:
                        refused.append(outcome)
                counter += 1

    thread = Thread(target=verifying)
    thread.start()
    started.wait()
    house.renew()
    for _ in range(5):
        last = house.move()
    done.set()
    thread.join()
    assert last.left == 0
    assert refused == []
    assert len(accepted) >= 2 * TOKENS


def test_an_old_key_is_destroyed_only_when_nothing_needs_it(house: House) -> None:
    house.renew(KEK)
    with pytest.raises(Conflict, match=f"k1 is needed by {TOKENS} tokens"):
        house.destroy("k1")
    house.move()
    house.destroy("k1")
    assert not house.room.holds("k1")
    assert [key.name for key in house.vault.vault_keys() if key.purpose in KEK] == ["k2"]
    assert house.kinds(EventKind.KEY_DESTROYED) == ["KEK k1, approved by bob"]
    assert isinstance(house.verify(5, 0), Accepted)


def test_the_database_itself_keeps_a_key_that_is_needed(house: House) -> None:
    with house.vault.transaction() as transaction, pytest.raises(Conflict, match="still needed"):
        transaction.forget_key("k1")
    assert "k1" in {key.name for key in house.vault.vault_keys()}


def test_a_key_in_use_is_not_destroyed(house: House) -> None:
    with pytest.raises(Conflict, match="k1 is in use"):
        house.destroy("k1")


def test_nobody_agrees_with_themselves(house: House) -> None:
    house.renew(KEK)
    house.move()
    with pytest.raises(InvalidInput, match="cannot approve it too"):
        DestroyKey(house.vault, house.room, lambda: NOON)("k1", "os:bob", "Bob")
    assert house.room.holds("k1")
    (refused,) = house.kinds(EventKind.KEY_REFUSED)
    assert "cannot approve it too" in refused


@pytest.mark.parametrize("second", ["OS:Root", "os: root", " ROOT "])
def test_a_name_in_other_letters_is_the_same_person(house: House, second: str) -> None:
    house.renew(KEK)
    house.move()
    with pytest.raises(InvalidInput, match="cannot approve it too"):
        DestroyKey(house.vault, house.room, lambda: NOON)("k1", "os:root", second)


def test_a_key_that_is_nowhere_is_not_destroyed(house: House) -> None:
    with pytest.raises(NotFound, match="k7"):
        house.destroy("k7")


def test_a_key_the_vault_forgot_is_destroyed_all_the_same(house: House) -> None:
    """A crash between forgetting and destroying leaves one."""
    house.renew(KEK)
    house.move()
    with house.vault.transaction() as transaction:
        transaction.forget_key("k1")
        transaction.commit(AuditEvent(EventKind.KEY_FORGOTTEN, NOON, "root"))
    house.destroy("k1")
    assert not house.room.holds("k1")


def test_a_stray_key_in_the_hsm_is_neither_used_nor_overwritten(house: House) -> None:
    """A crash between making a key and writing it down leaves one."""
    house.room.make(["k2"], None)
    assert house.renew(KEK)[0].new.name == "k3"
    assert house.room.holds("k2")


def test_without_shares_no_seed_is_moved(house: House) -> None:
    house.renew(KEK)
    with house.keys() as keys, pytest.raises(InvalidInput, match="only custodians"):
        MoveTokens(house.vault, keys, lambda: NOON)(None, "root", lambda _: None)


def test_shares_of_another_vault_move_nothing(house: House) -> None:
    house.renew(KEK)
    other, _ = hsm.RecoveryKey.generate(hsm.Quorum(1, 1), os.urandom)
    with pytest.raises(NotAllowed, match="do not open the copies"):
        house.move(other)
    assert "k2" not in house.vault.key_references()
    (denied,) = house.kinds(EventKind.KEY_REFUSED)
    assert denied.startswith("moving tokens: these shares do not open the copies")


def test_shares_of_another_vault_make_no_key_and_that_is_on_record(house: House) -> None:
    other, _ = hsm.RecoveryKey.generate(hsm.Quorum(1, 1), os.urandom)
    with pytest.raises(NotAllowed, match="do not open the copies"):
        RenewKeys(house.vault, house.room, lambda: NOON)(ROTATED, other, "root")
    assert not house.room.holds("k2")
    (denied,) = house.kinds(EventKind.KEY_REFUSED)
    assert denied.startswith("new keys: these shares do not open the copies")


def test_a_kek_without_a_copy_is_not_retired_while_seeds_are_under_it(house: House) -> None:
    house.vault._database.driver.execute("UPDATE vault_key SET copy_blob = NULL")
    with pytest.raises(InvalidInput, match="k1 was made without a copy"):
        RenewKeys(house.vault, house.room, lambda: NOON)(ROTATED, None, "root")
    assert not house.room.holds("k2")


def test_a_seal_is_renewed_without_any_shares(house: House) -> None:
    house.renew((KeyPurpose.SEAL, KeyPurpose.FINGERPRINT))
    with house.keys() as keys:
        done = MoveTokens(house.vault, keys, lambda: NOON)(None, "root", lambda _: None)
    assert (done.moved, done.left) == (TOKENS, 0)
    assert isinstance(house.verify(2, 0), Accepted)


def test_an_altered_row_is_not_sealed_anew(house: House) -> None:
    house.vault._database.driver.execute(
        f"UPDATE token SET digits = 8 WHERE serial = '{serial(4)}'"
    )
    house.renew()
    done = house.move()
    assert (done.moved, done.broken, done.left) == (TOKENS - 1, (str(serial(4)),), 1)
    assert len(house.kinds(EventKind.SEAL_BROKEN)) == 1
    with pytest.raises(Conflict, match="k1 is needed by 1 token"):
        house.destroy("k1")


def test_the_fingerprint_key_does_not_change_in_the_middle_of_an_import(house: House) -> None:
    with (
        house.vault.stage(SOURCE, Tier.NARROW, "ingrid", NOON),
        pytest.raises(Conflict, match="ingrid is importing"),
    ):
        house.renew((KeyPurpose.FINGERPRINT,))
    assert in_use(house.vault.vault_keys()).fingerprint == "f1"
    assert not house.room.holds("f2")


def test_a_rotation_of_all_keys_during_an_import_changes_none_of_them(house: House) -> None:
    with (
        house.vault.stage(SOURCE, Tier.NARROW, "ingrid", NOON),
        pytest.raises(Conflict, match="ingrid is importing"),
    ):
        house.renew()
    assert {key.name for key in house.vault.vault_keys()} == {"k1", "s1", "f1", "c1", "x1"}
    assert not any(house.room.holds(name) for name in ("k2", "s2", "f2"))


def test_nothing_is_imported_until_all_fingerprints_are_renewed(house: House) -> None:
    house.renew((KeyPurpose.FINGERPRINT,))
    with pytest.raises(Conflict, match="--resume"):
        house.vault.stage(SOURCE, Tier.NARROW, "ingrid", NOON)
    house.move()
    with house.vault.stage(SOURCE, Tier.NARROW, "ingrid", NOON):
        pass


def test_a_seed_is_still_recognised_after_its_fingerprint_was_renewed(house: House) -> None:
    house.renew()
    house.move()
    with house.keys() as keys:
        again = new_token(keys, 7)
    held = house.vault.held([], [again.taken.fingerprint.octets])
    assert [token.serial for token in held] == [serial(7)]


def test_a_rotation_is_on_record(house: House) -> None:
    (new,) = house.renew(KEK)
    house.move()
    assert house.kinds(EventKind.KEY_ROTATED) == [
        f"KEK k1 -> k2, check value {new.new.check_value}"
    ]
    assert house.kinds(EventKind.TOKENS_MOVED) == [f"{TOKENS} tokens under k2, sealed by s1"]
