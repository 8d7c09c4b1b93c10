"""Manufacturers' seed files in, authenticated seed records out.

    with open(path, "rb") as source, open_seed_file(source, unlock, name=path.name) as file:
        for record in file:
            ...

Knows no vault, no HSM and no SQL. Values that a file encrypts are authenticated here and stay
encrypted: `SeedFile.transport_key` is for whoever may decrypt them.
"""

from importers.errors import (
    ImporterError,
    IntegrityFailure,
    KeyMissing,
    LimitExceeded,
    Malformed,
    Place,
    UnknownFormat,
    Unsupported,
    WrongKey,
)
from importers.header import (
    Cipher,
    Header,
    MacAlgorithm,
    Plain,
    Protection,
    TransportKey,
    UnderPassphrase,
    UnderPreSharedKey,
)
from importers.limits import Limits
from importers.model import (
    Digest,
    EncryptedSeed,
    HotpParameters,
    PlainSeed,
    Provenance,
    SeedRecord,
    TotpParameters,
    WarningCode,
)
from importers.registry import open_source
from importers.seed_file import SeedFile, Warned
from importers.source import Octets, Source
from importers.unlock import KeyForm, Passphrase, PreSharedKey, Unlock, read_key_file

__all__ = [
    "Cipher",
    "Digest",
    "EncryptedSeed",
    "Header",
    "HotpParameters",
    "ImporterError",
    "IntegrityFailure",
    "KeyForm",
    "KeyMissing",
    "LimitExceeded",
    "Limits",
    "MacAlgorithm",
    "Malformed",
    "Octets",
    "Passphrase",
    "Place",
    "Plain",
    "PlainSeed",
    "PreSharedKey",
    "Protection",
    "Provenance",
    "SeedFile",
    "SeedRecord",
    "TotpParameters",
    "TransportKey",
    "UnderPassphrase",
    "UnderPreSharedKey",
    "UnknownFormat",
    "Unlock",
    "Unsupported",
    "Warned",
    "WarningCode",
    "WrongKey",
    "open_seed_file",
    "read_key_file",
]

_DEFAULT_LIMITS = Limits()


def open_seed_file(
    source: Octets, unlock: Unlock | None, *, name: str, limits: Limits = _DEFAULT_LIMITS
) -> SeedFile:
    """The seed file in `source`, its format known by its content, opened with `unlock`.

    Reads up to the end of the first key package. `name` stands for the file in errors.

    Raises:
        UnknownFormat: no reader here knows it.
        WrongKey: `unlock` is missing, of another kind, or does not open this file.
        ImporterError: any other reason to refuse it, see `importers.errors`.
    """
    return open_source(Source(source, name, limits), unlock)
