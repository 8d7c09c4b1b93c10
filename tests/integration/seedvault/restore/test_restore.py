"""A backup brings back all of a vault, in either database, or nothing of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

import hsm
from seedvault.domain.audit import EventKind
from seedvault.domain.backup import BackupHeader
from seedvault.domain.errors import (
    ClockUntrusted,
    Conflict,
    FileRefused,
    HsmUnavailable,
    InvalidInput,
    NotAllowed,
    SealBroken,
)
from seedvault.domain.names import UserName
from seedvault.domain.outcome import Accepted
from seedvault.keys import HsmEpochMemory
from seedvault.service.epoch import Kept, settle_epoch
from seedvault.service.ports import EventFilter
from seedvault.storage.address import database_at
from seedvault.storage.chains import begin_chains
from seedvault.storage.migrations import upgrade
from tests.support import backups
from tests.support.backups import Whole
from tests.support.databases import POSTGRESQL, SQLITE
from tests.support.restorable import ORDER, STEP, InUse, NewPlace, is_empty
from tests.support.softhsm import TEST_SO_PIN, fresh_location, pin
from tests.support.tokens import new_token
from tests.support.vaults import add_user, import_tokens

MOVED = {"next_factor", "must_resync", "version"}
"""What a restore changes in the row of a token."""


@pytest.mark.parametrize("target", [SQLITE, POSTGRESQL])
def test_every_row_comes_back(world: InUse, new_place: NewPlace, target: str) -> None:
    world.accept(0, world.step)
    world.accept(10, 7)
    _, before = backups.read(world, path := world.back_up())

    world.restore(path, new_place(target))

    _, after = backups.read(world, world.back_up("after.age"))
    assert _without(before, MOVED) == _without(after, MOVED)
    assert len(after["audit_event"][1]) == len(before["audit_event"][1]) + 1


def test_a_restored_vault_goes_on(world: InUse, new_place: NewPlace, kind: str) -> None:
    world.restore(world.back_up(), new_place(kind))

    add_user(world.vault, UserName("bob"))
    batch = import_tokens(world.vault, [new_token(900)])
    world.clock.advance(5 * STEP)
    world.accept_pair(3, world.step)

    assert batch.number == 2
    assert [str(each.name) for each in world.vault.users()] == ["alice", "bob"]


def test_what_happened_is_on_record(world: InUse, new_place: NewPlace, kind: str) -> None:
    world.restore(world.back_up(), new_place(kind))

    (logged,) = world.vault.events(EventFilter(kind=EventKind.VAULT_RESTORED))
    detail = str(logged.event.detail)
    for told in ("epoch 1 -> 2", "otp.age", "signed by c1", "10 of 10", "approved by bob"):
        assert told in detail


def test_each_restore_is_an_epoch_above_all_before(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    backup = world.back_up()

    epochs = [world.restore(backup, new_place(kind)).epoch for _ in range(3)]

    assert epochs == [2, 3, 4]
    assert world.keystore.recall_epoch("vault-1") == 4


def test_a_vault_that_is_there_is_not_overwritten(world: InUse) -> None:
    backup = world.back_up()
    world.accept(10, 0)

    with pytest.raises(Conflict, match="overwrites no"):
        world.restore(backup, world.place)

    world.open(world.place)
    assert not isinstance(world.verify(10, 0), Accepted)
    world.accept(10, 1)


def test_a_dry_run_changes_nothing(world: InUse, new_place: NewPlace, kind: str) -> None:
    backup, place = world.back_up(), new_place(kind)

    told = world.restore(backup, place, order=replace(ORDER, dry_run=True))

    assert (told.epoch, told.tokens) == (2, 10)
    assert is_empty(place)
    assert world.keystore.recall_epoch("vault-1") == 1
    assert world.restore(backup, place).epoch == 2


def test_whoever_restores_does_not_approve_it(world: InUse, new_place: NewPlace) -> None:
    with pytest.raises(InvalidInput, match="cannot approve it too"):
        world.restore(world.back_up(), new_place(SQLITE), order=replace(ORDER, approved_by="root"))


# --- who vouches for it ---------------------------------------------------------------------


def test_what_anybody_encrypted_is_not_believed(world: InUse, new_place: NewPlace) -> None:
    header, tables = backups.read(world, world.back_up())
    forged = backups.write(
        world,
        world.folder / "forged.age",
        replace(header, signer=backups.stranger()),
        tables,
        lambda _: b"signed by somebody",
    )
    place = new_place(SQLITE)

    with pytest.raises(NotAllowed, match="nothing vouches for it"):
        world.restore(forged, place)

    assert is_empty(place)


def test_another_signature_by_the_same_name_is_refused_even_unsigned(
    world: InUse, new_place: NewPlace
) -> None:
    header, tables = backups.read(world, world.back_up())
    path = world.folder / "forged.age"
    forged = backups.write(world, path, header, tables, lambda _: b"signed by somebody")

    with pytest.raises(FileRefused, match="altered"):
        world.restore(forged, new_place(SQLITE), order=replace(ORDER, unsigned=True))


def test_what_nothing_vouches_for_is_taken_by_name(world: InUse, new_place: NewPlace) -> None:
    header, tables = backups.read(world, world.back_up())
    header = replace(header, signer=backups.stranger())
    path = world.folder / "unsigned.age"
    unsigned = backups.write(world, path, header, tables, lambda _: b"lost")

    world.restore(unsigned, new_place(SQLITE), order=replace(ORDER, unsigned=True))

    (logged,) = world.vault.events(EventFilter(kind=EventKind.VAULT_RESTORED))
    assert "NOT verified" in str(logged.event.detail)


def test_without_the_hsm_the_public_key_vouches(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    public, backup = world.keystore.checkpoint_public_key(), world.back_up()
    by_name = replace(ORDER, public_keys=(public,))

    with pytest.raises(NotAllowed, match="nothing vouches for it"):
        world.restore(backup, new_place(kind), hsm_lost=True)
    restored = world.restore(backup, new_place(kind), order=by_name, hsm_lost=True)

    assert not restored.seals_checked
    memory = HsmEpochMemory(world.keystore, "vault-1")
    assert settle_epoch(world.vault.identity.epoch, memory) is Kept.IN_HSM
    assert memory.recall() == 2


@pytest.mark.parametrize("key", ["k1", "c1"])
def test_an_hsm_without_the_keys_is_told_from_a_broken_backup(
    world: InUse, new_place: NewPlace, key: str
) -> None:
    backup, place = world.back_up(), new_place(SQLITE)
    with hsm.Ceremony(world.pkcs11_token, pin()) as ceremony:
        ceremony.destroy(hsm.named(key))

    with pytest.raises(HsmUnavailable, match="lacks keys") as refused:
        world.restore(backup, place)

    assert key in refused.value.what
    for way in ("a newer backup", "a new, empty PKCS#11 token", "--hsm-lost"):
        assert way in refused.value.remedy
    assert is_empty(place)


def test_the_keys_of_another_vault_open_nothing(world: InUse, new_place: NewPlace) -> None:
    public, backup, place = (
        world.keystore.checkpoint_public_key(),
        world.back_up(),
        new_place(SQLITE),
    )
    world.pkcs11_token = fresh_location("another")
    hsm.initialise(world.pkcs11_token, pin(), pin(TEST_SO_PIN))

    with pytest.raises(NotAllowed, match="no token's seal holds"):
        world.restore(backup, place, order=replace(ORDER, public_keys=(public,)))

    assert is_empty(place)


def test_a_row_that_was_altered_before_the_backup_comes_back_unusable(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    def another_owner(_: BackupHeader, tables: Whole) -> None:
        shape, rows = tables["token"]
        place = [column.name for column in shape.columns].index("bound_ms")
        rows[0] = (*rows[0][:place], 7, *rows[0][place + 1 :])

    restored = world.restore(
        backups.altered(world, world.back_up(), another_owner), new_place(kind)
    )

    assert restored.unsealed == 1
    with pytest.raises(SealBroken):
        world.resync(0, world.step + 5)


# --- clocks and schemas ---------------------------------------------------------------------


def test_a_clock_that_is_behind_raises_no_floors(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    world.clock.advance(timedelta(days=1))
    world.accept(0, world.step)
    backup, place = world.back_up(), new_place(kind)
    world.clock.advance(-timedelta(hours=1))

    with pytest.raises(ClockUntrusted, match="floors would be too low"):
        world.restore(backup, place)

    assert is_empty(place)


@pytest.mark.parametrize("schema", ["0001", "0004"])
def test_a_backup_of_an_older_schema_is_upgraded(
    world: InUse, new_place: NewPlace, kind: str, schema: str
) -> None:
    older = _of_schema(new_place(SQLITE), schema, begin_chains)
    path = backups.of_schema(world, older, schema, world.folder / "older.age")

    restored = world.restore(path, new_place(kind))

    assert restored.epoch == 4
    assert [str(user.name) for user in world.vault.users()] == ["alice"]


def test_a_vault_without_its_chains_is_none(world: InUse, new_place: NewPlace) -> None:
    older = _of_schema(new_place(SQLITE), "0004", lambda _: None)
    path = backups.of_schema(world, older, "0004", world.folder / "older.age")

    with pytest.raises(FileRefused, match="lacks the heads"):
        world.restore(path, new_place(SQLITE))


def _of_schema(place: str, schema: str, begin: Callable[[Connection], None]) -> str:
    """A vault as a program of that schema had it, with one user."""
    database = database_at(place)
    database.claim()
    with database.writing() as connection:
        upgrade(connection, schema)
        connection.execute(
            text("INSERT INTO vault (vault_id, epoch, created_ms) VALUES ('vault-1', 3, 0)")
        )
        connection.execute(text("INSERT INTO user VALUES (1, 'alice', 'alice', 0)"))
        begin(connection)
    database.close()
    return place


def _without(tables: Whole, columns: set[str]) -> dict[str, list[tuple[object, ...]]]:
    """The rows, in their order; what concerns the log and the epoch left out."""
    kept: dict[str, list[tuple[object, ...]]] = {}
    for name, (shape, rows) in tables.items():
        if name not in {"audit_event", "audit_head", "vault"}:
            left = [i for i, column in enumerate(shape.columns) if column.name not in columns]
            kept[name] = [tuple(row[i] for i in left) for row in rows]
    return kept
