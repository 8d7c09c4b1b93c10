"""The domain computes what oathtool computes, an implementation that shares no line with it."""

import hashlib
import shutil
import subprocess
from itertools import product

import pytest

from seedvault.domain.oath import Digest, TotpParameters, code_at
from tests.support.fakes import mac_of
from tests.support.tokens import NOON

WINDOW = 30  # codes after the first, of each call
DIGITS = (6, 7, 8)
SEED_OCTETS = {Digest.SHA1: 20, Digest.SHA256: 32, Digest.SHA512: 64}


def oathtool(seed: bytes, *arguments: str) -> list[str]:
    """The `WINDOW` + 1 codes that oathtool prints."""
    program = shutil.which("oathtool")
    if program is None:
        pytest.fail("oathtool is missing: apt-get install oathtool")
    command = [program, "--window", str(WINDOW), *arguments, seed.hex()]
    printed = subprocess.run(command, capture_output=True, text=True, check=True)
    return printed.stdout.split()


def seed_of(case: object, octets: int) -> bytes:
    """A seed of its own for each case, the same in every run."""
    return hashlib.shake_256(repr(case).encode()).digest(octets)


@pytest.mark.parametrize("digits", DIGITS)
@pytest.mark.parametrize("counter", [0, 1_000, 2**31 - 5, 2**32 - 5, 2**53])
@pytest.mark.parametrize("octets", [16, 20, 64, 65])
def test_hotp_codes_are_oathtool_s(digits: int, counter: int, octets: int) -> None:
    seed = seed_of((digits, counter), octets)
    printed = oathtool(seed, "--hotp", f"--digits={digits}", f"--counter={counter}")
    ours = [code_at(mac_of(seed), counter + n, digits) for n in range(WINDOW + 1)]
    assert ours == printed


@pytest.mark.parametrize(
    ("digest", "digits", "step_s"), list(product(Digest, DIGITS, (30, 60))), ids=str
)
@pytest.mark.parametrize("year", [1970, 2026, 2039])
def test_totp_codes_are_oathtool_s(digest: Digest, digits: int, step_s: int, year: int) -> None:
    parameters = TotpParameters(digest, digits, step_s)
    seed = seed_of((digest, digits, step_s, year), SEED_OCTETS[digest])
    moment = NOON.replace(year=year, second=59)
    clock = f"--now=@{int(moment.timestamp())}"
    printed = oathtool(
        seed, f"--totp={digest.value}", f"--digits={digits}", f"--time-step-size={step_s}", clock
    )
    first, mac = parameters.step_at(moment), mac_of(seed, digest)
    assert [code_at(mac, first + n, digits) for n in range(WINDOW + 1)] == printed


def test_time_steps_may_be_counted_from_another_moment() -> None:
    seed, t0_s = seed_of("t0", 20), 1_000_000_007
    parameters = TotpParameters(Digest.SHA1, 6, 30, t0_s)
    times = f"--now=@{int(NOON.timestamp())}", f"--start-time=@{t0_s}"
    first = parameters.step_at(NOON)
    ours = [code_at(mac_of(seed), first + n, 6) for n in range(WINDOW + 1)]
    assert ours == oathtool(seed, "--totp", *times)
