"""A real SoftHSM for tests: one store for the whole process, a PKCS#11 token for each need.

A process can have one SOFTHSM2_CONF at a time. The store here is made when first asked for
and exported to the environment, so children that inherit it see the same PKCS#11 tokens.
Tests that need a store of their own start a child with its own SOFTHSM2_CONF.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from hsm import Keystore, Location, Pin, initialise
from hsm.cryptoki import Cryptoki
from hsm.softhsm import configure, find_library, use
from hsm.translate import failure

TEST_PIN = "987654"
TEST_SO_PIN = "so-987654"

_numbers = count(1)


def pin(text: str = TEST_PIN) -> Pin:
    """A fresh `Pin`: the one that every PKCS#11 token here has."""
    return Pin(bytearray(text, "utf-8"))


@cache
def library() -> Path:
    """SoftHSM's library; a test that needs it fails where it is missing."""
    found = find_library()
    if found is None:
        pytest.fail("SoftHSM is missing: apt-get install softhsm2, or set SEEDVAULT_SOFTHSM")
    return found


@cache
def store() -> Path:
    """The configuration file of this process's store, exported as SOFTHSM2_CONF."""
    home = tempfile.TemporaryDirectory(prefix="seedvault-softhsm-", ignore_cleanup_errors=True)
    _kept.append(home)
    configuration = configure(Path(home.name))
    use(configuration)
    return configuration


_kept: list[object] = []


def fresh_location(name: str = "test") -> Location:
    """A place where no PKCS#11 token is yet, its label unlike all others."""
    store()
    return Location(library(), f"{name}-{os.getpid()}-{next(_numbers)}")


def vault_location(name: str = "test") -> Location:
    """A fresh PKCS#11 token on which the ceremony has been held (takes 0.1 s)."""
    location = fresh_location(name)
    initialise(location, pin(), pin(TEST_SO_PIN))
    return location


@pytest.fixture(scope="module")
def location() -> Location:
    """One vault's PKCS#11 token for a module of tests."""
    return vault_location()


@pytest.fixture
def keystore(location: Location) -> Iterator[Keystore]:
    """A keystore on the module's PKCS#11 token."""
    opened = Keystore.connect(location, pin())
    yield opened
    opened.close()


@contextmanager
def returning(cryptoki: Cryptoki, function: str, *values: int) -> Iterator[list[int]]:
    """Let `function` return each of `values` once instead of being called; then it is real again.

    Yields the values not yet returned.
    """
    real: Callable[..., int] = getattr(cryptoki, function)
    pending = list(values)

    def faulty(*arguments: object) -> int:
        if pending:
            raise failure(pending.pop(0), function)
        return real(*arguments)

    setattr(cryptoki, function, faulty)
    try:
        yield pending
    finally:
        setattr(cryptoki, function, real)


def encrypted(key: bytes, iv: bytes, seed: bytes, padding: bytes | None = None) -> bytes:
    """IV || AES-CBC of a seed as a manufacturer makes it: PKCS#7 unless `padding` is given."""
    missing = 16 - len(seed) % 16
    padded = seed + (bytes([missing]) * missing if padding is None else padding)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return iv + encryptor.update(padded) + encryptor.finalize()
