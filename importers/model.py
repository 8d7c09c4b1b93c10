"""What a seed file says about each token, in this package's own small types."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from importers.cipher import Cipher
from importers.secret import Secret

MIN_SEED, MAX_SEED = 16, 128  # octets: RFC 4226 section 4 R6; one HMAC-SHA-512 block
MIN_DIGITS, MAX_DIGITS = 6, 9  # RFC 4226 section 5.3: 31 bits carry no tenth digit
MAX_COUNTER = 2**63 - 1  # xs:long
MAX_STEP_S = 120  # SP 800-63B-4: the nonce changes at least every two minutes


class Digest(Enum):
    """The hash of the HMAC that makes the codes (RFC 6238 section 1.2)."""

    SHA1 = "SHA1"
    SHA256 = "SHA256"
    SHA512 = "SHA512"


class WarningCode(Enum):
    """What was accepted, and staff should still know."""

    LEADING_BLANK = "leading-blank"
    FEW_ITERATIONS = "few-iterations"
    COMPOSED_SPELLING = "composed-spelling"
    CIPHER_OVERRIDDEN = "cipher-overridden"
    VALUES_UNAUTHENTICATED = "values-unauthenticated"
    MAC_BY_ENCRYPTION_KEY = "value-mac-by-encryption-key"
    SIGNATURE_NOT_VERIFIED = "signature-not-verified"
    UNKNOWN_ELEMENT = "unknown-element-ignored"
    PACKAGE_WITHOUT_KEY = "package-without-key"
    FURTHER_NAME = "further-friendly-name-ignored"
    VALUE_LOOKS_HEX = "value-looks-hex"
    SEED_UNDER_160_BITS = "seed-under-160-bits"
    DATE_WITHOUT_ZONE = "date-without-zone"


@dataclass(frozen=True, slots=True)
class HotpParameters:
    """An event-based token: `counter` is the next one, 0 to 2**63 - 1."""

    digest: Digest
    digits: int
    counter: int

    def __post_init__(self) -> None:
        _check(self.digits, MIN_DIGITS, MAX_DIGITS)
        _check(self.counter, 0, MAX_COUNTER)


@dataclass(frozen=True, slots=True)
class TotpParameters:
    """A time-based token, stepping every `step_s` seconds from `t0_s` (Unix time) on.

    The others count time steps (RFC 6030 section 4.3.5): `time_steps` of the token's start point,
    `drift_steps` of its clock, negative when slow.
    """

    digest: Digest
    digits: int
    step_s: int
    time_steps: int = 0
    drift_steps: int = 0
    t0_s: int = 0

    def __post_init__(self) -> None:
        _check(self.digits, MIN_DIGITS, MAX_DIGITS)
        _check(self.step_s, 1, MAX_STEP_S)
        _check(self.time_steps, 0, MAX_COUNTER)


@dataclass(frozen=True, slots=True)
class OcraParameters:
    """A challenge-response token (RFC 6287): the suite says it all but the next `counter`."""

    suite: str
    counter: int = 0
    drift_steps: int = 0

    def __post_init__(self) -> None:
        _check(self.counter, 0, MAX_COUNTER)


@dataclass(frozen=True, slots=True)
class YubicoOtpParameters:
    """A YubiKey's AES slot: the modhex public id before its codes, the 6 octets inside them."""

    public_id: str
    private_id: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PinParameters:
    """No token, but a PIN that others refer to by their policy (RFC 6030 section 10.2)."""


Parameters = HotpParameters | TotpParameters | OcraParameters | YubicoOtpParameters | PinParameters


def _check(number: int, low: int, high: int) -> None:
    if not low <= number <= high:
        raise ValueError(f"{number} is outside {low} to {high}")


class PlainSeed(Secret):
    """A seed that the file held in the clear. It can be exposed once, and is wiped after."""

    __slots__ = ("_spent",)

    def __init__(self, octets: bytes | bytearray) -> None:
        super().__init__(octets)
        self._spent = False

    @contextmanager
    def expose(self) -> Iterator[memoryview]:
        """The seed's octets themselves; zeros as soon as the block ends.

        Writable, as no other secret's are: foreign code takes the address of writable memory only,
        and with it the seed goes into a module without a copy.
        """
        if self._spent:
            raise ValueError("this seed was exposed before and is wiped")
        self._spent = True
        try:
            with memoryview(self._octets) as view:
                yield view
        finally:
            self.wipe()


@dataclass(frozen=True, slots=True)
class EncryptedSeed:
    """A seed still under the file's transport key; its value MAC, where it needs one, is right.

    `value` is what the file holds, in the form that `cipher`'s mode gives it, see `Mode`.
    """

    value: bytes = field(repr=False)
    cipher: Cipher


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where in its file a record stands, and what was assumed in reading it.

    `line` counts from 1, `index` (of key packages) from 0. `defaults_used` names the elements
    that were absent and for which the standard's own default was taken.
    """

    line: int
    index: int
    defaults_used: tuple[str, ...] = ()
    warnings: tuple[WarningCode, ...] = ()


class PinUsage(Enum):
    """Where a PIN goes (RFC 6030 section 5, PINUsageMode)."""

    LOCAL = "Local"
    PREPEND = "Prepend"
    APPEND = "Append"
    ALGORITHMIC = "Algorithmic"


@dataclass(frozen=True, slots=True)
class PinPolicy:
    """What the maker says of the PIN. `key_id` names the key package that holds it."""

    key_id: str | None = None
    usage: PinUsage | None = None
    max_failures: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What a key may be used for (RFC 6030 section 5). No `key_usage` restricts nothing.

    `unknown` names, as paths, what was not understood: then no use at all is permitted.
    """

    key_usage: frozenset[str] = frozenset()
    max_transactions: int | None = None
    pin: PinPolicy | None = None
    unknown: tuple[str, ...] = ()

    def forbids_for(self, parameters: Parameters) -> str | None:
        """Why a key that computes so may not make its codes, or None."""
        if self.unknown:
            return f"its policy is not understood: {', '.join(self.unknown)}"
        answers = isinstance(parameters, OcraParameters)
        if self.key_usage and not self.key_usage & ({"OTP", "CR"} if answers else {"OTP"}):
            return f"its policy permits {', '.join(sorted(self.key_usage))} only"
        return None


@dataclass(frozen=True, slots=True)
class SeedRecord:
    """One token: who made it, how it computes, and its seed. `None` where the file is silent.

    `serial` stands as the maker wrote it, without white space around it. `not_before` and
    `not_after` are inclusive, aware, UTC. `proposed_user` is what a file says about whom the token
    is for: a proposal for staff to look at.
    """

    serial: str
    parameters: Parameters
    seed: PlainSeed | EncryptedSeed
    provenance: Provenance
    manufacturer: str | None = None
    model: str | None = None
    issue_no: str | None = None
    device_binding: str | None = None
    device_user_id: str | None = None
    crypto_module_id: str | None = None
    key_id: str | None = None
    issuer: str | None = None
    friendly_name: str | None = None
    key_user_id: str | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    policy: Policy | None = None
    proposed_user: str | None = None
