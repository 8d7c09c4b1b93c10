"""Rows to lock: what nodes on one PostgreSQL keep each other out with."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the table with its two lasting rows."""
    latch = op.create_table("latch", sa.Column("name", sa.String(), primary_key=True))
    op.bulk_insert(latch, [{"name": "vault"}, {"name": "ceremony"}])
