"""PINs are stretched by argon2id as RFC 9106 prescribes, and by no less."""

from base64 import b64decode

import pytest
from argon2 import PasswordHasher
from argon2.low_level import Type

from seedvault.domain.pin_keeping import LOW_MEMORY, StretchCost
from seedvault.keys.stretching import argon2id

SMALL, SALT = StretchCost(32, 1, 4), b"salt" * 4


def test_what_one_try_costs_is_what_the_library_and_rfc_9106_recommend() -> None:
    library = PasswordHasher()
    cost = StretchCost(library.memory_cost, library.time_cost, library.parallelism)
    assert cost == LOW_MEMORY
    assert library.type is Type.ID


def test_the_library_finds_the_same() -> None:
    hasher = PasswordHasher(1, 32, 4, hash_len=32)
    whole = hasher.hash("blue 7", salt=SALT)
    tail = whole.rpartition("$")[2]
    assert argon2id("blue 7", SALT, SMALL) == b64decode(tail + "=")


@pytest.mark.parametrize(
    ("pin", "salt", "cost"),
    [
        ("blue 8", SALT, SMALL),
        ("blue 7", SALT[::-1], SMALL),
        ("blue 7", SALT, StretchCost(64, 1, 4)),
        ("blue 7", SALT, StretchCost(32, 2, 4)),
        ("blue 7", SALT, StretchCost(32, 1, 2)),
    ],
)
def test_pin_salt_and_cost_all_count(pin: str, salt: bytes, cost: StretchCost) -> None:
    assert argon2id("blue 7", SALT, SMALL) != argon2id(pin, salt, cost)
