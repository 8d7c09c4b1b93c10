"""Tokens that answer challenges, the challenges, and PINs."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_KIND = (
    "kind = 'hotp' AND step_s IS NULL AND t0_s IS NULL"
    " OR kind = 'totp' AND step_s IS NOT NULL AND t0_s IS NOT NULL"
    " OR kind = 'ocra' AND step_s IS NULL AND t0_s IS NULL AND terms IS NOT NULL"
    " OR kind NOT IN ('hotp', 'totp', 'ocra') AND terms IS NOT NULL"
    " AND state NOT IN ('in-stock', 'bound')"
)


def upgrade() -> None:
    """Add a table and a column; SQLite copies the token table: it cannot change a constraint."""
    with op.batch_alter_table("token") as token:
        token.add_column(sa.Column("pin", sa.String()))
        token.drop_constraint("token_kind", type_="check")
        token.create_check_constraint("token_kind", _KIND)
    op.create_table(
        "challenge",
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("asked", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(8), nullable=False),
        sa.Column("issued_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("answered_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("token", "id"),
    )
