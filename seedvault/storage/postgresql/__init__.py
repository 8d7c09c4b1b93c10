"""A vault in a PostgreSQL database: several nodes at once."""

from seedvault.storage.postgresql.database import PostgresqlDatabase

__all__ = ["PostgresqlDatabase"]
