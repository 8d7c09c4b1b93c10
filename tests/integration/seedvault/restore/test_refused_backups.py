"""What is no whole backup of a vault leaves nothing where the vault was to be."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from seedvault.domain.backup import BackupHeader
from seedvault.domain.errors import FileRefused
from tests.support import backups
from tests.support.backups import Whole
from tests.support.restorable import InUse, NewPlace, is_empty


@pytest.mark.parametrize("part", [0.0, 0.01, 0.2, 0.5, 0.9, 0.999])
def test_a_backup_that_is_cut_off_leaves_nothing(
    world: InUse, new_place: NewPlace, kind: str, part: float
) -> None:
    path, place = world.back_up(), new_place(kind)
    octets = path.read_bytes()
    path.write_bytes(octets[: int(len(octets) * part)])

    with pytest.raises(FileRefused, match="cut off or changed"):
        world.restore(path, place)

    assert is_empty(place)


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.999])
def test_a_backup_with_one_other_bit_leaves_nothing(
    world: InUse, new_place: NewPlace, kind: str, part: float
) -> None:
    path, place = world.back_up(), new_place(kind)
    octets = bytearray(path.read_bytes())
    octets[int(len(octets) * part)] ^= 1
    path.write_bytes(octets)

    with pytest.raises(FileRefused, match="cut off or changed"):
        world.restore(path, place)

    assert is_empty(place)


def test_another_identity_opens_nothing(world: InUse, new_place: NewPlace, kind: str) -> None:
    path, place = world.back_up(), new_place(kind)
    world.identity = type(world.identity).generate()

    with pytest.raises(FileRefused, match="not encrypted for this identity"):
        world.restore(path, place)

    assert is_empty(place)


def _no_users(_: BackupHeader, tables: Whole) -> None:
    del tables["user"]


def _an_unknown_table(_: BackupHeader, tables: Whole) -> None:
    shape, rows = tables["user"]
    tables["sudoers"] = (replace(shape, table="sudoers"), rows)


def _an_import_under_way(_: BackupHeader, tables: Whole) -> None:
    shape, _rows = tables["user"]
    tables["latch"] = (replace(shape, table="latch"), [])


def _a_column_less(_: BackupHeader, tables: Whole) -> None:
    shape, rows = tables["user"]
    tables["user"] = (replace(shape, columns=shape.columns[:-1]), [row[:-1] for row in rows])


def _a_column_twice(_: BackupHeader, tables: Whole) -> None:
    shape, rows = tables["user"]
    columns = (*shape.columns[:-1], shape.columns[0])
    tables["user"] = (replace(shape, columns=columns), rows)


def _nobody_to_own_a_token(_: BackupHeader, tables: Whole) -> None:
    tables["user"][1].clear()


def _a_serial_twice(_: BackupHeader, tables: Whole) -> None:
    rows = tables["token"][1]
    rows.append((*rows[0][:26], 999, *rows[0][27:]))


def _an_event_less(_: BackupHeader, tables: Whole) -> None:
    tables["audit_event"][1].pop(-2)


def _another_detail(_: BackupHeader, tables: Whole) -> None:
    rows = tables["audit_event"][1]
    rows[-1] = tuple("x" if cell == "by serial" else cell for cell in rows[-1])


def _other_heads(header: BackupHeader, _: Whole) -> BackupHeader:
    return replace(header, heads=header.heads[:-1])


def _another_vaults_name(header: BackupHeader, _: Whole) -> BackupHeader:
    return replace(header, vault_id="vault-2")


def _a_newer_schema(header: BackupHeader, _: Whole) -> BackupHeader:
    return replace(header, schema="9999")


def _no_schema(header: BackupHeader, _: Whole) -> BackupHeader:
    return replace(header, schema="head")


def _no_kek(header: BackupHeader, _: Whole) -> BackupHeader:
    return replace(header, keys=("c1",))


@pytest.mark.parametrize(
    "change",
    [
        _no_users,
        _an_unknown_table,
        _an_import_under_way,
        _a_column_less,
        _a_column_twice,
        _nobody_to_own_a_token,
        _a_serial_twice,
        _an_event_less,
        _another_detail,
        _other_heads,
        _another_vaults_name,
        _a_newer_schema,
        _no_schema,
        _no_kek,
    ],
)
def test_what_no_vault_holds_leaves_nothing_even_signed(
    world: InUse,
    new_place: NewPlace,
    kind: str,
    change: Callable[[BackupHeader, Whole], BackupHeader | None],
) -> None:
    path, place = backups.altered(world, world.back_up(), change), new_place(kind)

    with pytest.raises(FileRefused):
        world.restore(path, place)

    assert is_empty(place)
