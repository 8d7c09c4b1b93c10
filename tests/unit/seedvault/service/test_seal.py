"""A seal covers everything about a token but its progress."""

from dataclasses import replace
from datetime import timedelta

import pytest

from seedvault.domain.names import Serial, UserName
from seedvault.domain.oath import Digest, HotpParameters, TotpParameters
from seedvault.domain.parameters import Parameters
from seedvault.domain.token import (
    Bound,
    Device,
    InStock,
    Progress,
    Quarantined,
    Retired,
    Revoked,
    Suspended,
    Token,
)
from seedvault.service.ports import WrappedSeed
from seedvault.service.seal import sealed_octets
from tests.support.tokens import HOTP, NOON, TOTP, device

PROGRESS = Progress(0, NOON)
WRAPPED = WrappedSeed(format=1, kek_id="k1", length=20, blob=b"blob")
DEVICE = device(1)
BOUND = Bound(DEVICE, PROGRESS, UserName("alice"), NOON)
SUSPENDED = Suspended(DEVICE, PROGRESS, UserName("alice"), NOON, NOON, "lost")
MS = timedelta(milliseconds=1)


def sealed(token: Token = BOUND, wrapped: WrappedSeed = WRAPPED) -> bytes:
    return sealed_octets("vault-1", token, wrapped, 7)


def test_equal_tokens_are_sealed_alike() -> None:
    assert sealed() == sealed(replace(BOUND, device=device(1)))


@pytest.mark.parametrize(
    "other",
    [
        replace(DEVICE, serial=Serial("galt10000001")),
        replace(DEVICE, manufacturer=None),
        replace(DEVICE, model="OTP 111"),
        replace(DEVICE, not_before=None),
        replace(DEVICE, not_after=NOON),
        replace(DEVICE, not_before=DEVICE.not_after, not_after=DEVICE.not_before),
        replace(DEVICE, use_limit=9),
    ],
    ids=["serial", "manufacturer", "model", "not before", "not after", "dates swapped", "uses"],
)
def test_a_seal_covers_the_device(other: Device) -> None:
    assert sealed(replace(BOUND, device=other)) != sealed()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TOTP, replace(TOTP, digest=Digest.SHA1)),
        (TOTP, replace(TOTP, digits=6)),
        (TOTP, replace(TOTP, step_s=60)),
        (TOTP, replace(TOTP, t0_s=1)),
        (HOTP, replace(HOTP, digits=8)),
        (HOTP, replace(HOTP, digest=Digest.SHA256)),
        (HotpParameters(Digest.SHA1, 6), TotpParameters(Digest.SHA1, 6, 30)),
    ],
)
def test_a_seal_covers_the_parameters(one: Parameters, other: Parameters) -> None:
    tokens = (replace(BOUND, device=replace(DEVICE, parameters=each)) for each in (one, other))
    assert sealed(next(tokens)) != sealed(next(tokens))


@pytest.mark.parametrize(
    "other",
    [
        replace(WRAPPED, format=2),
        replace(WRAPPED, kek_id="k2"),
        replace(WRAPPED, length=32),
        replace(WRAPPED, blob=b"glob"),
    ],
    ids=["format", "KEK", "length", "blob"],
)
def test_a_seal_covers_the_wrapped_seed(other: WrappedSeed) -> None:
    assert sealed(wrapped=other) != sealed()


@pytest.mark.parametrize(
    "other",
    [
        InStock(DEVICE, PROGRESS),
        replace(BOUND, owner=UserName("bob")),
        replace(BOUND, bound_at=NOON + MS),
        SUSPENDED,
        Quarantined(DEVICE, PROGRESS, "lost"),
        Revoked(DEVICE, PROGRESS, NOON, "lost"),
        Retired(DEVICE, PROGRESS, NOON, "lost"),
    ],
    ids=["in stock", "owner", "bound at", "suspended", "quarantined", "revoked", "retired"],
)
def test_a_seal_covers_the_state(other: Token) -> None:
    assert sealed(other) != sealed()


@pytest.mark.parametrize(
    "other",
    [
        replace(SUSPENDED, since=NOON + MS),
        replace(SUSPENDED, reason="left"),
        replace(SUSPENDED, owner=UserName("bob")),
        replace(SUSPENDED, bound_at=NOON + MS),
        Revoked(DEVICE, PROGRESS, NOON, "lost"),
    ],
    ids=["since", "reason", "owner", "bound at", "revoked"],
)
def test_a_seal_covers_why_and_since_when_a_token_is_suspended(other: Token) -> None:
    assert sealed(other) != sealed(SUSPENDED)


def test_a_seal_covers_the_vault_and_the_revision() -> None:
    octets = {
        sealed_octets(vault, BOUND, WRAPPED, revision)
        for vault in ("vault-1", "vault-2")
        for revision in (0, 1)
    }
    assert len(octets) == 4


def test_a_seal_leaves_progress_out() -> None:
    moved = Progress(9, NOON + MS, 3, 2, NOON, 1, NOON)
    assert sealed(replace(BOUND, progress=moved)) == sealed()
