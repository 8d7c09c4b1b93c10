"""The ways in which a file is opened: every key of the corpus, by a few operators."""

from dataclasses import dataclass
from pathlib import Path

from importers import NONE as AS_IT_IS
from importers import Digest, Encoding, Instructions, Kind, Passphrase, PreSharedKey, Unlock

VECTORS = Path(__file__).parents[1] / "vectors"
_KEYS = {
    "k": b"k" * 16,
    "rfc": bytes.fromhex("12345678901234567890123456789012"),
    "long": bytes(range(32)),
}
PHRASE = "qwerty"  # of RFC 6030's figure 7, and of the archives made here
UNLOCKS = ("plain", *_KEYS, PHRASE)
INSTRUCTIONS = {
    "asis": AS_IT_IS,
    "hotp": Instructions(kind=Kind.HOTP, encoding=Encoding.HEX),
    "totp": Instructions(
        kind=Kind.TOTP,
        digest=Digest.SHA256,
        digits=8,
        step_s=60,
        encoding=Encoding.BASE32,
        skip_bad=True,
    ),
    "mild": Instructions(
        kind=Kind.TOTP,
        skip_bad=True,
        allow_unauthenticated=True,
        allow_short=True,
        legacy_macs=True,
    ),
    "signed": Instructions(signed_by=((VECTORS / "xmldsig" / "maker.pem").read_bytes(),)),
}


@dataclass(frozen=True, slots=True)
class Setup:
    """A key, if any, and what the operator says, both by their names here."""

    unlock: str
    instructions: str

    def __str__(self) -> str:
        return f"{self.unlock}-{self.instructions}"

    @staticmethod
    def named(name: str) -> "Setup":
        """The setup that prints like this."""
        unlock, _, instructions = name.partition("-")
        return Setup(unlock, instructions)

    def open_with(self) -> Unlock | None:
        """The key, made anew: a reader may wipe it."""
        if self.unlock == PHRASE:
            return Passphrase(PHRASE)
        return PreSharedKey(_KEYS[self.unlock]) if self.unlock in _KEYS else None


SETUPS = tuple(Setup(unlock, said) for unlock in UNLOCKS for said in INSTRUCTIONS)
