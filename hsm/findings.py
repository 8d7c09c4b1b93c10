"""What an examination found: checks, weaknesses, tiers, and whether a vault can be held."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from hsm.errors import Policy, Unsupported
from hsm.facts import ModuleFacts
from hsm.model import Cipher, Tier
from hsm.wrapping import Wrapping


class Outcome(Enum):
    """What came of a check. ERROR is neither: the module gave an answer that means nothing."""

    YES = "yes"
    NO = "no"
    ERROR = "error"


class Topic(Enum):
    """What a check is about; the word that its names go on from."""

    COMPUTES = "computes"
    WRAPS = "wraps"
    DECRYPTS = "decrypts"
    INSIDE = "inside itself"
    KEEPS = "keeps"
    REFUSES = "refuses"


class Weakness(Enum):
    """What a module fails to enforce, and what that means to the vault."""

    WRAPS_ANYTHING = (
        "wraps-anything",
        (
            "it wraps keys that are marked as not extractable, so that whoever has the PIN "
            "can take the vault's own keys out, and with them every seed"
        ),
    )
    UNWRAPS_READABLE = (
        "unwraps-readable",
        (
            "it unwraps a seed as readable, so that whoever has the PIN and the database "
            "can read every seed"
        ),
    )
    KEK_DECRYPTS = (
        "kek-decrypts",
        (
            "it encrypts or decrypts under a key that may only wrap, so that whoever has the PIN "
            "and the database can read every seed"
        ),
    )
    CHANGES_KEYS = (
        "changes-keys",
        (
            "it changes a key that is marked as not modifiable, so that whoever has the PIN can "
            "give the KEK more uses, and then read every seed"
        ),
    )
    OPENS_CHANGED = (
        "opens-changed",
        (
            "it opens a changed blob as another seed, so that nothing but the seal of the token's "
            "row, which is checked before, tells that somebody changed it"
        ),
    )

    def __init__(self, word: str, meaning: str) -> None:
        self.word = word
        self.meaning = meaning


@dataclass(frozen=True, slots=True)
class Check:
    """One question that was put to the module. `code` is what it returned instead of doing it."""

    topic: Topic
    name: str
    outcome: Outcome
    code: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Report:
    """A module and its PKCS#11 token, examined.

    `lacking` names what a vault needs and is not there. `verify_tier` is None where codes cannot
    be computed inside the module: no vault is made on such a one, tier C is not offered.
    `guards_unwrapping`: a KEK's CKA_UNWRAP_TEMPLATE is taken and enforced. `signs_ecdsa`: the
    checkpoint key can be ECDSA P-256.
    """

    facts: ModuleFacts
    checks: tuple[Check, ...]
    wrapping: Wrapping | None
    import_tier: Tier
    verify_tier: Tier | None
    weaknesses: tuple[Weakness, ...]
    lacking: tuple[str, ...]
    by_software: tuple[Cipher, ...]
    guards_unwrapping: bool
    signs_ecdsa: bool

    @property
    def is_fit(self) -> bool:
        """Whether it can hold a vault, its weaknesses set aside."""
        return not self.lacking


@dataclass(frozen=True, slots=True)
class Demands:
    """What a module has to reach before a vault is made on it."""

    min_tier: Tier = Tier.NARROW
    accept_weaknesses: bool = False

    def refuse(self, report: Report) -> None:
        """Return only where the module reaches it.

        Raises:
            Unsupported: it lacks what a vault needs.
            Policy: it imports by a worse tier, or has weaknesses that nobody accepted.
        """
        where = f"{report.facts.token_label!r} of {report.facts.library}"
        if report.lacking:
            raise Unsupported(
                f"{where} lacks {', '.join(report.lacking)}: this module cannot hold a vault"
            )
        if report.import_tier.value > self.min_tier.value:
            raise Policy(
                f"{where} imports by tier {report.import_tier.value}, and min_tier = "
                f'"{self.min_tier.value}" asks for better. No key was made'
            )
        if report.weaknesses and not self.accept_weaknesses:
            named = "".join(f"\n- {each.word}: {each.meaning}" for each in report.weaknesses)
            raise Policy(f"{where} does not enforce all that it should:{named}\nNo key was made")


STRICT_DEMANDS: Final = Demands()
