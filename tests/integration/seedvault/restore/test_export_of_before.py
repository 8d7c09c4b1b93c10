"""An export of before a restore goes on beyond the database: the log proves why, or is broken."""

from pathlib import Path

import pytest
from sqlalchemy import text

from seedvault.domain.audit import SERIAL_CHAINS, AuditEvent, EventKind
from seedvault.keys import verifies
from seedvault.service.audit import AuditReport, CompareExport, VerifyExport
from seedvault.service.audit_restores import RestoresOnRecord
from seedvault.storage.address import database_at
from seedvault.witness import ExportReader
from tests.support.restorable import HOTPS, InUse, NewPlace


def compared(world: InUse, export: Path) -> AuditReport:
    """The export, held against the database, by the public key in the HSM."""

    def anchors() -> list[bytes]:
        return [world.keystore.checkpoint_public_key()]

    compare = CompareExport(world.vault, RestoresOnRecord(world.vault, anchors, verifies))
    return VerifyExport(anchors, verifies)(ExportReader(export), compare)


@pytest.fixture
def export(world: InUse, new_place: NewPlace, kind: str) -> Path:
    """Of a vault that was restored: what it tells beyond checkpoint 1 happened after the backup."""
    world.cover()
    backup = world.back_up()
    world.accept(HOTPS[0], 0)
    world.cover()
    world.accept(HOTPS[0], 1)
    export = world.export()
    world.restore(backup, new_place(kind), world.evidence(export))
    return export


def test_a_restore_that_a_checkpoint_covers_explains_what_the_database_lacks(
    world: InUse, export: Path
) -> None:
    world.cover()

    report = compared(world, export)

    assert report.breaks == ()
    assert report.ended is not None
    assert (report.ended.beyond, report.ended.checkpoints) == (2, 2)
    assert report.ended.restore.epoch == 2
    assert "approved by bob" in str(report.ended.restore.event.detail)


def test_a_restore_that_no_checkpoint_covers_yet_explains_nothing(
    world: InUse, export: Path
) -> None:
    report = compared(world, export)

    assert report.ended is None
    assert any("if it was just restored" in each.what for each in report.breaks)


def test_two_restores_are_told_apart(
    world: InUse, export: Path, new_place: NewPlace, kind: str
) -> None:
    world.cover()
    backup = world.back_up("second.age")
    world.accept_pair(HOTPS[1], 5)
    second = world.export("second.jsonl")
    world.restore(backup, new_place(kind))
    world.cover()

    epochs = [compared(world, each).ended for each in (export, second)]

    assert [each.restore.epoch if each else None for each in epochs] == [2, 3]


def test_an_export_that_the_restored_vault_goes_on_from_has_not_ended(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    export = world.export()
    world.restore(world.back_up(), new_place(kind))
    world.cover()

    report = compared(world, export)

    assert (report.breaks, report.ended) == ((), None)


def test_what_was_rewritten_before_the_backup_is_found_all_the_same(
    world: InUse, export: Path
) -> None:
    world.cover()
    _tamper(world, "DELETE FROM audit_event WHERE chain = 0 AND sequence <= 3")

    report = compared(world, export)

    assert [each.checkpoint for each in report.breaks] == [1]


def test_a_database_that_was_cut_off_is_not_a_restored_one(world: InUse) -> None:
    export = _cut_off(world)

    report = compared(world, export)

    assert report.ended is None
    assert any("cut off" in each.what for each in report.breaks)


def test_a_database_that_was_cut_off_and_calls_itself_restored_is_none_either(
    world: InUse,
) -> None:
    export = _cut_off(world)
    _tamper(world, "UPDATE vault SET epoch = epoch + 1")
    world.open(world.place)
    world.accept(HOTPS[0], 1)
    world.cover()  # the HSM signs for the epoch that the database calls itself of

    report = compared(world, export)

    assert report.ended is None
    assert any("cut off" in each.what for each in report.breaks)


def test_a_restore_of_another_signature_proves_nothing(world: InUse, export: Path) -> None:
    world.cover()
    _tamper(
        world,
        "UPDATE checkpoint SET signature = (SELECT signature FROM checkpoint"
        " WHERE number = 1) WHERE number = 2",
    )

    report = compared(world, export)

    assert report.ended is None
    assert report.breaks


def _cut_off(world: InUse) -> Path:
    """The export of a vault whose database then lost what came after its first checkpoint."""
    world.cover()
    held = world.vault.last_checkpoint()
    assert held is not None
    heads = {head.chain: head for head in held.checkpoint.heads}
    world.accept(HOTPS[0], 0)
    with world.vault.transaction() as transaction:
        transaction.commit(AuditEvent(EventKind.CLOCK_ACCEPTED, world.clock.now, "hans"))
    export = world.export()
    _tamper(world, "DELETE FROM checkpoint WHERE number > 1")
    for chain in range(SERIAL_CHAINS + 1):
        head = heads.get(chain)
        at, digest = (head.sequence, head.digest.hex()) if head else (0, "00" * 32)
        octets = f"x'{digest}'" if world.place.startswith("sqlite") else f"'\\x{digest}'"
        _tamper(
            world,
            f"DELETE FROM audit_event WHERE chain = {chain} AND sequence > {at}",
            f"UPDATE audit_head SET sequence = {at}, digest = {octets} WHERE chain = {chain}",
        )
    return export


def _tamper(world: InUse, *statements: str) -> None:
    """What somebody with write access to the database does."""
    database = database_at(world.place)
    with database.writing() as connection:
        for statement in statements:
            connection.execute(text(statement))
    database.close()
