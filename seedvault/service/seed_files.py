"""What the use cases need of seed files: those that come in, and those that are handed on."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NewType, Protocol

from seedvault.domain.batch import Source
from seedvault.domain.fips import Protected
from seedvault.domain.oath import Digest
from seedvault.domain.token import Device, InStock, Quarantined, Token

DeliveredSeed = NewType("DeliveredSeed", object)
"""A seed as the file holds it. Only `Keys` looks inside."""

DeliveredKey = NewType("DeliveredKey", object)
"""The transport key that opens a file's seeds. Only `Keys` looks inside."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One token as a seed file delivers it. Its line counts from 1.

    `user` is whom the file names for it: a proposal, to be looked at before anyone acts on it.
    """

    token: InStock | Quarantined
    seed: DeliveredSeed
    line: int
    user: str | None = None

    @property
    def device(self) -> Device:
        """What the file says of the token."""
        return self.token.device


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """One record of a file that cannot be taken over, and why. `serial` as the file has it."""

    serial: str | None
    line: int | None
    reason: str


class OpenedSeedFile(Protocol):
    """A seed file whose format and key are known; iterating authenticates and yields its tokens."""

    @property
    def source(self) -> Source: ...

    @property
    def summary(self) -> Sequence[str]:
        """What staff should know of the file's protection, a sentence each."""

    @property
    def protected(self) -> Protected:
        """How its seeds are protected, as the rules of `require_fips` ask for it."""

    @property
    def position(self) -> int:
        """Octets read so far, for a progress bar."""

    @property
    def warnings(self) -> Sequence[str]:
        """Complete after the last token."""

    @property
    def authenticated(self) -> bool:
        """Whether its encrypted values are shown to be unchanged: by MACs, or by a signature."""

    @property
    def transport_key(self) -> DeliveredKey | None:
        """None where the seeds stand in the file in the clear."""

    def __iter__(self) -> Iterator[Delivered | RefusedRecord]:
        """Refused records only on terms that say `skip_bad`; else the first is raised."""


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A private key that the HSM holds, by its label. `decrypt` takes a cipher's name and a value,
    gives the key of a file's value MACs, and raises ValueError where there is none.
    """

    label: str
    decrypt: Callable[[str, bytes], bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SeedFileKey:
    """What came in the second envelope: the octets of a key file, or a passphrase. Never shown.

    `held` stands for all of it where the key lives in the HSM. A `key_file` may be an AES key or
    a private key in PEM, which `passphrase` then opens.
    `container_passphrase` and `pgp_key`, which it may open, are for what a file is wrapped in.
    """

    key_file: bytes | None = field(default=None, repr=False)
    passphrase: str | None = field(default=None, repr=False)
    container_passphrase: str | None = field(default=None, repr=False)
    pgp_key: bytes | None = field(default=None, repr=False)
    held: HeldKey | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What the operator says of a file, and on which terms it may come in. None: the file decides.

    `kind` is "hotp" or "totp"; `encoding` is "hex", "base32" or "base64"; `cipher` is what values
    are really under, such as "aes256-cbc"; `signed_by` are PEM certificates of which one must have
    signed the file. `exportable` can be said at import only.
    """

    format: str | None = None
    kind: str | None = None
    digest: Digest | None = None
    digits: int | None = None
    step_s: int | None = None
    encoding: str | None = None
    cipher: str | None = None
    signed_by: tuple[bytes, ...] = ()
    unwrap: bool = False
    skip_bad: bool = False
    allow_unauthenticated: bool = False
    allow_short: bool = False
    legacy_macs: bool = False
    exportable: bool = False
    dry_run: bool = False


NO_TERMS = Terms()


class Intake(Protocol):
    """Opens seed files. Raises FileRefused, naming line and serial."""

    def open(
        self, path: Path, key: SeedFileKey, now: datetime, terms: Terms = NO_TERMS
    ) -> AbstractContextManager[OpenedSeedFile]: ...


# --- handing on ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to whom seeds are handed on, by a key of theirs: `key` is never shown.

    `cipher` is "AES_256_CBC" with a pre-shared `key` of 32 octets, or "RSA_OAEP_SHA1" with a
    `certificate` (DER).
    """

    name: str
    cipher: str
    key: bytes | None = field(default=None, repr=False)
    certificate: bytes | None = None

    @property
    def means(self) -> str:
        """How, in words."""
        return self.cipher.replace("_", "-")


@dataclass(frozen=True, slots=True)
class HandedOnSeed:
    """A seed under a recipient's key, and the value's MAC where the cipher needs one."""

    value: bytes
    mac: bytes | None


class OutgoingFile(Protocol):
    """A seed file that is being written for somebody else."""

    def add(self, token: Token, seed: HandedOnSeed) -> None: ...


class Outbox(Protocol):
    """Writes seed files. What a block that raises has written is gone."""

    def check(self, path: Path) -> None:
        """Raises Conflict where there is a file already."""

    def writing(
        self, path: Path, recipient: Recipient, mac_key: bytes | None
    ) -> AbstractContextManager[OutgoingFile]: ...
