"""The vault's keys by name and version, transport keys, and what each token was made with."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0003"
down_revision = "0002"

# What every vault had before its keys were written down; the export key came later, and is found
# when it is needed.
_FIRST = (("k1", "kek"), ("s1", "seal"), ("f1", "fingerprint"), ("c1", "checkpoint"))
_ADD = (
    "INSERT INTO vault_key (name, purpose, in_use, created_ms)"
    " SELECT :name, :purpose, true, created_ms FROM vault"
)


def upgrade() -> None:
    """Add tables and columns; SQLite copies the token tables, for it cannot add a reference."""
    _add_keys()
    op.add_column("batch", sa.Column("transport_key", sa.String()))
    with op.batch_alter_table("token") as token:
        _refer(token, "token")
    with op.batch_alter_table("staged_token") as staged:
        _refer(staged, "staged")


def _add_keys() -> None:
    op.create_table(
        "vault_key",
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("in_use", sa.Boolean(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("check_value", sa.String()),
        sa.Column("copy_blob", sa.LargeBinary()),
        sa.Column("recovery", sa.String()),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index(
        "vault_key_in_use",
        "vault_key",
        ["purpose"],
        unique=True,
        sqlite_where=sa.text("in_use"),
        postgresql_where=sa.text("in_use"),
    )
    op.create_table(
        "transport_key",
        sa.Column("label", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("check_value", sa.String(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("destroyed_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("label"),
    )
    for name, purpose in _FIRST:
        op.get_bind().execute(sa.text(_ADD), {"name": name, "purpose": purpose})


def _refer(table: BatchOperations, called: str) -> None:
    for name, first in (("fingerprint_key", "f1"), ("seal_key", "s1")):
        table.add_column(sa.Column(name, sa.String(), nullable=False, server_default=first))
    for name in ("kek_id", "fingerprint_key", "seal_key"):
        table.create_foreign_key(f"{called}_{name}", "vault_key", [name], ["name"])
