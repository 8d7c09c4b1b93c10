"""A kept PIN is no use without the seed it is kept under, and comes back as it went in."""

import hashlib

import pytest

from seedvault.domain import pin_keeping
from seedvault.domain.errors import InvalidInput
from seedvault.domain.oath import Digest
from seedvault.domain.pin_keeping import (
    LOW_MEMORY,
    KeptPin,
    MaskedPin,
    StretchCost,
    StretchedPin,
    from_text,
    to_text,
)
from tests.support.fakes import MacOf, mac_of

MAC, OTHER = mac_of(b"seed"), mac_of(b"other seed")
STRETCHED, SALT, NONCE = bytes(range(32)), b"salt" * 4, b"nonce..." * 2
HASHES = {digest: hashlib.new(digest.value, b"1234").digest() for digest in Digest}


def test_the_same_pin_is_right() -> None:
    kept = pin_keeping.keep(MAC, STRETCHED, LOW_MEMORY, SALT)
    assert pin_keeping.is_right(MAC, kept, STRETCHED)


def test_another_pin_is_not() -> None:
    kept = pin_keeping.keep(MAC, STRETCHED, LOW_MEMORY, SALT)
    assert not pin_keeping.is_right(MAC, kept, STRETCHED[::-1])


def test_a_pin_kept_under_another_seed_is_not() -> None:
    kept = pin_keeping.keep(MAC, STRETCHED, LOW_MEMORY, SALT)
    assert not pin_keeping.is_right(OTHER, kept, STRETCHED)


def test_one_pin_is_kept_differently_each_time() -> None:
    first, second = (pin_keeping.keep(MAC, STRETCHED, LOW_MEMORY, salt) for salt in (SALT, NONCE))
    assert first.tag != second.tag


@pytest.mark.parametrize("under", Digest)
@pytest.mark.parametrize("of", Digest)
def test_a_masked_hash_comes_back_whatever_the_two_lengths(under: Digest, of: Digest) -> None:
    mac = mac_of(b"seed", under)
    masked = pin_keeping.mask(mac, HASHES[of], NONCE)
    assert len(masked.octets) == len(HASHES[of])
    assert pin_keeping.unmask(mac, masked) == HASHES[of]


def test_a_masked_hash_does_not_show_through_anywhere() -> None:
    # 64 octets under HMAC-SHA-1: four blocks, each another.
    zeros = pin_keeping.mask(MAC, bytes(64), NONCE).octets
    assert len({zeros[start : start + 4] for start in range(0, 64, 4)}) == 16


def test_a_masked_hash_under_another_seed_or_nonce_is_another() -> None:
    masked = pin_keeping.mask(MAC, HASHES[Digest.SHA1], NONCE)
    assert pin_keeping.unmask(OTHER, masked) != HASHES[Digest.SHA1]
    assert pin_keeping.mask(MAC, HASHES[Digest.SHA1], SALT).octets != masked.octets


def test_nothing_is_computed_that_a_token_computes() -> None:
    messages: list[bytes] = []

    def watched(message: bytes) -> bytes:
        messages.append(message)
        return bytes(20)

    pin_keeping.keep(MacOf(watched), STRETCHED, LOW_MEMORY, SALT)
    pin_keeping.mask(MacOf(watched), bytes(40), NONCE)
    assert len(messages) == 3
    assert not any(len(message) == 8 or message.startswith(b"OCRA") for message in messages)


KEPT = [StretchedPin(LOW_MEMORY, SALT, b"tag"), MaskedPin(NONCE, b"octets")]


@pytest.mark.parametrize("kept", KEPT)
def test_what_is_kept_is_written_and_read(kept: KeptPin) -> None:
    assert from_text(to_text(kept)) == kept


@pytest.mark.parametrize("kept", KEPT)
def test_what_is_kept_is_not_repeated(kept: KeptPin) -> None:
    assert "b'" not in repr(kept)


@pytest.mark.parametrize(
    "text",
    [
        *("", "1234", "masked:00", "masked:00:0g", "masked:00:AB", "bcrypt:00:00"),
        *("argon2id:65536:3:4:00", "argon2id: 65536:3:4:00:00", "argon2id:+65536:3:4:00:00"),
        *("argon2id:x:3:4:00:00", "argon2id:065536:3:4:00:00"),
    ],
)
def test_anything_else_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"kept|invalid|non-hex"):
        from_text(text)


@pytest.mark.parametrize("cost", [(31, 1, 4), (1 << 22, 3, 4), (65_536, 0, 4), (65_536, 99, 4),
                                  (65_536, 3, 0), (65_536, 3, 65)])  # fmt: skip
def test_a_cost_that_nobody_would_pay_is_refused(cost: tuple[int, int, int]) -> None:
    with pytest.raises(InvalidInput, match="pay"):
        StretchCost(*cost)
