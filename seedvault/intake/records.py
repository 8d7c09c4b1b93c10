"""One record of a seed file as a token of the vault: in stock, or in quarantine and why."""

import re
from datetime import datetime

import importers
from seedvault.domain.errors import InvalidInput
from seedvault.domain.names import Serial
from seedvault.domain.oath import (
    Digest,
    HotpParameters,
    KeptParameters,
    TotpParameters,
)
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.parameters import Parameters
from seedvault.domain.quarantine import why_kept
from seedvault.domain.token import Device, InStock, Progress, Quarantined
from seedvault.service.seed_files import Delivered, DeliveredSeed, Terms

_MAX_COUNTER = 2**62  # a token that has counted this far has not been pressed, but altered
_COMMON_NAME = re.compile(r"^CN=([^,+=\\]+)$", re.IGNORECASE)
_DIGESTS = {digest: Digest[digest.name] for digest in importers.Digest}


def delivered(record: importers.SeedRecord, now: datetime) -> Delivered:
    """The token that `record` describes. Raises InvalidInput for what the vault cannot hold."""
    device = Device(
        Serial(record.serial),
        _parameters(record),
        record.manufacturer,
        record.model,
        record.not_before,
        record.not_after,
        record.policy.max_transactions if record.policy else None,
    )
    reason, progress = _why_unusable(record), _start(record.parameters, now)
    token = Quarantined(device, progress, reason) if reason else InStock(device, progress)
    return Delivered(
        token, DeliveredSeed(record.seed), record.provenance.line, _proposed_user(record)
    )


def check_said(record: importers.SeedRecord, terms: Terms) -> None:
    """Raises InvalidInput where the file says otherwise than the operator does."""
    match record.parameters:
        case importers.HotpParameters(digest, digits):
            told = {"--type": "hotp", "--hash": digest.name, "--digits": digits}
        case importers.TotpParameters(digest, digits, step_s):
            told = {"--type": "totp", "--hash": digest.name, "--digits": digits, "--step": step_s}
        case _:
            return
    said = {
        "--type": terms.kind,
        "--hash": terms.digest and terms.digest.name,
        "--digits": terms.digits,
        "--step": terms.step_s,
    }
    for option, value in said.items():
        if value is not None and value != told.get(option):
            raise InvalidInput(
                f"{option} {value} was given, and the file says {told.get(option, 'HOTP')} of "
                f"{record.serial}"
            )


def _proposed_user(record: importers.SeedRecord) -> str | None:
    """Whom the file names; PSKC's UserId is a name of RFC 4514 as a rule."""
    named = record.proposed_user
    return None if named is None else _COMMON_NAME.sub(r"\1", named)


def _parameters(record: importers.SeedRecord) -> Parameters:
    match record.parameters:
        case importers.HotpParameters(digest, digits, counter):
            if counter > _MAX_COUNTER:
                raise InvalidInput(f"the Counter of {record.serial} leaves no room to count on")
            return HotpParameters(_DIGESTS[digest], digits)
        case importers.TotpParameters(digest, digits, step_s, time_steps, t0_s=t0_s):
            if time_steps:
                # RFC 6030 section 4.3.5 counts Time from T0; nobody was seen to deliver another.
                raise InvalidInput(
                    f"the Time of {record.serial} is {time_steps} steps; only 0 is understood"
                )
            return TotpParameters(_DIGESTS[digest], digits, step_s, t0_s)
        case importers.OcraParameters(suite):
            return OcraParameters(suite)
        case importers.YubicoOtpParameters(public_id, private_id):
            return KeptParameters("yubico", f"{public_id} {private_id.hex()}")
        case importers.PinParameters():
            raise InvalidInput(f"{record.serial} is a PIN and no token")


def _start(parameters: importers.Parameters, now: datetime) -> Progress:
    """Where verification begins: the file's counter, or the file's clock drift."""
    match parameters:
        case importers.HotpParameters(counter=counter):
            return Progress(next_factor=counter, synchronised_at=now)
        case importers.TotpParameters(drift_steps=drift_steps):
            return Progress(next_factor=0, synchronised_at=now, drift_steps=drift_steps)
        case importers.OcraParameters(_, counter, drift_steps):
            return Progress(next_factor=counter, synchronised_at=now, drift_steps=drift_steps)
    return Progress(next_factor=0, synchronised_at=now)


def _why_unusable(record: importers.SeedRecord) -> str | None:
    """What of this key Seedvault does not compute or enforce (RFC 6030 section 5), or None."""
    policy = record.policy
    if policy is not None:
        pin = policy.pin
        forbidden = policy.forbids_for(record.parameters)
        if forbidden is not None:
            return forbidden
        if pin is not None and pin.usage is not importers.PinUsage.LOCAL:
            return "its policy asks for a PIN with the code, which is not verified here"
    return why_kept(_parameters(record))
