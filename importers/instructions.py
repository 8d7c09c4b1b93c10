"""What the operator says about a seed file that it does not say itself, or should not decide."""

from dataclasses import dataclass
from enum import Enum

from importers.model import MIN_SEED, Digest

_MIN_SHORT_SEED = 10


class Kind(Enum):
    """What the tokens of a file count, for formats that leave it to a form to be filled in."""

    HOTP = "hotp"
    TOTP = "totp"


class Encoding(Enum):
    """How a text file spells seeds."""

    HEX = "hex"
    BASE32 = "base32"
    BASE64 = "base64"


@dataclass(frozen=True, slots=True)
class Instructions:
    """None leaves it to the file; where file and operator both speak and differ, it is refused.

    `format`: the id of a `Format`; the content must still be of that format.
    `skip_bad`: a record that is refused becomes a value, see `SeedFile.on_refusal`.
    `allow_unauthenticated`: encrypted values need neither value MAC nor signature.
    `allow_short`: seeds of 10 to 15 octets pass (RFC 4226 section 4 R6 asks for 16).
    `legacy_macs`: value MACs as drafts made them, by the encryption key.
    `cipher`: what the values are really under, such as "aes256-cbc", where the file says another.
    `signed_by`: certificates (PEM) of which one must have signed the whole file.
    """

    format: str | None = None
    kind: Kind | None = None
    digest: Digest | None = None
    digits: int | None = None
    step_s: int | None = None
    encoding: Encoding | None = None
    skip_bad: bool = False
    allow_unauthenticated: bool = False
    allow_short: bool = False
    legacy_macs: bool = False
    cipher: str | None = None
    signed_by: tuple[bytes, ...] = ()

    @property
    def min_seed(self) -> int:
        """Octets of the shortest seed that passes."""
        return _MIN_SHORT_SEED if self.allow_short else MIN_SEED


NONE = Instructions()
