"""The tables, as SQLModel declares them; nothing outside `storage` sees them.

Times are Unix time in whole milliseconds. Integers that grow without bound are 64 bits wide.
Columns that hold a wrapped seed, or what is made from one, stay out of every repr.
"""

from collections.abc import Iterator

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Table,
    UniqueConstraint,
    false,
    text,
)
from sqlmodel import Field, SQLModel

from seedvault.domain.names import MAX_NAME_LENGTH

_IN_STOCK = "state = 'in-stock' AND owner IS NULL AND bound_ms IS NULL"
_QUARANTINED = (
    "state = 'quarantined' AND owner IS NULL AND bound_ms IS NULL AND quarantine IS NOT NULL"
)
_BOUND = "state = 'bound' AND owner IS NOT NULL AND bound_ms IS NOT NULL"
_SUSPENDED = (
    "state = 'suspended' AND owner IS NOT NULL AND bound_ms IS NOT NULL"
    " AND since_ms IS NOT NULL AND reason IS NOT NULL"
)
_ENDED = (
    "state IN ('revoked', 'retired') AND owner IS NULL AND bound_ms IS NULL"
    " AND since_ms IS NOT NULL AND reason IS NOT NULL"
)
_STATES = f"{_IN_STOCK} OR {_BOUND} OR {_SUSPENDED} OR {_QUARANTINED} OR {_ENDED}"
# Few are in these states: only then does the index below hold them.
SELDOM = "state NOT IN ('in-stock', 'bound')"
_HOTP = "kind = 'hotp' AND step_s IS NULL AND t0_s IS NULL"
_TOTP = "kind = 'totp' AND step_s IS NOT NULL AND t0_s IS NOT NULL"
_OCRA = "kind = 'ocra' AND step_s IS NULL AND t0_s IS NULL AND terms IS NOT NULL"
_KEPT = (
    "kind NOT IN ('hotp', 'totp', 'ocra') AND terms IS NOT NULL"
    " AND state NOT IN ('in-stock', 'bound')"
)
_ADDED = {"server_default": "0"}  # what rows have that are older than the column
_FIRST_MARK, _FIRST_SEAL = {"server_default": "f1"}, {"server_default": "s1"}
# Folding (NFKC, casefold) can make a name longer than it was: U+FDFA alone becomes 18 characters.
_MAX_FOLDED_LENGTH = 20 * MAX_NAME_LENGTH


class VaultTable(SQLModel, table=True):
    """One row: which vault this is, and the seal over all rules of its policy.

    Of the times in the audit log, those up to `doubted_until_ms` count no more, for a clock had run
    ahead; in their place stands `accepted_ms`.
    """

    __tablename__ = "vault"
    __table_args__ = (
        ForeignKeyConstraint(["policy_seal_key"], ["vault_key.name"], name="vault_policy_seal_key"),
    )

    vault_id: str = Field(primary_key=True)
    epoch: int
    created_ms: int = Field(sa_type=BigInteger)
    accepted_ms: int = Field(sa_type=BigInteger, sa_column_kwargs=_ADDED)
    doubted_until_ms: int = Field(sa_type=BigInteger, sa_column_kwargs=_ADDED)
    policy_revision: int = Field(sa_column_kwargs=_ADDED)
    policy_seal: bytes | None = Field(repr=False)
    policy_seal_key: str | None = Field(max_length=16)


class PolicyRuleTable(SQLModel, table=True):
    """The rules of the policy in their order; `settings` is NAME=VALUE, set apart by spaces."""

    __tablename__ = "policy_rule"

    place: int = Field(primary_key=True)
    scope: str = Field(max_length=16)
    target: str = Field(max_length=MAX_NAME_LENGTH)
    profile: str | None = Field(max_length=16)
    settings: str


class UserTable(SQLModel, table=True):
    """Who tokens can be bound to; `groups` stand a line each, in the order of their names."""

    __tablename__ = "user"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=MAX_NAME_LENGTH)
    name_folded: str = Field(max_length=_MAX_FOLDED_LENGTH, unique=True)
    added_ms: int = Field(sa_type=BigInteger)
    groups: str = Field(sa_column_kwargs={"server_default": ""})


class BatchTable(SQLModel, table=True):
    """Published batches. A number is never given twice."""

    __tablename__ = "batch"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: int | None = Field(default=None, primary_key=True)
    file_name: str
    sha256: bytes
    format: str
    protection: str
    tier: str = Field(max_length=1)
    imported_ms: int = Field(sa_type=BigInteger)
    imported_by: str
    tokens: int
    held: int
    quarantined: int = Field(sa_column_kwargs=_ADDED)
    refused: int = Field(sa_column_kwargs=_ADDED)
    exportable: bool = Field(sa_column_kwargs={"server_default": false()})
    signer: str | None
    transport_key: str | None


class VaultKeyTable(SQLModel, table=True):
    """The keys in the HSM that the vault works with, and has worked with; not destroyed ones.

    Tokens refer to theirs, so the database itself refuses to forget a key that something needs.
    `copy_blob` is the key under a recovery key, `recovery` says of which shares.
    """

    __tablename__ = "vault_key"
    __table_args__ = (
        Index(
            "vault_key_in_use",
            "purpose",
            unique=True,
            sqlite_where=text("in_use"),
            postgresql_where=text("in_use"),
        ),
    )

    name: str = Field(primary_key=True, max_length=16)
    purpose: str = Field(max_length=16)
    in_use: bool
    created_ms: int = Field(sa_type=BigInteger)
    check_value: str | None
    copy_blob: bytes | None = Field(repr=False)
    recovery: str | None


class TransportKeyTable(SQLModel, table=True):
    """The transport keys on the PKCS#11 token that a ceremony made or imported."""

    __tablename__ = "transport_key"

    label: str = Field(primary_key=True, max_length=MAX_NAME_LENGTH)
    kind: str = Field(max_length=16)
    origin: str
    check_value: str
    created_ms: int = Field(sa_type=BigInteger)
    created_by: str
    destroyed_ms: int | None = Field(sa_type=BigInteger)


class NewTokenColumns(SQLModel):
    """What a token brings along from its seed file, staged or published."""

    serial: str = Field(max_length=MAX_NAME_LENGTH)
    serial_folded: str = Field(max_length=_MAX_FOLDED_LENGTH)
    manufacturer: str | None
    model: str | None
    kind: str = Field(max_length=16)
    digest: str = Field(max_length=8)
    digits: int
    step_s: int | None
    t0_s: int | None = Field(sa_type=BigInteger)
    terms: str | None
    quarantine: str | None
    not_before_ms: int | None = Field(sa_type=BigInteger)
    not_after_ms: int | None = Field(sa_type=BigInteger)
    use_limit: int | None = Field(sa_type=BigInteger)
    blob_format: int
    kek_id: str
    seed_length: int
    blob: bytes = Field(repr=False)
    export_blob: bytes | None = Field(repr=False)
    fingerprint: bytes = Field(repr=False)
    fingerprint_key: str = Field(sa_column_kwargs=_FIRST_MARK)
    seal: bytes = Field(repr=False)
    seal_key: str = Field(sa_column_kwargs=_FIRST_SEAL)
    next_factor: int = Field(sa_type=BigInteger)
    drift_steps: int
    synchronised_ms: int = Field(sa_type=BigInteger)


def _made_with(table: str) -> Iterator[ForeignKeyConstraint]:
    """No key is forgotten while a token needs it."""
    for column in ("kek_id", "fingerprint_key", "seal_key"):
        yield ForeignKeyConstraint([column], ["vault_key.name"], name=f"{table}_{column}")


class TokenTable(NewTokenColumns, table=True):
    """Every token that is visible."""

    __tablename__ = "token"
    __table_args__ = (
        UniqueConstraint("serial_folded", name="token_serial"),
        UniqueConstraint("fingerprint", name="token_fingerprint"),
        CheckConstraint(_STATES, name="token_state"),
        CheckConstraint(f"{_HOTP} OR {_TOTP} OR {_OCRA} OR {_KEPT}", name="token_kind"),
        *_made_with("token"),
        Index("token_by_batch", "batch", "serial_folded"),
        Index(
            "token_by_owner",
            "owner",
            "serial_folded",
            sqlite_where=text("owner IS NOT NULL"),
            postgresql_where=text("owner IS NOT NULL"),
        ),
        Index(
            "token_by_state",
            "state",
            "serial_folded",
            sqlite_where=text(SELDOM),
            postgresql_where=text(SELDOM),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    batch: int = Field(foreign_key="batch.number")
    state: str = Field(max_length=16)
    owner: int | None = Field(foreign_key="user.id")
    bound_ms: int | None = Field(sa_type=BigInteger)
    since_ms: int | None = Field(sa_type=BigInteger)
    reason: str | None
    pin: str | None = Field(repr=False)
    revision: int
    version: int = Field(sa_type=BigInteger)
    failures: int
    last_failure_ms: int | None = Field(sa_type=BigInteger)
    resyncs: int
    resyncs_since_ms: int | None = Field(sa_type=BigInteger)
    uses: int = Field(sa_type=BigInteger, sa_column_kwargs=_ADDED)
    must_resync: bool = Field(sa_column_kwargs={"server_default": false()})
    stray_factor: int | None = Field(sa_type=BigInteger)
    stray_ms: int | None = Field(sa_type=BigInteger)


class LatchTable(SQLModel, table=True):
    """Rows that are there to be locked, where a database has several nodes: see `row_locks`."""

    __tablename__ = "latch"

    name: str = Field(primary_key=True)


class ChallengeTable(SQLModel, table=True):
    """Challenges that wait for a response, and questions that a token has answered for good.

    `asked` is what the token computes over; `epoch` the vault's when the challenge was issued.
    `token` is no foreign key: SQLite would look here for every token that an import publishes.
    """

    __tablename__ = "challenge"

    token: int = Field(primary_key=True)
    id: str = Field(primary_key=True, max_length=16)
    question: str
    asked: bytes
    purpose: str = Field(max_length=8)
    issued_ms: int = Field(sa_type=BigInteger)
    expires_ms: int = Field(sa_type=BigInteger)
    epoch: int
    answered_ms: int | None = Field(sa_type=BigInteger)


class StagingTable(SQLModel, table=True):
    """The claims of imports that have not come to their end. An id is never given twice.

    A dry run's claim has no `sha256`: it stands in nobody's way.
    """

    __tablename__ = "staging"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True)
    sha256: bytes | None = Field(unique=True)
    started_ms: int = Field(sa_type=BigInteger)
    started_by: str
    touched_ms: int = Field(sa_type=BigInteger)


class StagedTokenTable(NewTokenColumns, table=True):
    """Tokens that are written but not visible, each with its line in the file.

    Those that the vault holds already are `held`, and only compared with the rest of the file.
    `staging` is no foreign key: rows outlive their claim, and are then swept a few at a time. It
    comes last in the constraints, so that no index leads a claim's rows out of their order: they
    are copied as they stand, in half the time.
    """

    __tablename__ = "staged_token"
    __table_args__ = (
        UniqueConstraint("serial_folded", "staging", name="staged_serial"),
        UniqueConstraint("fingerprint", "staging", name="staged_fingerprint"),
        *_made_with("staged"),
    )

    id: int | None = Field(default=None, primary_key=True)
    staging: int
    line: int
    held: bool


class AuditEventTable(SQLModel, table=True):
    """Every event, in the chain it belongs to."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("audit_event_by_serial", "serial", "at_ms"),
        Index("audit_event_by_time", "at_ms", "kind"),
        {"sqlite_with_rowid": False},
    )

    chain: int = Field(primary_key=True)
    sequence: int = Field(primary_key=True, sa_type=BigInteger)
    at_ms: int = Field(sa_type=BigInteger)
    kind: str
    actor: str
    serial: str | None
    user: str | None
    batch: str | None
    factor: int | None = Field(sa_type=BigInteger)
    detail: str | None
    digest: bytes


class AuditHeadTable(SQLModel, table=True):
    """Where each chain ends."""

    __tablename__ = "audit_head"

    chain: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    sequence: int = Field(sa_type=BigInteger)
    digest: bytes


class CheckpointTable(SQLModel, table=True):
    """Where all chains ended, as the HSM signed it. What else there is to know stands in it."""

    __tablename__ = "checkpoint"

    number: int = Field(
        primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    statement: bytes
    signature: bytes


def _table(name: str) -> Table:
    return SQLModel.metadata.tables[name]


# Statements are written over these: mypy takes a model's attribute for its value, not its column.
VAULT, USER, BATCH, TOKEN = _table("vault"), _table("user"), _table("batch"), _table("token")
CHALLENGE = _table("challenge")
STAGING, STAGED_TOKEN = _table("staging"), _table("staged_token")
VAULT_KEY, TRANSPORT_KEY = _table("vault_key"), _table("transport_key")
LATCH = _table("latch")
POLICY_RULE = _table("policy_rule")
AUDIT_EVENT, AUDIT_HEAD = _table("audit_event"), _table("audit_head")
CHECKPOINT = _table("checkpoint")
NEW_TOKEN_COLUMNS = tuple(NewTokenColumns.model_fields)
