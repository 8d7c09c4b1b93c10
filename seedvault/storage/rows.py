"""Rows, and the one function each way between them and the domain's types.

What comes out of the database is checked: a row with values that Seedvault never writes is
SealBroken, or, in the audit log, no event.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple, TypeVar, get_args, get_type_hints

from seedvault.domain.audit import AuditEvent, EventKind, LoggedEvent, milliseconds, moment
from seedvault.domain.batch import Batch, Source, Tier
from seedvault.domain.errors import InvalidInput, SealBroken
from seedvault.domain.names import Serial, UserName
from seedvault.domain.oath import Digest, HotpParameters, KeptParameters, TotpParameters
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.parameters import Parameters
from seedvault.domain.pin_keeping import KeptPin, from_text, to_text
from seedvault.domain.policy_rule import Standing
from seedvault.domain.token import (
    Bound,
    Device,
    InStock,
    Progress,
    Quarantined,
    Retired,
    Revoked,
    State,
    Stray,
    Suspended,
    Token,
    state_of,
)
from seedvault.service.ports import Arrival, HeldToken, ListedToken, Seal, StoredToken, WrappedSeed
from seedvault.storage.columns import (
    BatchRow,
    EventRow,
    HeldRow,
    LifeRow,
    ProgressRow,
    StagedRow,
    TokenRow,
)
from seedvault.storage.group_columns import standing_of

HOTP, TOTP, OCRA = "hotp", "totp", "ocra"
"""How a token computes, as the column `kind` says it; a key that is only kept says its own kind.

An OCRA suite, which stands in `terms`, says how many digits: its column holds 0.
"""

T = TypeVar("T")
_DIGESTS = {digest.value: digest for digest in Digest}  # a tenth of the time of Digest(value)
# What building a domain type from impossible values raises.
_IMPOSSIBLE = (InvalidInput, ValueError, TypeError, LookupError, OverflowError)


def stored_token(values: Iterable[Any]) -> StoredToken:
    """The token in the columns of a `TokenRow`; SealBroken where Seedvault never wrote them."""
    row = TokenRow._make(values)
    wrapped = WrappedSeed(row.blob_format, row.kek_id, row.seed_length, row.blob, row.export_blob)
    seal = Seal(row.seal, row.seal_key)
    token, standing = _token(row), _standing(row)
    return StoredToken(
        row.id, token, wrapped, seal, row.revision, row.version, standing, row.policy_revision
    )


def listed_token(values: Iterable[Any]) -> ListedToken:
    """The same columns, for people to look at."""
    row = TokenRow._make(values)
    return ListedToken(_token(row), row.batch, row.seed_length, row.kek_id)


def held_token(row: HeldRow) -> HeldToken:
    """The same as the service knows it; SealBroken where Seedvault never wrote it."""
    try:
        return HeldToken(Serial(row.serial), row.fingerprint, _parameters(row))
    except _IMPOSSIBLE as error:
        raise altered(f"token {row.serial!a}") from error


def staged_row(staging: int, arrival: Arrival) -> StagedRow:
    """The columns of a token that is not visible yet."""
    new = arrival.new
    device, progress, wrapped = new.token.device, new.token.progress, new.taken.wrapped
    return StagedRow(
        staging,
        arrival.line,
        arrival.held,
        device.serial.verbatim,
        device.serial.folded,
        new.token.reason if isinstance(new.token, Quarantined) else None,
        device.manufacturer,
        device.model,
        *_parameter_columns(device.parameters),
        _milliseconds(device.not_before),
        _milliseconds(device.not_after),
        device.use_limit,
        wrapped.format,
        wrapped.kek_id,
        wrapped.length,
        wrapped.blob,
        wrapped.export_blob,
        new.taken.fingerprint.octets,
        new.taken.fingerprint.key,
        new.seal.octets,
        new.seal.key,
        progress.next_factor,
        progress.drift_steps,
        milliseconds(progress.synchronised_at),
    )


def progress_row(progress: Progress) -> ProgressRow:
    """The columns that verification moves."""
    return ProgressRow(
        progress.next_factor,
        milliseconds(progress.synchronised_at),
        progress.drift_steps,
        progress.failures,
        _milliseconds(progress.last_failure_at),
        progress.resyncs,
        _milliseconds(progress.resyncs_since),
        progress.uses,
        progress.must_resync,
        progress.stray.factor if progress.stray else None,
        milliseconds(progress.stray.at) if progress.stray else None,
    )


def life_row(token: Token) -> LifeRow:
    """The columns that say where a token is in its life."""
    match token:
        case InStock():
            return LifeRow(State.IN_STOCK.value)
        case Bound(owner=owner, bound_at=bound_at, pin=pin):
            bound = LifeRow(State.BOUND.value, None, owner.verbatim, milliseconds(bound_at))
            return bound._replace(pin=_pin_column(pin))
        case Suspended(owner=owner, bound_at=bound_at, since=since, reason=reason, pin=pin):
            bound_ms, since_ms = milliseconds(bound_at), milliseconds(since)
            held = LifeRow(State.SUSPENDED.value, None, owner.verbatim, bound_ms, since_ms, reason)
            return held._replace(pin=_pin_column(pin))
        case Quarantined(reason=reason):
            return LifeRow(State.QUARANTINED.value, reason)
        case Revoked(since=since, reason=reason) | Retired(since=since, reason=reason):
            return LifeRow(state_of(token).value, since_ms=milliseconds(since), reason=reason)


def event_row(chain: int, sequence: int, event: AuditEvent, digest: bytes) -> EventRow:
    """The columns of an event."""
    return EventRow(
        chain,
        sequence,
        milliseconds(event.at),
        event.kind.value,
        event.actor,
        event.serial.verbatim if event.serial else None,
        event.user,
        event.batch,
        event.factor,
        event.detail,
        digest,
    )


def logged_events(rows: Iterable[Iterable[Any]]) -> Iterator[LoggedEvent]:
    """The events in `rows`. A row that is no event is left out: in its chain, it is missing."""
    for values in rows:
        row = EventRow._make(values)
        try:
            _check_types(row, _EVENT_TYPES)
            yield LoggedEvent(row.chain, row.sequence, _event(row), row.digest)
        except _IMPOSSIBLE:
            continue


def batch_of(values: Iterable[Any]) -> Batch:
    """The batch in the columns of a `BatchRow`."""
    row = BatchRow._make(values)
    return Batch(
        number=row.number,
        source=Source(
            row.file_name,
            row.sha256,
            row.format,
            row.protection,
            row.signer,
            row.transport_key,
        ),
        tier=Tier(row.tier),
        imported_at=moment(row.imported_ms),
        imported_by=row.imported_by,
        tokens=row.tokens,
        held=row.held,
        quarantined=row.quarantined,
        refused=row.refused,
        exportable=bool(row.exportable),
    )


def altered(thing: str) -> SealBroken:
    """The error for a row that does not hold together."""
    return SealBroken(
        f"the database's row of {thing} is not one that Seedvault wrote",
        remedy="The database was changed from outside: restore a backup. "
        "See also: seedvault audit verify",
    )


def _token(row: TokenRow) -> Token:
    try:
        _check_types(row, _TOKEN_TYPES)
        device = Device(
            Serial(row.serial),
            _parameters(row),
            row.manufacturer,
            row.model,
            _moment(row.not_before_ms),
            _moment(row.not_after_ms),
            row.use_limit,
        )
        return _in_its_state(row, device)
    except _IMPOSSIBLE as error:
        raise altered(f"token {row.serial!a}") from error


def _standing(row: TokenRow) -> Standing:
    try:
        return standing_of(row.batch, row.groups or "")
    except _IMPOSSIBLE as error:
        raise altered(f"the owner of token {row.serial!a}") from error


def _in_its_state(row: TokenRow, device: Device) -> Token:
    """Columns of another state are empty: what the seal does not see may not stand anywhere."""
    token = _some_state(row, device)
    found = (row.state, row.quarantine, row.owner, row.bound_ms, row.since_ms, row.reason)
    if life_row(token) != (*found, row.pin):
        raise ValueError("more than its state has")
    return token


def _some_state(row: TokenRow, device: Device) -> Token:
    progress, state = _progress(row), State(row.state)
    match state:
        case State.QUARANTINED:
            return Quarantined(device, progress, _there(row.quarantine))
        case State.REVOKED:
            return Revoked(device, progress, moment(_there(row.since_ms)), _there(row.reason))
        case State.RETIRED:
            return Retired(device, progress, moment(_there(row.since_ms)), _there(row.reason))
    if isinstance(device.parameters, KeptParameters):
        raise TypeError("in use, and only kept")
    if state is State.IN_STOCK:
        return InStock(device, progress)
    owner, bound_at = UserName(_there(row.owner)), moment(_there(row.bound_ms))
    pin = None if row.pin is None else from_text(row.pin)
    if state is State.BOUND:
        return Bound(device, progress, owner, bound_at, pin)
    since, reason = moment(_there(row.since_ms)), _there(row.reason)
    return Suspended(device, progress, owner, bound_at, since, reason, pin)


def _there(value: T | None) -> T:
    """The value of a column that others say is filled."""
    if value is None:
        raise ValueError("less than its state has")
    return value


def _parameters(row: TokenRow | HeldRow) -> Parameters:
    """Columns of another kind are empty: see above."""
    parameters = _some_parameters(row)
    found = (row.kind, row.digest, row.digits, row.step_s, row.t0_s, row.terms)
    if _parameter_columns(parameters) != found:
        raise ValueError("more than its kind has")
    return parameters


def _some_parameters(row: TokenRow | HeldRow) -> Parameters:
    digest = _DIGESTS[row.digest]
    if row.kind == TOTP and row.step_s is not None and row.t0_s is not None:
        return TotpParameters(digest, row.digits, row.step_s, row.t0_s)
    if row.kind == HOTP:
        return HotpParameters(digest, row.digits)
    if row.kind == OCRA and row.terms is not None:
        return OcraParameters(row.terms)
    if row.terms is not None:
        return KeptParameters(row.kind, row.terms, digest)
    raise ValueError("of no kind that there is")


class _ParameterColumns(NamedTuple):
    kind: str
    digest: str
    digits: int
    step_s: int | None = None
    t0_s: int | None = None
    terms: str | None = None


def _parameter_columns(parameters: Parameters) -> _ParameterColumns:
    match parameters:
        case HotpParameters(digest, digits):
            return _ParameterColumns(HOTP, digest.value, digits)
        case TotpParameters(digest, digits, step_s, t0_s):
            return _ParameterColumns(TOTP, digest.value, digits, step_s, t0_s)
        case OcraParameters(suite):
            return _ParameterColumns(OCRA, parameters.digest.value, 0, terms=suite)
        case KeptParameters(kind, terms, digest):
            return _ParameterColumns(kind, digest.value, 0, terms=terms)


def _progress(row: TokenRow) -> Progress:
    return Progress(
        row.next_factor,
        moment(row.synchronised_ms),
        row.drift_steps,
        row.failures,
        _moment(row.last_failure_ms),
        row.resyncs,
        _moment(row.resyncs_since_ms),
        row.uses,
        bool(row.must_resync),
        _stray(row),
    )


def _stray(row: TokenRow) -> Stray | None:
    if row.stray_factor is None and row.stray_ms is None:
        return None
    return Stray(_there(row.stray_factor), moment(_there(row.stray_ms)))


def _event(row: EventRow) -> AuditEvent:
    return AuditEvent(
        EventKind(row.kind),
        moment(row.at_ms),
        row.actor,
        Serial(row.serial) if row.serial is not None else None,
        row.user,
        row.batch,
        row.factor,
        row.detail,
    )


def _pin_column(pin: KeptPin | None) -> str | None:
    return None if pin is None else to_text(pin)


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else moment(ms)


def _milliseconds(at: datetime | None) -> int | None:
    return None if at is None else milliseconds(at)


def _types(row: type[NamedTuple]) -> tuple[frozenset[type], ...]:
    hints = get_type_hints(row)
    return tuple(frozenset(get_args(hint) or (hint,)) for hint in hints.values())


_TOKEN_TYPES = _types(TokenRow)
_EVENT_TYPES = _types(EventRow)


def _check_types(row: tuple[Any, ...], types: tuple[frozenset[type], ...]) -> None:
    """SQLite lets any value stand in any column, and 6.5 digits would be sealed as 6."""
    for value, allowed in zip(row, types, strict=True):
        if type(value) not in allowed:
            raise TypeError(f"a {type(value).__name__} where none can stand")
