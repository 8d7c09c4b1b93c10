"""What each of the three modules is known to be, in the versions of Debian 12."""

from dataclasses import dataclass

from hsm import BlobFormat, Tier, Way, Weakness


@dataclass(frozen=True, slots=True)
class Expected:
    """What one module is known to be."""

    format: BlobFormat
    tier: Tier
    weaknesses: frozenset[Weakness]
    checkpoint: str
    exports: bool
    strange_padding: Tier
    """By which tier a value comes in whose padding is XML Encryption's, not PKCS#7's."""
    wipes: bool = True
    """Whether it overwrites what it destroyed: its memory is this process's."""
    wrapped_keys: tuple[Way, Way] = (Way.INSIDE, Way.INSIDE)
    """By what way a key comes in that was wrapped by RSA-OAEP, and by RSA-AES key wrap."""


EXPECTED = {
    "softhsm": Expected(
        BlobFormat.AES_KW, Tier.NARROW, frozenset(), "ECDSA P-256", True, Tier.NARROW
    ),
    "nss": Expected(
        BlobFormat.AES_KW,
        Tier.INSIDE,
        frozenset({Weakness.WRAPS_ANYTHING, Weakness.UNWRAPS_READABLE}),
        "ECDSA P-256",
        True,
        Tier.NARROW,
    ),
    "opencryptoki": Expected(
        BlobFormat.AES_CBC_PAD,
        Tier.INSIDE,
        frozenset({Weakness.UNWRAPS_READABLE, Weakness.OPENS_CHANGED}),
        "RSA-3072",
        False,
        Tier.INSIDE,
        wipes=False,
        wrapped_keys=(Way.BY_PAGE, Way.BY_PAGE),
    ),
}
