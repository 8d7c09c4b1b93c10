"""The last code that was refused outside its window, for automatic resynchronisation."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add two columns."""
    op.add_column("token", sa.Column("stray_factor", sa.BigInteger()))
    op.add_column("token", sa.Column("stray_ms", sa.BigInteger()))
