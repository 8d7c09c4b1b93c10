"""Which times in the audit log count no more, since a clock had run ahead."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add columns; all times count."""
    for name in ("accepted_ms", "doubted_until_ms"):
        op.add_column("vault", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
