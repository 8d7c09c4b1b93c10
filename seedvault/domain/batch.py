"""A batch: what came in with one seed file."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from seedvault.domain.errors import InvalidInput

_LONGEST_NUMBER = 18  # digits: what a database's 64-bit integer holds


class Tier(Enum):
    """Where seeds were when the HSM took them over: how much a batch has to be trusted."""

    INSIDE = "A"
    NARROW = "B"
    HOST = "C"

    def is_below(self, other: "Tier") -> bool:
        """Whether this is the worse of the two."""
        return self.value > other.value


@dataclass(frozen=True, slots=True)
class Source:
    """The file a batch came from. `sha256` is over the file's octets.

    `signer` is whose signature over all of it was verified, or None. `transport_key` is the label
    of the key on the PKCS#11 token that opened it; None where a key came in another way.
    """

    file_name: str
    sha256: bytes
    format: str
    protection: str
    signer: str | None = None
    transport_key: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that is visible. `held` counts tokens that the vault already had.

    Of its `tokens`, some may be `quarantined`; `refused` counts records left out on request. Only
    what is `exportable` can ever be handed on.
    """

    number: int
    source: Source
    tier: Tier
    imported_at: datetime
    imported_by: str
    tokens: int
    held: int
    quarantined: int = 0
    refused: int = 0
    exportable: bool = False

    @property
    def name(self) -> str:
        """As people write it, `B-0001`."""
        return batch_name(self.number)


def batch_name(number: int) -> str:
    """A batch as people write it, `B-0001`."""
    return f"B-{number:04d}"


def batch_number(name: str) -> int:
    """The number in `B-0001`, `b-1` or `1`."""
    digits = name.strip().upper().removeprefix("B-")
    written = digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER
    if not (written and int(digits) > 0):
        raise InvalidInput(
            f"{name!r} is not a batch name such as B-0001", remedy="See: seedvault batch list"
        )
    return int(digits)
