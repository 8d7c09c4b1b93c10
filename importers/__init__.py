"""Manufacturers' seed files in, authenticated seed records out.

    with open(path, "rb") as source, open_seed_file(source, unlock, name=path.name) as file:
        for record in file:
            ...

Knows no vault, no HSM and no SQL. Values that a file encrypts are authenticated here and stay
encrypted: `SeedFile.transport_key` is for whoever may decrypt them.
"""

from importers.cipher import Cipher, Mode
from importers.containers import Bounds, ContainerUnlock, PgpKey, Wrapper, unwrap, wrapper_of
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
from importers.format import Feature, FieldNote, Format
from importers.header import (
    CertificateName,
    Header,
    HeldTransportKey,
    MacAlgorithm,
    Plain,
    Protection,
    TransportKey,
    UnderCertificate,
    UnderPassphrase,
    UnderPreSharedKey,
)
from importers.instructions import NONE, Encoding, Instructions, Kind
from importers.limits import Limits
from importers.model import (
    Digest,
    EncryptedSeed,
    HotpParameters,
    OcraParameters,
    Parameters,
    PinParameters,
    PinPolicy,
    PinUsage,
    PlainSeed,
    Policy,
    Provenance,
    SeedRecord,
    TotpParameters,
    WarningCode,
    YubicoOtpParameters,
)
from importers.pskc.writer import Envelope, PskcWriter
from importers.registry import FORMATS, open_source
from importers.seed_file import Refused, SeedFile, Warned
from importers.source import Octets, Source
from importers.unlock import (
    HeldKey,
    KeyForm,
    Passphrase,
    PreSharedKey,
    PrivateKey,
    Unlock,
    read_key_file,
    read_private_key,
)

__all__ = [
    "FORMATS",
    "NONE",
    "Bounds",
    "CertificateName",
    "Cipher",
    "ContainerUnlock",
    "Digest",
    "Encoding",
    "EncryptedSeed",
    "Envelope",
    "Feature",
    "FieldNote",
    "Format",
    "Header",
    "HeldKey",
    "HeldTransportKey",
    "HotpParameters",
    "ImporterError",
    "Instructions",
    "IntegrityFailure",
    "KeyForm",
    "KeyMissing",
    "Kind",
    "LimitExceeded",
    "Limits",
    "MacAlgorithm",
    "Malformed",
    "Mode",
    "OcraParameters",
    "Octets",
    "Parameters",
    "Passphrase",
    "PgpKey",
    "PinParameters",
    "PinPolicy",
    "PinUsage",
    "Place",
    "Plain",
    "PlainSeed",
    "Policy",
    "PreSharedKey",
    "PrivateKey",
    "Protection",
    "Provenance",
    "PskcWriter",
    "Refused",
    "SeedFile",
    "SeedRecord",
    "TotpParameters",
    "TransportKey",
    "UnderCertificate",
    "UnderPassphrase",
    "UnderPreSharedKey",
    "UnknownFormat",
    "Unlock",
    "Unsupported",
    "Warned",
    "WarningCode",
    "Wrapper",
    "WrongKey",
    "YubicoOtpParameters",
    "open_seed_file",
    "read_key_file",
    "read_private_key",
    "unwrap",
    "wrapper_of",
]

_DEFAULT_LIMITS = Limits()


def open_seed_file(
    source: Octets,
    unlock: Unlock | None,
    *,
    name: str,
    limits: Limits = _DEFAULT_LIMITS,
    instructions: Instructions = NONE,
) -> SeedFile:
    """The seed file in `source`, its format known by its content, opened with `unlock`.

    Reads up to the end of the first key package. `name` stands for the file in errors.
    `instructions` are the operator's. Where they name certificates (`signed_by`), the signature is
    verified first, which takes a `source` that can `seek`, and nothing but what it covers is read.

    Raises:
        UnknownFormat: no reader here knows it.
        WrongKey: `unlock` is missing, of another kind, or does not open this file.
        ImporterError: any other reason to refuse it, see `importers.errors`.
    """
    if not instructions.signed_by:
        return open_source(Source(source, name, limits), unlock, instructions)
    # Only here: signxml and lxml take 60 ms to load, and most commands have nothing to verify.
    from importers.pskc.signature import verified  # noqa: PLC0415

    signed = verified(source, name, limits, instructions.signed_by)
    file = open_source(signed.source, unlock, instructions)
    file.signer = signed.signer
    return file
