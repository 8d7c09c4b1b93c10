"""A vault in an SQLite file: one node, nothing to set up."""

from seedvault.storage.sqlite.database import SqliteDatabase

__all__ = ["SqliteDatabase"]
