"""The vault's own keys, by name: what each is for, and which are in use."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class KeyPurpose(Enum):
    """What a key is for. Its name is the letter and a version, such as k2."""

    KEK = ("kek", "k", "KEK")
    SEAL = ("seal", "s", "seal key")
    FINGERPRINT = ("fingerprint", "f", "fingerprint key")
    CHECKPOINT = ("checkpoint", "c", "checkpoint key")
    EXPORT = ("export", "x", "export key")

    def __init__(self, code: str, letter: str, words: str) -> None:
        self.code = code
        self.letter = letter
        self.words = words

    @classmethod
    def coded(cls, code: str) -> "KeyPurpose":
        """The purpose that `code` stands for. Raises ValueError where there is none."""
        for purpose in cls:
            if purpose.code == code:
                return purpose
        raise ValueError(f"no key is for {code!r}")


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as the database knows it.

    `copy` is the key under a recovery key, whose shares are called `recovery`. A key made before
    these were kept has neither, nor a `check_value`.
    """

    name: str
    purpose: KeyPurpose
    in_use: bool
    created_at: datetime
    check_value: str | None = None
    copy: bytes | None = field(default=None, repr=False)
    recovery: str | None = None

    @property
    def version(self) -> int:
        """The number in its name."""
        return int(self.name[1:])


@dataclass(frozen=True, slots=True)
class KeysInUse:
    """The names of the keys that new seeds are wrapped, sealed and marked under."""

    kek: str
    seal: str
    fingerprint: str
    checkpoint: str

    def of(self, purpose: KeyPurpose) -> str:
        """The key in use for a purpose, which is not the export key's."""
        name: str = getattr(self, purpose.code)
        return name


def in_use(keys: list[StoredKey]) -> KeysInUse:
    """Which of a vault's keys are in use. Raises KeyError where one is missing."""
    names = {key.purpose: key.name for key in keys if key.in_use}
    return KeysInUse(
        names[KeyPurpose.KEK],
        names[KeyPurpose.SEAL],
        names[KeyPurpose.FINGERPRINT],
        names[KeyPurpose.CHECKPOINT],
    )
