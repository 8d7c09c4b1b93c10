"""The least that a durable verification can cost on this disk: its statements, nothing else."""

import sqlite3
from contextlib import closing
from itertools import count, cycle
from pathlib import Path

from seedvault.domain.audit import SERIAL_CHAINS

_COUNT = "SELECT count(*) FROM token"
_UPDATE = (
    "UPDATE token SET next_factor = ?, drift_steps = 0, failures = 0, version = version + 1"
    " WHERE id = ? AND version >= 0 AND state = 'bound' RETURNING version"
)
_LENGTHEN = "UPDATE audit_head SET sequence = sequence + 1 WHERE chain = ? RETURNING sequence"
_APPEND = (
    "INSERT INTO audit_event (chain, sequence, at_ms, kind, actor, serial, detail, digest)"
    " VALUES (?, ?, ?, 'code.accepted', 'benchmark', ?, 'offset +0', ?)"
)
_MOVE = "UPDATE audit_head SET digest = ? WHERE chain = ?"


class BareTransaction:
    """Those statements on a copy of a vault, through sqlite3 alone, synchronous=FULL."""

    def __init__(self, vault: Path, copy: Path) -> None:
        with closing(sqlite3.connect(vault)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        self._connection = sqlite3.connect(copy, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._tokens = cycle(range(1, self._connection.execute(_COUNT).fetchone()[0] + 1))
        self._chains = cycle(range(1, SERIAL_CHAINS + 1))
        self._numbers = count(1)

    def run(self) -> None:
        """One transaction, on the disk when this returns."""
        number, execute = next(self._numbers), self._connection.execute
        token, chain, digest = next(self._tokens), next(self._chains), number.to_bytes(32, "big")
        execute("BEGIN IMMEDIATE")
        execute(_UPDATE, (number, token)).fetchone()
        (sequence,) = execute(_LENGTHEN, (chain,)).fetchone()
        execute(_APPEND, (chain, sequence, number, f"GALT{token:08d}", digest))
        execute(_MOVE, (digest, chain))
        execute("COMMIT")
