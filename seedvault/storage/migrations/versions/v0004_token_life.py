"""Tokens that are suspended, revoked and retired; how often they may be used; who must resync."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_STATE = (
    "state = 'in-stock' AND owner IS NULL AND bound_ms IS NULL"
    " OR state = 'bound' AND owner IS NOT NULL AND bound_ms IS NOT NULL"
    " OR state = 'suspended' AND owner IS NOT NULL AND bound_ms IS NOT NULL"
    " AND since_ms IS NOT NULL AND reason IS NOT NULL"
    " OR state = 'quarantined' AND owner IS NULL AND bound_ms IS NULL AND quarantine IS NOT NULL"
    " OR state IN ('revoked', 'retired') AND owner IS NULL AND bound_ms IS NULL"
    " AND since_ms IS NOT NULL AND reason IS NOT NULL"
)
_SELDOM = "state NOT IN ('in-stock', 'bound')"
_KIND = (
    "kind = 'hotp' AND step_s IS NULL AND t0_s IS NULL"
    " OR kind = 'totp' AND step_s IS NOT NULL AND t0_s IS NOT NULL"
    f" OR kind NOT IN ('hotp', 'totp') AND terms IS NOT NULL AND {_SELDOM}"
)


def upgrade() -> None:
    """Add columns; SQLite copies the token table, for it cannot change a constraint."""
    with op.batch_alter_table("token") as token:
        token.add_column(sa.Column("use_limit", sa.BigInteger()))
        token.add_column(sa.Column("since_ms", sa.BigInteger()))
        token.add_column(sa.Column("reason", sa.String()))
        token.add_column(sa.Column("uses", sa.BigInteger(), nullable=False, server_default="0"))
        token.add_column(
            sa.Column("must_resync", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        token.drop_constraint("token_state", type_="check")
        token.create_check_constraint("token_state", _STATE)
        token.drop_constraint("token_kind", type_="check")
        token.create_check_constraint("token_kind", _KIND)
    op.add_column("staged_token", sa.Column("use_limit", sa.BigInteger()))
    seldom = sa.text(_SELDOM)
    op.create_index(
        "token_by_state",
        "token",
        ["state", "serial_folded"],
        sqlite_where=seldom,
        postgresql_where=seldom,
    )
