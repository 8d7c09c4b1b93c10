"""One vault on each real module that this process can load."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from hsm import Ceremony, Demands, Keystore, Location, MadeKey, Quorum, RecoveryKey, initialise
from hsm.vault_key import FIRST
from tests.integration.modules.expectations import EXPECTED, Expected
from tests.support.modules import MODULES, names_here
from tests.support.softhsm import pin


@dataclass(frozen=True, slots=True)
class MatrixVault:
    """A vault's keys on one module, and the recovery key that they were copied under."""

    name: str
    location: Location
    recovery: RecoveryKey
    made: tuple[MadeKey, ...]


@pytest.fixture(scope="session", params=names_here())
def place(request: pytest.FixtureRequest) -> Iterator[tuple[str, Location]]:
    """A module by its name, and a PKCS#11 token on it that holds nothing."""
    name: str = request.param
    with contextmanager(MODULES[name].start)() as location:
        yield name, location


@pytest.fixture(scope="session")
def expected(place: tuple[str, Location]) -> Expected:
    """What this module is known to be."""
    return EXPECTED[place[0]]


@pytest.fixture(scope="module")
def vault(place: tuple[str, Location]) -> Iterator[MatrixVault]:
    """Keys made for a module of tests, and taken away after it."""
    name, location = place
    recovery, _ = RecoveryKey.generate(Quorum(2, 3), lambda octets: bytes(range(octets)))
    made = initialise(location, pin(), None, recovery, Demands(accept_weaknesses=True))
    yield MatrixVault(name, location, recovery, made)
    with Ceremony(location, pin(), Demands(accept_weaknesses=True)) as ceremony:
        ceremony.remove(FIRST.objects)


@pytest.fixture
def keystore(vault: MatrixVault) -> Iterator[Keystore]:
    """A keystore on those keys."""
    opened = Keystore.connect(vault.location, pin())
    yield opened
    opened.close()
