"""What the vault knows of its transport keys, and what the HSM has, stay together."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import hsm
from hsm.standard_check import in_memory
from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.batch import Tier
from seedvault.domain.errors import Conflict, FileRefused, InvalidInput, NotFound, SealBroken
from seedvault.domain.names import KeyLabel
from seedvault.domain.transport_key import StoredTransportKey, TransportKind
from seedvault.keys.transport_room import HsmTransportRoom
from seedvault.service.ports import Arrival, EventFilter
from seedvault.service.transport_keys import (
    CreateTransportKey,
    DestroyTransportKey,
    ImportTransportKey,
    ListTransportKeys,
)
from seedvault.service.transport_ports import (
    Component,
    Components,
    ImportOrder,
    UnderPassphrase,
)
from seedvault.storage import SqlVault
from tests.support.databases import only_sqlite
from tests.support.jwe_maker import PASSPHRASE, Jwe, jwk, written
from tests.support.softhsm import pin
from tests.support.tokens import NOON, new_token
from tests.support.vaults import SOURCE, make_vault

LABEL = KeyLabel("maker")
AES, RSA = TransportKind.AES_128, TransportKind.RSA_2048
ORDER = ImportOrder(LABEL, AES)


@dataclass
class House:
    """A vault, and the PKCS#11 token that has its transport keys."""

    folder: Path
    vault: SqlVault
    room: HsmTransportRoom

    def create(self, label: KeyLabel = LABEL) -> None:
        CreateTransportKey(self.vault, self.room, lambda: NOON)(label, RSA, "carol")

    def bring(self, material: Components | UnderPassphrase, order: ImportOrder = ORDER) -> None:
        ImportTransportKey(self.vault, self.room, lambda: NOON)(order, material, "carol")

    def destroy(self) -> bool:
        ceremony = DestroyTransportKey(self.vault, self.room, lambda: NOON)
        return ceremony(LABEL, "carol", "ben").was_there

    @property
    def states(self) -> list[str]:
        return [key.state for key in ListTransportKeys(self.vault, self.room)()]

    @property
    def events(self) -> list[EventKind]:
        events = [logged.event.kind for logged in self.vault.events(EventFilter())][::-1]
        return events[1:]  # the first is the vault's own


@pytest.fixture
def house(database: str, tmp_path: Path, location: hsm.Location) -> Iterator[House]:
    vault = make_vault(tmp_path)
    room = HsmTransportRoom(lambda: nullcontext((location, pin())))
    yield House(tmp_path, vault, room)
    vault.close()
    with hsm.TransportCeremony(location, pin()) as ceremony:
        for label in ("maker", "other"):
            with suppress(hsm.KeyNotFound):
                ceremony.destroy(label)


def in_two(key: bytes) -> Components:
    first = os.urandom(len(key))
    halves = first, bytes(a ^ b for a, b in zip(first, key, strict=True))
    return Components(
        tuple(
            Component(bytearray(half.hex().encode()), in_memory("AES", bytearray(half)).zeros)
            for half in halves
        )
    )


def test_a_key_that_was_made_is_known_with_its_answer(house: House) -> None:
    house.create()
    (key,) = house.vault.transport_keys()
    assert (key.label, key.kind, key.origin) == (LABEL, RSA, "made in the HSM")
    assert (key.created_at, key.created_by, key.destroyed_at) == (NOON, "carol", None)
    assert house.states == ["ok"]
    assert house.events == [EventKind.TRANSPORT_CREATED]


def test_a_key_that_the_hsm_lost_is_said_to_be_missing(house: House) -> None:
    house.create()
    house.room.destroy(LABEL)
    assert house.states == ["not on the PKCS#11 token"]


def test_another_key_in_its_place_is_said_to_differ(house: House, location: hsm.Location) -> None:
    house.bring(in_two(os.urandom(16)))
    house.room.destroy(LABEL)
    with hsm.TransportCeremony(location, pin()) as ceremony:
        ceremony.make_pair("maker", hsm.TransportKind.RSA_2048)
    assert house.states == ["DIFFERS"]
    house.room.destroy(LABEL)
    house.room.bring_in(ORDER, in_two(os.urandom(16)), keep=True)
    assert house.states == ["DIFFERS"]


def test_the_same_key_in_its_place_is_not(house: House) -> None:
    key = os.urandom(16)
    house.bring(in_two(key))
    house.room.destroy(LABEL)
    house.room.bring_in(ORDER, in_two(key), keep=True)
    assert house.states == ["ok"]


def test_a_lost_key_is_destroyed_in_the_books_all_the_same(house: House) -> None:
    house.create()
    house.room.destroy(LABEL)
    assert house.destroy() is False
    assert house.states == ["destroyed"]


@only_sqlite
def test_what_the_database_does_not_take_the_hsm_does_not_keep(house: House) -> None:
    with sqlite3.connect(house.folder / "vault.db") as database:
        database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON transport_key"
            " BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(Exception, match="full"):
        house.create()
    house.room.refuse_taken(LABEL)  # nothing has it
    assert house.events == []


def test_a_key_of_the_label_that_nobody_here_made_stays(
    house: House, location: hsm.Location
) -> None:
    with hsm.TransportCeremony(location, pin()) as ceremony:
        before = ceremony.make_pair("maker", hsm.TransportKind.RSA_2048)
        with pytest.raises(Conflict, match="already"):
            house.create()
        with pytest.raises(Conflict, match="already"):
            house.bring(in_two(os.urandom(16)))
        assert ceremony.report("maker", hsm.TransportKind.RSA_2048) == before
    assert house.vault.transport_keys() == []


@pytest.mark.parametrize("good", [True, False])
def test_components_are_wiped_however_it_ends(house: House, *, good: bool) -> None:
    material = in_two(os.urandom(16))
    if not good:
        material.parts[1].digits[:2] = b"zz"
        with pytest.raises(FileRefused, match="component 2"):
            house.bring(material)
        assert house.events == [EventKind.TRANSPORT_REFUSED]
    else:
        house.bring(material)
    assert not any(any(part.digits) for part in material.parts)
    assert "digits" not in repr(material)


def test_the_passphrase_is_wiped_however_it_ends(house: House) -> None:
    good = UnderPassphrase(written(Jwe(jwk(os.urandom(16)))), bytearray(PASSPHRASE))
    house.bring(good)
    bad = UnderPassphrase(b"no JWE", bytearray(PASSPHRASE))
    with pytest.raises(FileRefused, match="no JWE"):
        house.bring(bad, ImportOrder(KeyLabel("other"), AES))
    assert not any(good.passphrase)
    assert not any(bad.passphrase)


def test_a_key_that_is_not_known_cannot_be_destroyed(house: House, location: hsm.Location) -> None:
    with hsm.TransportCeremony(location, pin()) as ceremony:
        ceremony.make_pair("maker", hsm.TransportKind.RSA_2048)
        with pytest.raises(NotFound, match="no transport key maker"):
            house.destroy()
        ceremony.report("maker", hsm.TransportKind.RSA_2048)


def test_whoever_destroys_does_not_approve(house: House) -> None:
    house.create()
    ceremony = DestroyTransportKey(house.vault, house.room, lambda: NOON)
    with pytest.raises(InvalidInput, match="cannot approve"):
        ceremony(LABEL, "os:carol", "Carol")
    assert house.states == ["ok"]
    assert house.events == [EventKind.TRANSPORT_CREATED, EventKind.TRANSPORT_REFUSED]


def test_a_key_is_not_destroyed_while_a_file_is_imported(house: House) -> None:
    house.create()
    source = replace(SOURCE, transport_key=str(LABEL))
    with house.vault.stage(source, Tier.NARROW, "ingrid", NOON) as staging:
        staging.add([Arrival(new_token(1), 1)])
        with pytest.raises(Conflict, match="ingrid is importing a file") as refused:
            house.destroy()
        assert refused.value.unchanged == "Nothing was changed."
        assert house.states == ["ok"]
        staging.publish(AuditEvent(EventKind.BATCH_IMPORTED, NOON, "ingrid"))
    done = DestroyTransportKey(house.vault, house.room, lambda: NOON)(LABEL, "carol", "ben")
    assert [batch.name for batch in done.batches] == ["B-0001"]


def test_an_import_that_began_while_the_hsm_destroyed_is_on_the_certificate(house: House) -> None:
    house.create()
    source = replace(SOURCE, transport_key=str(LABEL))
    begun = []

    class Slow(HsmTransportRoom):
        def destroy(self, label: KeyLabel) -> None:
            begun.append(house.vault.stage(source, Tier.NARROW, "ingrid", NOON))
            begun[0].add([Arrival(new_token(1), 1)])
            super().destroy(label)

    ceremony = DestroyTransportKey(house.vault, Slow(house.room.enter), lambda: NOON)
    with pytest.raises(Conflict, match="ingrid is importing a file") as refused:
        ceremony(LABEL, "carol", "ben")
    assert "no longer in the HSM" in refused.value.unchanged
    with begun[0] as staging:
        staging.publish(AuditEvent(EventKind.BATCH_IMPORTED, NOON, "ingrid"))

    done = DestroyTransportKey(house.vault, house.room, lambda: NOON)(LABEL, "carol", "ben")
    assert [batch.name for batch in done.batches] == ["B-0001"]
    assert done.begun_at == NOON


def test_what_is_begun_is_on_record_before_the_hsm_is_asked(house: House) -> None:
    house.create()

    class Dies(HsmTransportRoom):
        def destroy(self, label: KeyLabel) -> None:
            super().destroy(label)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        DestroyTransportKey(house.vault, Dies(house.room.enter), lambda: NOON)(
            LABEL, "carol", "ben"
        )
    assert house.events == [EventKind.TRANSPORT_CREATED, EventKind.TRANSPORT_ENDING]
    assert house.states == ["not on the PKCS#11 token"]

    done = DestroyTransportKey(house.vault, house.room, lambda: NOON)(LABEL, "carol", "ben")
    assert (done.was_there, done.begun_at) == (False, NOON)
    assert house.events[-1] is EventKind.TRANSPORT_DESTROYED
    assert house.states == ["destroyed"]


def test_two_who_destroy_at_once_are_told_apart(house: House) -> None:
    house.create()
    house.destroy()
    with pytest.raises(Conflict, match="meanwhile"), house.vault.transaction() as transaction:
        transaction.end_transport_key(LABEL, NOON)
    with house.vault.transaction() as transaction:
        key = StoredTransportKey(LABEL, RSA, "made in the HSM", "aa", "aa", NOON, "carol")
        with pytest.raises(Conflict, match="there is, or was"):
            transaction.add_transport_key(key)


@only_sqlite
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "rsa-512"),
        ("check_value", "no answer"),
        ("label", "a\u202eb"),
        ("created_ms", "noon"),
        ("destroyed_ms", 10**18),
    ],
)
def test_a_row_that_nobody_here_wrote_is_refused(house: House, column: str, value: object) -> None:
    house.create()
    with sqlite3.connect(house.folder / "vault.db") as database:
        database.execute(f"UPDATE transport_key SET {column} = ?", (value,))
    with pytest.raises(SealBroken, match="transport key"):
        house.vault.transport_keys()


def test_under_require_fips_an_aes_key_comes_in_by_any_way_and_3des_by_none(house: House) -> None:
    ceremony = ImportTransportKey(house.vault, house.room, lambda: NOON, require_fips=True)
    with pytest.raises(FileRefused, match="3DES is withdrawn"):
        ceremony(replace(ORDER, kind=TransportKind.DES3), in_two(os.urandom(24)), "carol")
    assert house.states == []

    ceremony(ORDER, in_two(os.urandom(16)), "carol")
    jwe = UnderPassphrase(written(Jwe(jwk(os.urandom(16)))), bytearray(PASSPHRASE))
    ceremony(ImportOrder(KeyLabel("other"), AES), jwe, "carol")
    assert house.states == ["ok", "ok"]
