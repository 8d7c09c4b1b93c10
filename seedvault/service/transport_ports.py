"""What the use cases for transport keys need: where they are known, and where they live."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from seedvault.domain.names import KeyLabel
from seedvault.domain.transport_key import StoredTransportKey, TransportKind
from seedvault.service.key_ports import KeyTransaction, KeyVault


class TransportTransaction(KeyTransaction, Protocol):
    """A write transaction that may change what is known of transport keys."""

    def add_transport_key(self, key: StoredTransportKey) -> None:
        """Raises Conflict where a key was ever called so."""

    def end_transport_key(self, label: KeyLabel, at: datetime) -> None:
        """Raises Conflict where it has ended already."""


class TransportVault(KeyVault, Protocol):
    """The database, and what it knows of transport keys."""

    def transport_keys(self) -> list[StoredTransportKey]:
        """Every one there ever was, by label."""

    def transaction(self) -> AbstractContextManager[TransportTransaction]: ...


@dataclass(frozen=True, slots=True)
class TransportReport:
    """A transport key as the HSM shows it. `public_key`: a pair's, SubjectPublicKeyInfo in DER."""

    label: KeyLabel
    kind: TransportKind
    uses: tuple[str, ...]
    attributes: tuple[tuple[str, bool], ...]
    answer: str
    public_key: bytes | None = None


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """What a key that is brought in is to be; `check_value` must be its own, where it is given."""

    label: KeyLabel
    kind: TransportKind
    check_value: str | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """What one custodian entered, in hexadecimal digits, and its check value. Wiped when read.

    `file`: where it was read; empty where it was typed.
    """

    digits: bytearray = field(repr=False)
    check_value: str = field(repr=False)  # whoever confuses the two has the secret here
    file: str = ""


@dataclass(frozen=True, slots=True)
class Components:
    """A key in two or three components."""

    parts: tuple[Component, ...]

    @property
    def origin(self) -> str:
        """In a word, for lists."""
        return f"{len(self.parts)} components"

    def wipe(self) -> None:
        """Overwrite what was entered."""
        for part in self.parts:
            part.digits[:] = bytes(len(part.digits))


@dataclass(frozen=True, slots=True)
class WrappedFor:
    """A key that was encrypted for a pair in this HSM: RSA-OAEP by that hash."""

    octets: bytes
    opener: KeyLabel
    hash: str

    @property
    def origin(self) -> str:
        """In a word, for lists."""
        return f"wrapped for {self.opener}"

    def wipe(self) -> None:
        """Nothing in it is secret to whoever has not the pair."""


@dataclass(frozen=True, slots=True)
class UnderPassphrase:
    """A key in a JWE under a passphrase, which is wiped when it was used."""

    jwe: bytes
    passphrase: bytearray = field(repr=False)

    @property
    def origin(self) -> str:
        """In a word, for lists."""
        return "JWE under a passphrase"

    def wipe(self) -> None:
        """Overwrite the passphrase."""
        self.passphrase[:] = bytes(len(self.passphrase))


Material = Components | WrappedFor | UnderPassphrase
"""What a key is brought in as; whoever used it wipes it."""


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """A key that was brought in, its check values, and by what way it came into the HSM.

    `inside`: by one on which this process never had it. `cmac` is empty where the key has none;
    `report` is None where the key was only looked at.
    """

    check_value: str
    cmac: str
    way: str
    inside: bool
    report: TransportReport | None


class TransportRoom(Protocol):
    """Where transport keys are made, looked at and destroyed. Raises HsmUnavailable."""

    def refuse_taken(self, label: KeyLabel) -> None:
        """Raises Conflict where the PKCS#11 token has a key of that label."""

    def make_pair(self, label: KeyLabel, kind: TransportKind) -> TransportReport:
        """Raises Conflict as above."""

    def bring_in(self, order: ImportOrder, material: Material, *, keep: bool) -> BroughtIn:
        """Raises Conflict as above, FileRefused where no key comes out or one that is not right."""

    def reports(self, keys: Sequence[StoredTransportKey]) -> list[TransportReport | None]:
        """How the HSM shows each, on one login; None where it is not there once, or another."""

    def destroy(self, label: KeyLabel) -> None:
        """End it, and look that it is gone. Raises NotFound where it is not there."""
