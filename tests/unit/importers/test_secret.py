"""Seeds, keys and passphrases do not leave by accident."""

import copy
import pickle
from collections.abc import Callable

import pytest

from importers import Cipher, Passphrase, PlainSeed, PreSharedKey, TransportKey
from importers.secret import Secret

OCTETS = b"CANARY-CANARY-16"
SECRETS = [
    PlainSeed(OCTETS),
    PreSharedKey(OCTETS),
    TransportKey(OCTETS, Cipher.AES_128_CBC),
    Passphrase(OCTETS.decode()),
]


@pytest.mark.parametrize("secret", SECRETS, ids=repr)
def test_its_repr_shows_nothing(secret: Secret) -> None:
    assert repr(secret) == str(secret) == f"<{type(secret).__name__}>"


@pytest.mark.parametrize("secret", SECRETS, ids=repr)
@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy, hash])
def test_it_cannot_be_copied_pickled_or_hashed(
    secret: Secret, take: Callable[[object], object]
) -> None:
    with pytest.raises(TypeError):
        take(secret)


@pytest.mark.parametrize("secret", SECRETS, ids=repr)
def test_it_cannot_be_compared(secret: Secret) -> None:
    with pytest.raises(TypeError):
        secret == secret  # noqa: B015, PLR0124 - the comparison itself must fail


def test_it_can_be_read_inside_a_with() -> None:
    with PreSharedKey(OCTETS).expose() as octets:
        assert bytes(octets) == OCTETS


def test_what_is_exposed_cannot_be_changed() -> None:
    with PreSharedKey(OCTETS).expose() as octets, pytest.raises(TypeError):
        octets[0] = 0


def test_what_was_exposed_cannot_be_read_afterwards() -> None:
    with PreSharedKey(OCTETS).expose() as octets:
        pass
    with pytest.raises(ValueError, match="released"):
        bytes(octets)


def test_a_wiped_secret_is_zeros() -> None:
    key = PreSharedKey(OCTETS)
    key.wipe()
    with key.expose() as octets:
        assert bytes(octets) == bytes(16)


def test_a_plain_seed_is_wiped_once_it_was_exposed() -> None:
    seed = PlainSeed(OCTETS)
    with seed.expose() as octets:
        kept = octets.obj
    assert bytes(kept) == bytes(16)


def test_a_plain_seed_is_wiped_even_when_its_use_fails() -> None:
    seed = PlainSeed(OCTETS)
    with pytest.raises(ZeroDivisionError), seed.expose():
        1 / 0  # noqa: B018 - any failure
    assert seed._octets == bytes(16)


def test_a_plain_seed_cannot_be_exposed_twice() -> None:
    seed = PlainSeed(OCTETS)
    with seed.expose():
        pass
    with pytest.raises(ValueError, match="wiped"), seed.expose():
        pass
