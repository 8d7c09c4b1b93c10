"""What a token's seal covers: everything about it but its progress.

A wrapped blob has no context of its own. Without the seal, whoever can write to the database could
put their own seed under another's serial, or another's name on their own token.
"""

from collections.abc import Iterator
from datetime import datetime

from seedvault.domain.audit import milliseconds
from seedvault.domain.canonical import Field, encode
from seedvault.domain.oath import HotpParameters, KeptParameters, TotpParameters
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.parameters import Parameters
from seedvault.domain.pin_keeping import to_text
from seedvault.domain.policy_rule import Standing
from seedvault.domain.token import (
    Bound,
    Device,
    InStock,
    Owned,
    Quarantined,
    Retired,
    Revoked,
    Suspended,
    Token,
)
from seedvault.service.ports import StoredToken, WrappedSeed

_VERSION = 1


def sealed_octets(
    vault_id: str,
    token: Token,
    wrapped: WrappedSeed,
    revision: int,
    standing: Standing | None = None,
) -> bytes:
    """The canonical octets under the seal; none of them is secret."""
    return encode(
        _VERSION,
        vault_id,
        *_device(token.device),
        *_parameters(token.device.parameters),
        wrapped.format,
        wrapped.kek_id,
        wrapped.length,
        wrapped.blob,
        *_state(token),
        revision,
        # Only where there is one, so that seals made before there were any still hold.
        *(() if wrapped.export_blob is None else ("export", wrapped.export_blob)),
        *(() if token.device.use_limit is None else ("use-limit", token.device.use_limit)),
        *_pin(token),
        *(() if standing is None else _standing(standing)),
    )


def may_be_sealed(vault_id: str, stored: StoredToken) -> Iterator[bytes]:
    """The octets that a stored token's seal may be over: one of them.

    A token is sealed before its batch has a number; since its first administrative change, the
    seal covers where it stands. Groups are only ever written together with such a seal.
    """
    row = (vault_id, stored.token, stored.wrapped, stored.revision)
    yield sealed_octets(*row, stored.standing)
    if not stored.standing.groups:
        yield sealed_octets(*row)


def _standing(standing: Standing) -> tuple[Field, ...]:
    groups = [str(group) for group in standing.groups]
    return ("standing", standing.batch, len(groups), *groups)


def _device(device: Device) -> tuple[Field, ...]:
    return (
        device.serial.verbatim,
        device.manufacturer,
        device.model,
        _date(device.not_before),
        _date(device.not_after),
    )


def _parameters(parameters: Parameters) -> tuple[Field, ...]:
    match parameters:
        case HotpParameters(digest, digits):
            return "hotp", digest.value, digits
        case TotpParameters(digest, digits, step_s, t0_s):
            return "totp", digest.value, digits, step_s, t0_s
        case OcraParameters(suite):
            return "ocra", parameters.digest.value, suite
        case KeptParameters(kind, terms, digest):
            return kind, digest.value, terms


def _state(token: Token) -> tuple[Field, ...]:
    match token:
        case InStock():
            return ("in-stock",)
        case Bound(owner=owner, bound_at=bound_at):
            return "bound", owner.verbatim, _date(bound_at)
        case Suspended(owner=owner, bound_at=bound_at, since=since, reason=reason):
            return "suspended", owner.verbatim, _date(bound_at), _date(since), reason
        case Quarantined(reason=reason):
            return "quarantined", reason
        case Revoked(since=since, reason=reason):
            return "revoked", _date(since), reason
        case Retired(since=since, reason=reason):
            return "retired", _date(since), reason


def _pin(token: Token) -> tuple[Field, ...]:
    pin = token.pin if isinstance(token, Owned) else None
    return () if pin is None else ("pin", to_text(pin))


def _date(moment: datetime | None) -> int | None:
    return None if moment is None else milliseconds(moment)
