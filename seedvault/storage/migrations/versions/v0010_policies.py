"""Rules of the policy under one seal, and the groups of users."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add a table and columns; SQLite copies the vault's one row, for it cannot add a reference."""
    op.create_table(
        "policy_rule",
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("target", sa.String(64), nullable=False),
        sa.Column("profile", sa.String(16)),
        sa.Column("settings", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("place"),
    )
    with op.batch_alter_table("vault") as vault:
        vault.add_column(
            sa.Column("policy_revision", sa.Integer(), nullable=False, server_default="0")
        )
        vault.add_column(sa.Column("policy_seal", sa.LargeBinary()))
        vault.add_column(sa.Column("policy_seal_key", sa.String(16)))
        vault.create_foreign_key(
            "vault_policy_seal_key", "vault_key", ["policy_seal_key"], ["name"]
        )
    op.add_column("user", sa.Column("groups", sa.String(), nullable=False, server_default=""))
