"""Backups read and written past the program, as somebody with the public key could."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from sqlalchemy import MetaData, select

from seedvault.archive import BackupFile, BackupFiles, identities_of, recipients_of
from seedvault.domain.backup import BackupHeader, Row, Shape, statement
from seedvault.domain.ceremony import SigningKey
from seedvault.keys import HsmRecordSigner
from seedvault.service.backup_ports import Contents, Tables
from seedvault.storage.address import database_at
from seedvault.storage.dump import UNDER_WAY, shape_of
from tests.support.restorable import InUse

Whole = dict[str, tuple[Shape, list[Row]]]
"""Every table of a backup, by its name."""


def read(world: InUse, path: Path) -> tuple[BackupHeader, Whole]:
    """All that a backup holds."""
    with BackupFile(identities_of(str(world.identity).encode())).opened(path) as backup:
        tables = {shape.table: (shape, list(rows)) for shape, rows in backup.tables()}
        backup.conclude()
        return backup.header, tables


def write(
    world: InUse,
    path: Path,
    header: BackupHeader,
    tables: Whole,
    sign: Callable[[bytes], bytes] | None = None,
) -> Path:
    """A backup of these, signed by the vault's HSM unless by somebody else."""
    signer = HsmRecordSigner(world.keystore)
    contents = Contents(
        header, _each(tables), sign or (lambda digest: signer.sign(statement(digest)))
    )
    files = BackupFiles(recipients_of([str(world.identity.to_public())]))
    with files.draft(path) as draft:
        draft.write(contents, lambda _: None)
        draft.publish()
    return path


def altered(
    world: InUse, path: Path, change: Callable[[BackupHeader, Whole], BackupHeader | None]
) -> Path:
    """The same backup after `change`, and signed as if nothing had happened."""
    header, tables = read(world, path)
    header = change(header, tables) or header
    return write(world, path.with_name("altered.age"), header, tables)


def of_schema(world: InUse, place: str, schema: str, path: Path) -> Path:
    """A backup as a program of that schema would have written it, of a vault made by hand."""
    database = database_at(place)
    known = MetaData()
    with database.explained:
        known.reflect(database.sql)
        names = sorted({*known.tables} - UNDER_WAY - {"alembic_version"}, key=_order)
        tables = {
            name: (
                shape_of(known.tables[name]),
                [tuple(row) for row in database.sql.execute(select(known.tables[name]))],
            )
            for name in names
        }
    database.close()
    header, _ = read(world, world.back_up("of-now.age"))
    (identity,) = tables["vault"][1]
    now = replace(header, schema=schema, vault_id=str(identity[0]), epoch=int(str(identity[1])))
    return write(world, path, replace(now, heads=()), tables)


def stranger() -> SigningKey:
    """A key that no HSM of ours has."""
    return SigningKey("c1", hashlib.sha256(b"another key").hexdigest())


def _each(tables: Whole) -> Tables:
    def rows(found: list[Row]) -> Iterator[Row]:
        yield from found

    for shape, found in tables.values():
        yield shape, rows(found)


def _order(name: str) -> tuple[bool, str]:
    """What tokens refer to comes before them."""
    return name == "token", name
