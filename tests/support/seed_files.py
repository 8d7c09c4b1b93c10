"""Seed files on disk as a maker would deliver them, good or broken, beside their key."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from importers import Digest
from tests.support.codes import code
from tests.support.pskc_maker import Fault, Hotp, Order, Tokens, Totp, published_seed, write_pskc

_KEY = b"1234567890123456"
FIRST = 10_000_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """A seed file and the file with its key; its seeds are the published ones."""

    file: Path
    key: Path

    @property
    def arguments(self) -> tuple[str | Path, ...]:
        """What follows `batch import`."""
        return self.file, "--key-file", self.key


def deliver(
    path: Path,
    *,
    totp: int = 20,
    hotp: int = 2,
    kind: Totp | None = None,
    fault: Fault = Fault.NONE,
    fault_at: int = 7,
    seed: Callable[[str], bytes] = published_seed,
) -> Delivery:
    """Write a file of `totp` cards GALT10000000... and `hotp` tokens after them."""
    tokens = (
        Tokens(totp, kind or Totp()),
        Tokens(hotp, Hotp(), first_serial=FIRST + totp, model="OTP 110"),
    )
    with path.open("wb") as target:
        write_pskc(Order(tokens, key=_KEY, fault=fault, fault_at=fault_at, seed=seed), target)
    key = path.with_suffix(".key")
    key.write_text(_KEY.hex())
    return Delivery(path, key)


def serial(number: int) -> str:
    """The serial of the token at this place in a delivered file, from 0."""
    return f"GALT{FIRST + number:08d}"


def totp_code(number: int, unix_s: float, *, step_s: int = 30) -> str:
    """What the card at this place shows at a Unix time."""
    return code(published_seed(serial(number)), int(unix_s) // step_s, Digest.SHA1, 6)


def hotp_code(number: int, counter: int) -> str:
    """What the token at this place shows at a counter."""
    return code(published_seed(serial(number)), counter, Digest.SHA1, 6)
