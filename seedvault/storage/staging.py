"""Tokens written but not visible.

Staged rows stand in a table of their own, which no read of a token looks at. A killed import leaves
nothing else behind; the next import of the same file, or any import an hour later, removes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from seedvault.domain.audit import milliseconds
from seedvault.domain.batch import Source, Tier
from seedvault.domain.errors import Conflict, FileRefused
from seedvault.service.ports import Clock, NewToken
from seedvault.storage.engine import Database, IntegrityError
from seedvault.storage.rows import StagedRow, staged_row
from seedvault.storage.statements import Prepared
from seedvault.storage.tables import STAGED_TOKEN, STAGING

_ABANDONED_AFTER = timedelta(hours=1)


class SqlStaging:
    """One import in progress, known by its row in `staging`: whoever removes that row ends it."""

    def __init__(self, database: Database, clock: Clock, source: Source, tier: Tier) -> None:
        self._database = database
        self._clock = clock
        self._source = source
        self.tier = tier
        with database.writing() as connection:
            _remove_abandoned(connection, source, clock())
            self.id: int = _claim(connection, source, clock())
        self._insert = Prepared(
            insert(STAGED_TOKEN).values({name: bindparam(name) for name in StagedRow._fields}),
            database.dialect,
        )
