"""Rows as NamedTuples whose fields are columns by name: statements select and insert by these."""

from typing import NamedTuple


class TokenRow(NamedTuple):
    """A visible token; `owner` is the user's name, `groups` are the user's."""

    id: int
    batch: int
    serial: str
    manufacturer: str | None
    model: str | None
    kind: str
    digest: str
    digits: int
    step_s: int | None
    t0_s: int | None
    terms: str | None
    not_before_ms: int | None
    not_after_ms: int | None
    use_limit: int | None
    state: str
    quarantine: str | None
    owner: str | None
    groups: str | None
    bound_ms: int | None
    since_ms: int | None
    reason: str | None
    pin: str | None
    blob_format: int
    kek_id: str
    seed_length: int
    blob: bytes
    export_blob: bytes | None
    seal: bytes
    seal_key: str
    revision: int
    version: int
    next_factor: int
    synchronised_ms: int
    drift_steps: int
    failures: int
    last_failure_ms: int | None
    resyncs: int
    resyncs_since_ms: int | None
    uses: int
    must_resync: bool | int  # SQLite knows no other
    stray_factor: int | None
    stray_ms: int | None
    policy_revision: int


class HeldRow(NamedTuple):
    """What tells whether a token that is delivered is one that is visible already."""

    serial: str
    fingerprint: bytes
    kind: str
    digest: str
    digits: int
    step_s: int | None
    t0_s: int | None
    terms: str | None


class StagedRow(NamedTuple):
    """A token on its way in."""

    staging: int
    line: int
    held: bool
    serial: str
    serial_folded: str
    quarantine: str | None
    manufacturer: str | None
    model: str | None
    kind: str
    digest: str
    digits: int
    step_s: int | None
    t0_s: int | None
    terms: str | None
    not_before_ms: int | None
    not_after_ms: int | None
    use_limit: int | None
    blob_format: int
    kek_id: str
    seed_length: int
    blob: bytes
    export_blob: bytes | None
    fingerprint: bytes
    fingerprint_key: str
    seal: bytes
    seal_key: str
    next_factor: int
    drift_steps: int
    synchronised_ms: int


class LifeRow(NamedTuple):
    """Where a token is in its life; `owner` is the user's name."""

    state: str
    quarantine: str | None = None
    owner: str | None = None
    bound_ms: int | None = None
    since_ms: int | None = None
    reason: str | None = None
    pin: str | None = None


class ProgressRow(NamedTuple):
    """What verification moves."""

    next_factor: int
    synchronised_ms: int
    drift_steps: int
    failures: int
    last_failure_ms: int | None
    resyncs: int
    resyncs_since_ms: int | None
    uses: int
    must_resync: bool | int  # SQLite knows no other
    stray_factor: int | None
    stray_ms: int | None


class EventRow(NamedTuple):
    """An event in its chain."""

    chain: int
    sequence: int
    at_ms: int
    kind: str
    actor: str
    serial: str | None
    user: str | None
    batch: str | None
    factor: int | None
    detail: str | None
    digest: bytes


class BatchRow(NamedTuple):
    """A published batch."""

    number: int
    file_name: str
    sha256: bytes
    format: str
    protection: str
    tier: str
    imported_ms: int
    imported_by: str
    tokens: int
    held: int
    quarantined: int
    refused: int
    exportable: bool
    signer: str | None
    transport_key: str | None
