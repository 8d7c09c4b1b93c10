"""HOTP (RFC 4226) and TOTP (RFC 6238) over a MAC function, so that no seed is ever needed here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from struct import Struct
from typing import Protocol

from seedvault.domain.errors import InvalidInput


class Mac(Protocol):
    """HMAC(K, message) for one token's seed K, computed where K lives."""

    def __call__(self, message: bytes, /) -> bytes: ...

    def many(self, messages: Sequence[bytes], /) -> Sequence[bytes]:
        """Of each message, in their order: a whole window costs one call."""


_WORD = Struct(">I").unpack_from

MIN_DIGITS, MAX_DIGITS = 6, 9  # RFC 4226 section 5.3: 31 bits carry no tenth digit
MAX_STEP_S = 120  # SP 800-63B-4: the nonce changes at least every two minutes


class Digest(Enum):
    """The hash of the HMAC (RFC 6238 section 1.2)."""

    SHA1 = "SHA1"
    SHA256 = "SHA256"
    SHA512 = "SHA512"


OCTETS = {Digest.SHA1: 20, Digest.SHA256: 32, Digest.SHA512: 64}
"""How long a hash, and so an HMAC, is (FIPS 180-4)."""


@dataclass(frozen=True, slots=True)
class HotpParameters:
    """How an event-based token computes: `digits` 6 to 9."""

    digest: Digest
    digits: int

    def __post_init__(self) -> None:
        _check_digits(self.digits)


@dataclass(frozen=True, slots=True)
class TotpParameters:
    """How a time-based token computes: `step_s` seconds a step, counted from `t0_s` (Unix time)."""

    digest: Digest
    digits: int
    step_s: int
    t0_s: int = 0

    def __post_init__(self) -> None:
        _check_digits(self.digits)
        if not 1 <= self.step_s <= MAX_STEP_S:
            raise InvalidInput(f"a time step of {self.step_s} s is outside 1 to {MAX_STEP_S} s")

    def step_at(self, moment: datetime) -> int:
        """The time step T that holds `moment` (RFC 6238 section 4.2)."""
        return (int(moment.timestamp()) - self.t0_s) // self.step_s


Counting = HotpParameters | TotpParameters
"""How a token computes whose codes are verified here."""


@dataclass(frozen=True, slots=True)
class KeptParameters:
    """A key whose codes are not verified here yet: what it is, and its maker's own terms.

    `kind` is "yubico", whose terms are its public and private id.
    """

    kind: str
    terms: str
    digest: Digest = Digest.SHA1


def code_at(mac: Mac, factor: int, digits: int) -> str:
    """The code for one moving factor, counter or time step (RFC 4226 section 5.3)."""
    (number,) = numbers_at(mac, range(factor, factor + 1), digits)
    return str(number).zfill(digits)


def numbers_at(mac: Mac, factors: range, digits: int) -> list[int]:
    """The codes for many factors, as the numbers they are: 755224, and 7 for "000007"."""
    modulus = 10**digits
    tags = mac.many([factor.to_bytes(8, "big") for factor in factors])
    # Dynamic truncation: 31 bits from the octet on that the last half-octet points to.
    return [(_WORD(tag, tag[-1] & 0x0F)[0] & 0x7FFFFFFF) % modulus for tag in tags]


def truncated(tag: bytes, digits: int) -> str:
    """The last decimal digits of the 31 bits that stand in one HMAC, as above."""
    number: int = _WORD(tag, tag[-1] & 0x0F)[0] & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def is_code(text: str, digits: int) -> bool:
    """Whether `text` is exactly `digits` ASCII digits: nothing else ever reaches the HSM."""
    return len(text) == digits and text.isascii() and text.isdigit()


def is_any_code(text: str) -> bool:
    """Whether it could be some token's code."""
    return MIN_DIGITS <= len(text) <= MAX_DIGITS and is_code(text, len(text))


def _check_digits(digits: int) -> None:
    if not MIN_DIGITS <= digits <= MAX_DIGITS:
        raise InvalidInput(f"{digits} digits are outside {MIN_DIGITS} to {MAX_DIGITS}")
