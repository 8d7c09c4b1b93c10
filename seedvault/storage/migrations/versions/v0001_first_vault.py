"""The first schema: users, batches, tokens, staging, audit chains."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table."""
    _create_vault_and_users()
    _create_batches()
    _create_tokens()
    _create_staging()
    _create_audit_log()


def _create_vault_and_users() -> None:
    op.create_table(
        "vault",
        sa.Column("vault_id", sa.String(), primary_key=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "user",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("name_folded", sa.String(1280), nullable=False, unique=True),
        sa.Column("added_ms", sa.BigInteger(), nullable=False),
    )


def _create_batches() -> None:
    op.create_table(
        "batch",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("protection", sa.String(), nullable=False),
        sa.Column("tier", sa.String(1), nullable=False),
        sa.Column("imported_ms", sa.BigInteger(), nullable=False),
        sa.Column("imported_by", sa.String(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sqlite_autoincrement=True,
    )


def _create_tokens() -> None:
    op.create_table(
        "token",
        *_new_token_columns(),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("batch", sa.Integer(), sa.ForeignKey("batch.number"), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("owner", sa.Integer(), sa.ForeignKey("user.id")),
        sa.Column("bound_ms", sa.BigInteger()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_failure_ms", sa.BigInteger()),
        sa.Column("resyncs", sa.Integer(), nullable=False),
        sa.Column("resyncs_since_ms", sa.BigInteger()),
        sa.UniqueConstraint("serial_folded", name="token_serial"),
        sa.UniqueConstraint("fingerprint", name="token_fingerprint"),
        sa.CheckConstraint(
            "state = 'in-stock' AND owner IS NULL AND bound_ms IS NULL"
            " OR state = 'bound' AND owner IS NOT NULL AND bound_ms IS NOT NULL",
            name="token_state",
        ),
        sa.CheckConstraint(
            "kind = 'hotp' AND step_s IS NULL AND t0_s IS NULL"
            " OR kind = 'totp' AND step_s IS NOT NULL AND t0_s IS NOT NULL",
            name="token_kind",
        ),
    )
    op.create_index("token_by_batch", "token", ["batch", "serial_folded"])
    owned = sa.text("owner IS NOT NULL")
    op.create_index(
        "token_by_owner",
        "token",
        ["owner", "serial_folded"],
        sqlite_where=owned,
        postgresql_where=owned,
    )


def _create_staging() -> None:
    op.create_table(
        "staging",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("sha256", sa.LargeBinary(), unique=True),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("touched_ms", sa.BigInteger(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "staged_token",
        *_new_token_columns(),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("staging", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("serial_folded", "staging", name="staged_serial"),
        sa.UniqueConstraint("fingerprint", "staging", name="staged_fingerprint"),
    )


def _create_audit_log() -> None:
    op.create_table(
        "audit_event",
        sa.Column("chain", sa.Integer(), primary_key=True),
        sa.Column("sequence", sa.BigInteger(), primary_key=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("serial", sa.String()),
        sa.Column("user", sa.String()),
        sa.Column("batch", sa.String()),
        sa.Column("factor", sa.BigInteger()),
        sa.Column("detail", sa.String()),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("audit_event_by_serial", "audit_event", ["serial", "at_ms"])
    op.create_index("audit_event_by_time", "audit_event", ["at_ms"])
    op.create_table(
        "audit_head",
        sa.Column("chain", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
    )


def _new_token_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("serial", sa.String(64), nullable=False),
        sa.Column("serial_folded", sa.String(1280), nullable=False),
        sa.Column("manufacturer", sa.String()),
        sa.Column("model", sa.String()),
        sa.Column("kind", sa.String(4), nullable=False),
        sa.Column("digest", sa.String(8), nullable=False),
        sa.Column("digits", sa.Integer(), nullable=False),
        sa.Column("step_s", sa.Integer()),
        sa.Column("t0_s", sa.BigInteger()),
        sa.Column("not_before_ms", sa.BigInteger()),
        sa.Column("not_after_ms", sa.BigInteger()),
        sa.Column("blob_format", sa.Integer(), nullable=False),
        sa.Column("kek_id", sa.String(), nullable=False),
        sa.Column("seed_length", sa.Integer(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("next_factor", sa.BigInteger(), nullable=False),
        sa.Column("drift_steps", sa.Integer(), nullable=False),
        sa.Column("synchronised_ms", sa.BigInteger(), nullable=False),
    ]
