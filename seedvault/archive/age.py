"""age (age-encryption.org/v1): public keys that encrypt, private ones that decrypt."""

# ruff: noqa: PLC0415 - only backups need it

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Protocol

from seedvault.domain.errors import InvalidInput

if TYPE_CHECKING:
    import pyrage


class Sink(Protocol):
    """What octets are written to."""

    def write(self, octets: bytes, /) -> int: ...
    def flush(self) -> None: ...


_AGE = "age1"
_SSH = ("ssh-ed25519 ", "ssh-rsa ")


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who can open a file: any one of them."""

    names: tuple[str, ...]
    keys: "tuple[pyrage.x25519.Recipient | pyrage.ssh.Recipient, ...]" = field(repr=False)

    def encrypt(self, octets: Iterable[bytes], file: Sink) -> None:
        """Raises whatever `octets` raises, and OSError where the file cannot be written."""
        import pyrage

        source, sink = _Pulled(iter(octets)), _Pushed(file)
        try:
            pyrage.encrypt_io(source, sink, list(self.keys))
        except (OSError, pyrage.EncryptError):
            failure = source.failure or sink.failure  # rage has words only
            if failure is not None:
                raise failure from None
            raise


def recipients_of(texts: Iterable[str]) -> Recipients:
    """Public keys: age's own, or lines of OpenSSH. Raises InvalidInput naming what is none."""
    wanted = tuple(dict.fromkeys(text.strip() for text in texts))
    if not wanted:
        raise InvalidInput(
            "a backup needs a recipient: the public key of whoever may open it",
            remedy="Make a pair (age-keygen -o backup.key), keep backup.key elsewhere, and give "
            "its public key: --recipient age1...",
        )
    return Recipients(wanted, tuple(map(_recipient, wanted)))


@dataclass(frozen=True, slots=True)
class Identities:
    """Private keys, of which one has to fit. They show in no repr."""

    keys: "tuple[pyrage.x25519.Identity | pyrage.ssh.Identity, ...]" = field(repr=False)

    def decrypt(self, file: BinaryIO, sink: Sink) -> None:
        """What was authenticated, chunk by chunk; whether the end is there shows at the end.

        Raises WrongKey, Damaged, or whatever the sink raises.
        """
        import pyrage

        try:
            pyrage.decrypt_io(file, sink, list(self.keys))
        except pyrage.DecryptError as error:
            if str(error).startswith("No matching keys"):
                raise WrongKey from error
            raise Damaged from error
        except OSError as error:
            if error.errno is None:  # not the system's: rage's word for a chunk that is not whole
                raise Damaged from error
            raise


class WrongKey(Exception):
    """None of the private keys opens the file."""


class Damaged(Exception):
    """It was cut off, or changed; or it is no age file."""


def identities_of(octets: bytes) -> Identities:
    """Private keys: lines as age-keygen writes them, or one of OpenSSH's. Raises InvalidInput."""
    import pyrage

    try:
        if octets.lstrip().startswith(b"-----BEGIN"):
            return Identities((pyrage.ssh.Identity.from_buffer(octets),))
        found = tuple(map(pyrage.x25519.Identity.from_str, recipients_in(octets.decode("ascii"))))
    except (pyrage.IdentityError, UnicodeDecodeError) as error:
        raise _no_identity() from error
    if not found:
        raise _no_identity()
    return Identities(found)


def _no_identity() -> InvalidInput:
    return InvalidInput(
        "the identity is no private key of age's, nor one of OpenSSH's without a passphrase",
        remedy="Name the file that age-keygen wrote for the recipient of this backup.",
    )


def recipients_in(text: str) -> Iterator[str]:
    """The lines of a recipients file; those that begin with # are for people."""
    for line in map(str.strip, text.splitlines()):
        if line and not line.startswith("#"):
            yield line


def _recipient(text: str) -> "pyrage.x25519.Recipient | pyrage.ssh.Recipient":
    import pyrage

    make: Callable[[str], pyrage.x25519.Recipient | pyrage.ssh.Recipient]
    if text.startswith(_AGE):
        make = pyrage.x25519.Recipient.from_str
    elif text.startswith(_SSH):
        make = pyrage.ssh.Recipient.from_str
    else:
        raise _no_recipient(text)
    try:
        return make(text)
    except pyrage.RecipientError as error:
        raise _no_recipient(text) from error


def _no_recipient(text: str) -> InvalidInput:
    """A private key may have been given instead: it is not repeated."""
    shown = f"{text[:12]}..." if text.startswith((_AGE, *_SSH)) else "what was given"
    return InvalidInput(
        f"{shown} is no public key that age encrypts to",
        remedy="Give one that begins with age1 (age-keygen -y KEYFILE prints it), with "
        "ssh-ed25519 or with ssh-rsa.",
    )


class _Pulled:
    """Octets as a file to read; `failure` is what their maker raised."""

    def __init__(self, octets: Iterator[bytes]) -> None:
        self._octets = octets
        self._rest = b""
        self.failure: BaseException | None = None

    def read(self, length: int = -1) -> bytes:
        """At most `length` octets; none at the end."""
        if not self._rest:
            try:
                self._rest = next(filter(None, self._octets), b"")
            except BaseException as error:
                self.failure = error
                raise
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken


class _Pushed:
    """A file to write; `failure` is what it raised."""

    def __init__(self, file: Sink) -> None:
        self._file = file
        self.failure: OSError | None = None

    def write(self, octets: bytes) -> int:
        try:
            return self._file.write(octets)
        except OSError as error:
            self.failure = error
            raise

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError as error:
            self.failure = error
            raise
