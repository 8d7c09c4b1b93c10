"""Seed files for others: where the vault's tokens become key packages again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import importers
from seedvault.domain.errors import Conflict, FileRefused, InvalidInput, StorageUnavailable
from seedvault.domain.oath import HotpParameters, TotpParameters
from seedvault.domain.token import Token
from seedvault.service.seed_files import HandedOnSeed, OutgoingFile, Recipient

_AES_256 = 32  # octets


def recipient_of(name: str, key: bytes | None, certificate: bytes | None) -> Recipient:
    """Who is handed seeds: by the octets of a key file, or by a certificate in PEM.

    Raises InvalidInput for a key that is not AES-256, or what is no RSA certificate.
    """
    if key is not None:
        try:
            shared = importers.read_key_file(key, "the recipient's key file")
        except importers.ImporterError as error:
            raise InvalidInput(f"{error.place}: {error.reason}", remedy=error.remedy) from error
        if len(shared) != _AES_256:
            raise InvalidInput(
                f"the recipient's key has {len(shared)} octets",
                remedy="Agree on one of 32 octets: openssl rand -hex 32",
            )
        with shared.expose() as octets:
            return Recipient(name, importers.Cipher.AES_256_CBC.name, bytes(octets))
    return Recipient(
        name, importers.Cipher.RSA_OAEP_SHA1.name, certificate=_der(certificate or b"")
    )


def _der(pem: bytes) -> bytes:
    # cryptography's X.509 takes 30 ms to import.
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415

    try:
        return load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    except ValueError as error:
        raise InvalidInput("the recipient's certificate is no X.509 in PEM") from error


class SeedFileOutbox:
    """The `Outbox` port: PSKC 1.0 files, which appear under their name once they are whole."""

    def check(self, path: Path) -> None:
        """Raises Conflict where there is a file already."""
        if path.exists():
            raise Conflict(
                f"{path} is there already",
                unchanged="Nothing was handed on.",
                remedy="Name another file.",
            )

    @contextmanager
    def writing(
        self, path: Path, recipient: Recipient, mac_key: bytes | None
    ) -> Iterator[OutgoingFile]:
        """Raises StorageUnavailable where the file cannot be written."""
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with _explained(path):
                descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                envelope = importers.Envelope(
                    importers.Cipher[recipient.cipher],
                    recipient.name,
                    mac_key,
                    recipient.certificate,
                )
                with importers.PskcWriter(stream, envelope) as writer:
                    yield _Outgoing(writer, envelope.cipher)
                stream.flush()
                os.fsync(stream.fileno())
            with _explained(path):
                os.link(fresh, path)
        finally:
            with suppress(FileNotFoundError):
                fresh.unlink()


class _Outgoing:
    """The `OutgoingFile` port."""

    def __init__(self, writer: importers.PskcWriter, cipher: importers.Cipher) -> None:
        self._writer = writer
        self._cipher = cipher

    def add(self, token: Token, seed: HandedOnSeed) -> None:
        device = token.device
        record = importers.SeedRecord(
            serial=device.serial.verbatim,
            parameters=_parameters(token),
            seed=importers.EncryptedSeed(seed.value, self._cipher),
            provenance=importers.Provenance(0, 0),
            manufacturer=device.manufacturer,
            model=device.model,
            not_before=device.not_before,
            not_after=device.not_after,
            policy=_policy(token),
        )
        try:
            self._writer.add(record, seed.mac)
        except ValueError as error:
            raise FileRefused(
                str(error),
                unchanged="No file was written.",
                remedy="Hand this batch on in another way.",
            ) from error


def _policy(token: Token) -> importers.Policy | None:
    """How many uses are left."""
    limit = token.device.use_limit
    if limit is None:
        return None
    return importers.Policy(max_transactions=max(0, limit - token.progress.uses))


def _parameters(token: Token) -> importers.Parameters:
    match token.device.counting:
        case HotpParameters(digest, digits):
            return importers.HotpParameters(
                importers.Digest[digest.name], digits, token.progress.next_factor
            )
        case TotpParameters(digest, digits, step_s, t0_s):
            return importers.TotpParameters(
                importers.Digest[digest.name],
                digits,
                step_s,
                drift_steps=token.progress.drift_steps,
                t0_s=t0_s,
            )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(
            f"{path} cannot be written: {error.strerror}",
            unchanged="No file was written.",
            remedy="Name a folder that exists and that you can write to.",
        ) from error
