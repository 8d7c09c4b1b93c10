"""Keys that are kept and not usable, keys of other kinds, what may be handed on, who signed."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0002"
down_revision = "0001"

_STATE = (
    "state = 'in-stock' AND owner IS NULL AND bound_ms IS NULL"
    " OR state = 'bound' AND owner IS NOT NULL AND bound_ms IS NOT NULL"
    " OR state = 'quarantined' AND owner IS NULL AND bound_ms IS NULL AND quarantine IS NOT NULL"
)
_KIND = (
    "kind = 'hotp' AND step_s IS NULL AND t0_s IS NULL"
    " OR kind = 'totp' AND step_s IS NOT NULL AND t0_s IS NOT NULL"
    " OR kind NOT IN ('hotp', 'totp') AND terms IS NOT NULL AND state = 'quarantined'"
)


def upgrade() -> None:
    """Add columns; SQLite copies the token table, for it cannot change a constraint."""
    for name, kind in (("quarantined", sa.Integer()), ("refused", sa.Integer())):
        op.add_column("batch", sa.Column(name, kind, nullable=False, server_default="0"))
    op.add_column(
        "batch", sa.Column("exportable", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("batch", sa.Column("signer", sa.String()))
    with op.batch_alter_table("token") as token:
        _widen(token)
        token.drop_constraint("token_state", type_="check")
        token.create_check_constraint("token_state", _STATE)
        token.drop_constraint("token_kind", type_="check")
        token.create_check_constraint("token_kind", _KIND)
    with op.batch_alter_table("staged_token") as staged:
        _widen(staged)


def _widen(table: BatchOperations) -> None:
    table.alter_column("kind", existing_type=sa.String(4), type_=sa.String(16))
    table.add_column(sa.Column("terms", sa.String()))
    table.add_column(sa.Column("quarantine", sa.String()))
    table.add_column(sa.Column("export_blob", sa.LargeBinary()))
