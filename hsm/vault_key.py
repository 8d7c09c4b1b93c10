"""The keys of a vault on its PKCS#11 token: what each is for, its version, how it is found."""

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, lru_cache
from typing import Final

from hsm.errors import KeyNotFound
from hsm.templates import Cka, Cko, Template


class Purpose(Enum):
    """What a key is for: the letter its names begin with, its words, and its CKA_ID's stem."""

    KEK = ("k", "KEK", "seedvault/kek/k")
    SEAL = ("s", "seal key", "seedvault/seal/")
    FINGERPRINT = ("f", "fingerprint key", "seedvault/fingerprint/")
    CHECKPOINT = ("c", "checkpoint key", "seedvault/checkpoint/")
    CHECKPOINT_PUBLIC = ("p", "public half of the checkpoint key", "seedvault/checkpoint/")
    EXPORT = ("x", "export key", "seedvault/export/")

    def __init__(self, letter: str, words: str, stem: str) -> None:
        self.letter = letter
        self.words = words
        self.stem = stem

    @cached_property
    def object_class(self) -> Cko:
        """The class of the PKCS#11 object."""
        halves = {"CHECKPOINT": Cko.PRIVATE_KEY, "CHECKPOINT_PUBLIC": Cko.PUBLIC_KEY}
        return halves.get(self.name, Cko.SECRET_KEY)


@dataclass(frozen=True, slots=True)
class VaultKey:
    """One key, such as KEK version 2, which is called k2."""

    purpose: Purpose
    version: int
    name: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", f"{self.purpose.letter}{self.version}")

    def __str__(self) -> str:
        return self.name

    @property
    def identifier(self) -> bytes:
        """Its CKA_ID: labels are not unique."""
        return f"{self.purpose.stem}{self.version}".encode()

    @property
    def label(self) -> str:
        """Its CKA_LABEL, for people."""
        return f"Seedvault {self.purpose.words} {self.name}"

    @property
    def locator(self) -> Template:
        """What finds it, and should find it once."""
        return Template(
            (Cka.CLASS, self.purpose.object_class), (Cka.TOKEN, True), (Cka.ID, self.identifier)
        )

    @property
    def next(self) -> "VaultKey":
        """The key that takes its place."""
        return VaultKey(self.purpose, self.version + 1)


_PURPOSES: Final = {
    purpose.letter: purpose for purpose in Purpose if purpose is not Purpose.CHECKPOINT_PUBLIC
}


@lru_cache(maxsize=64)
def named(name: str) -> VaultKey:
    """The key of a name such as k2.

    Raises:
        KeyNotFound: no key is called so.
    """
    purpose, digits = _PURPOSES.get(name[:1]), name[1:]
    if purpose is None or not (digits.isascii() and digits.isdigit() and digits[0] != "0"):
        raise KeyNotFound(f"no key of a vault is called {name!r}: names are such as k1 and s2")
    return VaultKey(purpose, int(digits))


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys that new seeds are wrapped, sealed and marked under; older ones only open."""

    kek: VaultKey = VaultKey(Purpose.KEK, 1)
    seal: VaultKey = VaultKey(Purpose.SEAL, 1)
    fingerprint: VaultKey = VaultKey(Purpose.FINGERPRINT, 1)
    checkpoint: VaultKey = VaultKey(Purpose.CHECKPOINT, 1)
    export: VaultKey = VaultKey(Purpose.EXPORT, 1)

    @property
    def checkpoint_public(self) -> VaultKey:
        """The half that verifies."""
        return VaultKey(Purpose.CHECKPOINT_PUBLIC, self.checkpoint.version)

    @property
    def required(self) -> tuple[VaultKey, ...]:
        """What must be there: the export key came later, and is missed when it is needed."""
        return (self.kek, self.seal, self.fingerprint, self.checkpoint, self.checkpoint_public)

    @property
    def made(self) -> tuple[VaultKey, ...]:
        """Every key that a ceremony makes; a pair is one."""
        return (self.kek, self.seal, self.fingerprint, self.checkpoint, self.export)

    @property
    def objects(self) -> tuple[VaultKey, ...]:
        """Every object of theirs."""
        return (*self.made, self.checkpoint_public)


FIRST: Final = Keyring()
"""What a new vault begins with."""
