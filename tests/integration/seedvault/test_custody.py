"""A vault's keys as custodians see them: what is damaged, foreign or gone is told, and undone."""

from dataclasses import replace

import pytest

import hsm
from hsm.ceremony import _generate
from hsm.connection import Connection
from hsm.recipes import attributes
from hsm.templates import Cka
from hsm.workshop import workshop
from seedvault.domain.audit import EventKind
from seedvault.domain.errors import NotAllowed, StorageUnavailable
from seedvault.domain.vault_key import KeyPurpose, StoredKey
from seedvault.service.key_custody import CopyKeys, KeyState, ListKeys, RestoreKeys
from seedvault.storage.transaction import SqlTransaction
from tests.support.key_house import KEK, House, house
from tests.support.softhsm import pin
from tests.support.tokens import NOON

__all__ = ["house"]

COPIED = ("k1", "s1", "f1", "x1")


def listed(house: House) -> dict[str, KeyState]:
    return {key.stored.name: key for key in ListKeys(house.vault, house.room)()}


def restore(house: House, copies: list[StoredKey] | None = None) -> list[str]:
    ceremony = RestoreKeys(house.vault, house.room, lambda: NOON)
    return [report.name for report in ceremony(copies, house.recovery, "root")]


def lose_keys(house: House) -> None:
    with hsm.Ceremony(house.place, pin()) as ceremony:
        ceremony.remove(hsm.FIRST.made)


def put(house: House, key: hsm.VaultKey, **changed: bool) -> None:
    """An object that passes for `key`, with other attributes than a ceremony gives."""
    connection = Connection(house.place, pin())
    with workshop(connection) as shop:
        given = attributes(key) | {Cka[name]: value for name, value in changed.items()}
        _generate(shop, key, given)  # type: ignore[arg-type]  # the same numbers by other names
    connection.close()


def test_every_key_is_sound_in_a_vault_as_it_was_made(house: House) -> None:
    assert all(key.is_sound and key.answers for key in listed(house).values())


def test_a_key_that_is_gone_and_one_that_is_there_twice_are_told_apart(house: House) -> None:
    house.room.destroy("s1")
    put(house, hsm.FIRST.fingerprint)
    keys = listed(house)
    assert (keys["s1"].seen, keys["s1"].is_sound) == ("MISSING", False)
    assert "several objects" in str(keys["f1"].seen)
    assert not keys["f1"].is_sound


def test_another_key_of_the_same_name_answers_otherwise(house: House) -> None:
    house.room.destroy("s1")
    put(house, hsm.FIRST.seal)
    key = listed(house)["s1"]
    assert (key.is_closed, key.answers, key.is_sound) == (True, False, False)


def test_a_key_that_can_be_changed_is_not_sound_whatever_it_answers(house: House) -> None:
    house.room.destroy("s1")
    put(house, hsm.FIRST.seal, MODIFIABLE=True)
    key = listed(house)["s1"]
    assert (key.is_closed, key.is_sound) == (False, False)


@pytest.mark.parametrize(
    ("on_record", "answers"),
    [(None, None), ("{}", True), ("00000000", False), ("00000000/AES_CBC_PAD", True)],
)
def test_check_values_are_compared_as_far_as_they_can_be(
    house: House, on_record: str | None, answers: bool | None
) -> None:
    key = listed(house)["k1"]
    assert key.report is not None
    value = on_record and on_record.format(key.report.check_value)
    assert replace(key, stored=replace(key.stored, check_value=value)).answers is answers


def test_a_copy_of_another_key_is_not_restored(house: House) -> None:
    """The recovery key opens it; the vault's own record tells that it is not the one."""
    (foreign,) = house.room.make(["s9"], house.recovery)
    copies = [
        replace(key, copy=foreign.copy) if key.purpose is KeyPurpose.SEAL else key
        for key in house.vault.vault_keys()
    ]
    lose_keys(house)
    with pytest.raises(NotAllowed, match="the copy of s1 holds another key"):
        restore(house, copies)
    (denied,) = house.kinds(EventKind.KEY_REFUSED)
    assert denied.startswith("restoring keys: the copy of s1 holds another key")
    assert not any(house.room.holds(name) for name in (*COPIED, "c1", "c2"))


def test_what_could_not_be_put_on_record_is_not_restored(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_keys(house)

    def failing(*_: object) -> None:
        raise StorageUnavailable("the disk is full")

    with monkeypatch.context() as context:
        context.setattr(SqlTransaction, "commit", failing)
        with pytest.raises(StorageUnavailable):
            restore(house)
    assert not any(house.room.holds(name) for name in (*COPIED, "c2"))
    assert set(restore(house)) == {*COPIED, "c2"}


def test_keys_that_the_vault_came_to_know_stay_although_the_answer_was_lost(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_keys(house)
    real = RestoreKeys._record

    def interrupted(*arguments: object) -> None:
        real(*arguments)  # type: ignore[arg-type]  # as they were given
        raise KeyboardInterrupt

    monkeypatch.setattr(RestoreKeys, "_record", interrupted)
    with pytest.raises(KeyboardInterrupt):
        restore(house)
    assert all(house.room.holds(name) for name in (*COPIED, "c2"))


def test_new_keys_that_could_not_be_put_on_record_are_removed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise StorageUnavailable("the disk is full")

    with monkeypatch.context() as context:
        context.setattr(SqlTransaction, "commit", failing)
        with pytest.raises(StorageUnavailable, match="full"):
            house.renew(KEK)
    assert not house.room.holds("k2")


def test_keys_without_copies_are_named_and_nothing_is_on_record(house: House) -> None:
    house.vault._database.driver.execute("UPDATE vault_key SET copy_blob = NULL")
    with pytest.raises(NotAllowed, match="f1, k1, s1, x1: made without a copy"):
        CopyKeys(house.vault, lambda: NOON).copies()
    assert house.kinds(EventKind.KEYS_COPIED) == []
