"""What the use cases for the vault's own keys need: where they are known, and where made."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from seedvault.domain.vault_key import KeyPurpose, KeysInUse, StoredKey
from seedvault.service.policy_ports import PolicyKeys, PolicyTransaction, PolicyVault
from seedvault.service.ports import Fingerprint, Keys, StoredToken, TakenSeed


class KeyTransaction(PolicyTransaction, Protocol):
    """A write transaction that may change the vault's keys."""

    def refuse_imports(self) -> None:
        """Raises Conflict where any import is under way; none begins before this ends."""

    def rekey(self, seen: StoredToken, now: StoredToken, fingerprint: Fingerprint) -> bool:
        """Write a token's seed and seal under other keys; whether it was still `seen`."""

    def add_key(self, key: StoredKey) -> None:
        """A new key; if it is `in_use`, instead of the one that was. Raises Conflict."""

    def replace_copy(self, key: StoredKey) -> None:
        """Write a key's copy, and which shares open it."""

    def forget_key(self, name: str) -> None:
        """Raises Conflict where a token, visible or on its way in, or the rules' seal needs it."""


class KeyVault(PolicyVault, Protocol):
    """The database, and the vault's keys in it."""

    def vault_keys(self) -> list[StoredKey]:
        """The vault's keys, those in use and those that something may still need, by name."""

    def key_references(self) -> dict[str, int]:
        """How many tokens, visible or staged, need each key."""

    def to_rekey(self, target: KeysInUse, after: int, limit: int) -> list[tuple[int, str]]:
        """Row and serial of tokens made with other keys than `target`, beyond a row."""

    def transaction(self) -> AbstractContextManager[KeyTransaction]: ...
    def ceremony(self, patience_s: float) -> AbstractContextManager[None]:
        """A block that no other node of this vault holds a ceremony in.

        Raises Conflict where another stays in it longer than `patience_s`.
        """


@dataclass(frozen=True, slots=True)
class KeyReport:
    """A key as the HSM shows it. `attributes` are PKCS#11's, by name."""

    name: str
    purpose: KeyPurpose
    kind: str
    uses: tuple[str, ...]
    identifier: str
    attributes: tuple[tuple[str, bool], ...]
    check_value: str


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key just made in the HSM, and its copy under the recovery key where there is one."""

    report: KeyReport
    copy: bytes | None


class Recovery(Protocol):
    """A recovery key that custodians brought back, or that was just made: never its octets."""

    @property
    def set_id(self) -> str:
        """Which set of shares it is of."""


class Mover(Protocol):
    """Moves seeds under the keys in use; see `MovingKeys`."""

    def move(self, stored: StoredToken) -> TakenSeed:
        """The token's seed under the KEK in use, marked by the fingerprint key in use."""


class MovingKeys(Keys, PolicyKeys, Protocol):
    """The HSM, when seeds move from one key to another inside it."""

    def moving(
        self, retired: Sequence[StoredKey], recovery: Recovery | None
    ) -> AbstractContextManager[Mover]:
        """Opens the copies of retired KEKs for as long as the block lasts.

        Raises NotAllowed where the recovery key is not the one they were made under.
        """


class KeyRoom(Protocol):
    """Where the vault's keys are made, looked at and destroyed. Raises HsmUnavailable."""

    def holds(self, name: str) -> bool:
        """Whether there is an object of that name, known to the vault or not."""

    def prove(self, keys: Sequence[StoredKey], recovery: Recovery) -> None:
        """Raises NotAllowed unless the recovery key opens the copies of `keys`."""

    def recopy(self, keys: Sequence[StoredKey], old: Recovery, new: Recovery) -> list[StoredKey]:
        """The same keys with copies under another recovery key. Raises NotAllowed as above."""

    def make(self, names: Sequence[str], recovery: Recovery | None) -> list[MadeKey]:
        """Keys of these names, all of them or none."""

    def restore(self, keys: Sequence[StoredKey], recovery: Recovery) -> list[KeyReport]:
        """Keys out of their copies, all of them or none. Raises NotAllowed as above."""

    def seen(self, names: Sequence[str]) -> dict[str, KeyReport | str]:
        """What each key is in the HSM, or why there is no telling."""

    def report(self, name: str) -> KeyReport:
        """Raises NotFound where the key is not there."""

    def public_key(self, name: str) -> bytes:
        """A checkpoint key's, SubjectPublicKeyInfo in DER. Raises NotFound as above."""

    def destroy(self, name: str) -> None:
        """End the key in the HSM. Raises NotFound where it is not there."""
