"""Tokens for tests, each made from a number: equal numbers, equal tokens."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

from seedvault.domain.names import Serial
from seedvault.domain.oath import Digest, HotpParameters, TotpParameters
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.parameters import Parameters
from seedvault.domain.token import Device, InStock, Progress
from seedvault.service.ports import Fingerprint, NewToken, Seal, TakenSeed, WrappedSeed

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
STEP_AT_NOON = int(NOON.timestamp()) // 30
HOTP = HotpParameters(Digest.SHA1, 6)
TOTP = TotpParameters(Digest.SHA256, 8, 30)
OCRA = OcraParameters("OCRA-1:HOTP-SHA1-6:QN08")

DAMAGED = b"a seed that does not decrypt"
"""A delivered seed that the fakes cannot open, as under a wrong key."""


def serial(number: int) -> Serial:
    """A serial as Thales writes them."""
    return Serial(f"GALT{10_000_000 + number}")


def device(number: int, parameters: Parameters = TOTP) -> Device:
    """A token that is valid for five years around `NOON`."""
    return Device(
        serial(number),
        parameters,
        manufacturer="Thales",
        model="OTP 110",
        not_before=NOON.replace(year=2024),
        not_after=NOON.replace(year=2029),
    )


def new_token(number: int, parameters: Parameters = TOTP) -> NewToken:
    """A token on its way in; its blob, fingerprint and seal are hashes, not seeds."""
    first = 0 if isinstance(parameters, HotpParameters) else STEP_AT_NOON
    wrapped = WrappedSeed(format=1, kek_id="k1", length=20, blob=_octets("blob", number) * 2)
    taken = TakenSeed(wrapped, Fingerprint(_octets("fingerprint", number)[:16], "f1"))
    token = InStock(device(number, parameters), Progress(first, NOON))
    return NewToken(token, taken, Seal(_octets("seal", number), "s1"))


def with_seed_of(new: NewToken, other: NewToken) -> NewToken:
    """`new`, delivered with the seed of `other`."""
    return replace(new, taken=other.taken)


def _octets(what: str, number: int) -> bytes:
    return hashlib.sha256(f"{what} {number}".encode()).digest()
