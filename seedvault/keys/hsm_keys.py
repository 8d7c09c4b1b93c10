"""Seeds and seals in an HSM: where `hsm`, which knows no token, meets the vault's tokens."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from types import TracebackType

import hsm
from seedvault.domain.batch import Tier
from seedvault.domain.errors import NotAllowed, SealBroken
from seedvault.domain.oath import Digest, Mac
from seedvault.domain.policy_rule import Standing
from seedvault.domain.rule_set import RuleSet
from seedvault.domain.token import Token
from seedvault.domain.vault_key import StoredKey
from seedvault.keys.failures import translated, vault_error
from seedvault.service.key_ports import Mover, Recovery
from seedvault.service.policy_seal import rules_altered, sealed_rules
from seedvault.service.ports import (
    Fingerprint,
    Handler,
    Seal,
    SeedTaker,
    StoredToken,
    TakenSeed,
    WrappedSeed,
)
from seedvault.service.seal import may_be_sealed, sealed_octets
from seedvault.service.seed_files import (
    NO_TERMS,
    HandedOnSeed,
    OpenedSeedFile,
    Recipient,
    Terms,
)

_DIGESTS = {digest: hsm.Digest[digest.name] for digest in Digest}


@dataclass(frozen=True, slots=True)
class HsmKeys:
    """The `Keys` port over one logged-in keystore; no seed comes in by less than `min_tier`."""

    keystore: hsm.Keystore
    vault_id: str
    min_tier: Tier = Tier.NARROW

    @property
    def import_tier(self) -> Tier:
        with translated():
            return Tier(self.keystore.capabilities.import_tier.value)

    @property
    def module(self) -> str:
        with translated():
            return self.keystore.capabilities.library

    @property
    def by_software(self) -> frozenset[str]:
        with translated():
            return frozenset(map(str, self.keystore.capabilities.by_software))

    @contextmanager
    def taking_from(self, file: OpenedSeedFile, terms: Terms = NO_TERMS) -> Iterator[SeedTaker]:
        """A taker that holds the file's transport key in the module for as long as it lives."""
        # Only here: `importers` and its readers take 100 ms to load.
        from seedvault.keys.taking import Taker, hsm_terms, transport_key  # noqa: PLC0415

        if self.import_tier.is_below(self.min_tier):
            raise NotAllowed(
                f"{self.module} imports by tier {self.import_tier.value}, and min_tier = "
                f'"{self.min_tier.value}" asks for better',
                unchanged="Nothing was imported.",
                remedy="Use a module that reaches it (seedvault doctor), or lower min_tier.",
            )
        given = hsm_terms(terms, self.min_tier, authenticated=file.authenticated)
        with translated(), ExitStack() as held:
            transport = transport_key(self.keystore, file.transport_key, held)
            with closing(Taker(self.keystore, transport, given)) as taker:
                yield taker

    @contextmanager
    def moving(self, retired: Sequence[StoredKey], recovery: Recovery | None) -> Iterator[Mover]:
        """Moves seeds out from under retired KEKs, whose copies the recovery key opens."""
        # Only here: ceremonies load more.
        from seedvault.keys.key_room import of_this_recovery, recovery_key  # noqa: PLC0415

        copies = {key.name: key.copy for key in retired if key.copy is not None}
        opener = recovery_key(recovery) if recovery else None
        opened = self.keystore.rewrapper(copies, opener)
        with translated(), ExitStack() as held:
            with of_this_recovery():
                rewrapper = held.enter_context(opened)
            yield _Mover(self.keystore, rewrapper)

    @contextmanager
    def handing_on(self, recipient: Recipient) -> Iterator[Handler]:
        """A handler that holds the recipient's key in the module for as long as it lives."""
        key = recipient.key if recipient.certificate is None else _public_key(recipient.certificate)
        cipher = hsm.Cipher[recipient.cipher]
        with _handing(), self.keystore.recipient(cipher, key or b"") as known:
            yield _Handler(self.keystore, known)

    def decrypt_mac_key(self, label: str, cipher: str, value: bytes) -> bytes:
        with translated():
            try:
                key = self.keystore.transport_key_by_label(hsm.Cipher[cipher], label)
                return bytes(self.keystore.decrypt_mac_key(key, value))
            except hsm.Integrity as error:
                raise ValueError("it does not decrypt") from error

    def check(self, stored: StoredToken) -> None:
        forms = may_be_sealed(self.vault_id, stored)
        with translated():
            whole = any(self._seal_matches(octets, stored.seal) for octets in forms)
        if not whole:
            raise SealBroken(
                f"the seal of {stored.token.device.serial} does not match its row: "
                "the database was changed by something other than Seedvault",
                unchanged="Its seed was not opened and no failure was counted.",
                remedy="Keep the database as evidence, and restore this token from a backup.",
            )

    def _seal_matches(self, octets: bytes, seal: Seal) -> bool:
        """A row may name a key that is not there; that the one in use is missing is no row's fault.

        A seal key is destroyed only when no row names it.
        """
        try:
            return self.keystore.seal_matches(octets, seal.octets, seal.key)
        except hsm.KeyNotFound:
            if seal.key == self.keystore.keyring.seal.name:
                raise
            return False

    def open(self, stored: StoredToken) -> AbstractContextManager[Mac]:
        self.check(stored)
        digest = _DIGESTS[stored.token.device.parameters.digest]
        with translated():
            return _Opened(self.keystore.open(_wrapped_key(stored.wrapped), digest))

    def seal(
        self,
        token: Token,
        wrapped: WrappedSeed,
        revision: int,
        standing: Standing | None = None,
    ) -> Seal:
        return self._seal(sealed_octets(self.vault_id, token, wrapped, revision, standing))

    def seal_rules(self, rules: RuleSet) -> Seal:
        return self._seal(sealed_rules(self.vault_id, rules))

    def check_rules(self, rules: RuleSet, seal: Seal) -> None:
        with translated():
            whole = self._seal_matches(sealed_rules(self.vault_id, rules), seal)
        if not whole:
            raise rules_altered("their seal does not match")

    def _seal(self, octets: bytes) -> Seal:
        with translated():
            made = self.keystore.seal(octets)
        return Seal(made, self.keystore.keyring.seal.name)


class _Mover:
    """The `Mover` port over a keystore and the retired KEKs it has opened."""

    __slots__ = ("_keystore", "_rewrapper")

    def __init__(self, keystore: hsm.Keystore, rewrapper: hsm.Rewrapper) -> None:
        self._keystore = keystore
        self._rewrapper = rewrapper

    def move(self, stored: StoredToken) -> TakenSeed:
        wrapped = stored.wrapped
        ring, key = self._keystore.keyring, _wrapped_key(wrapped)
        with translated():
            if key.kek_id == ring.kek.name:
                octets = self._keystore.fingerprint(key)
            else:
                moved = self._rewrapper.rewrap(key)
                octets, key = moved.fingerprint, moved.key
        now = WrappedSeed(int(key.format), key.kek_id, key.length, key.blob, wrapped.export_blob)
        return TakenSeed(now, Fingerprint(octets, ring.fingerprint.name))


class _Opened:
    """An opened seed as the MAC function it is to the vault."""

    __slots__ = ("_key", "_opened")

    def __init__(self, key: AbstractContextManager[hsm.MacKey]) -> None:
        self._key = key

    def __call__(self, message: bytes) -> bytes:
        return self._opened.mac(message)

    def many(self, messages: Sequence[bytes]) -> list[bytes]:
        return self._opened.macs(messages)

    def __enter__(self) -> Mac:
        with translated():
            self._opened = self._key.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with translated():
            self._key.__exit__(kind, error, trace)
        if isinstance(error, hsm.HsmError):
            raise vault_error(error) from error


class _Handler:
    """The `Handler` port over a recipient that the keystore knows."""

    def __init__(self, keystore: hsm.Keystore, recipient: hsm.Recipient) -> None:
        self._keystore = keystore
        self._recipient = recipient

    @property
    def mac_key(self) -> bytes | None:
        return self._recipient.mac_key

    def hand_on(self, stored: StoredToken) -> HandedOnSeed:
        blob = stored.wrapped.export_blob
        if blob is None:
            raise NotAllowed(
                f"{stored.token.device.serial} has no copy that may be handed on",
                unchanged="No file was written.",
                remedy="Only what was imported with --exportable can be handed on.",
            )
        with _handing():
            key = _wrapped_key(stored.wrapped)
            handed = self._keystore.export_encrypted(key, blob, self._recipient)
        return HandedOnSeed(handed.value, handed.mac)


@contextmanager
def _handing() -> Iterator[None]:
    """What the module, or this vault's keys, cannot do for a recipient is not allowed."""
    with translated():
        try:
            yield
        except (hsm.Policy, hsm.Unsupported) as error:
            raise NotAllowed(str(error), unchanged="No file was written.") from error


def _wrapped_key(wrapped: WrappedSeed) -> hsm.WrappedKey:
    return hsm.WrappedKey(
        hsm.BlobFormat(wrapped.format), wrapped.kek_id, wrapped.length, wrapped.blob
    )


def _public_key(certificate: bytes) -> bytes:
    """SubjectPublicKeyInfo (DER) out of a certificate (DER)."""
    # cryptography's X.509 takes 30 ms to import.
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        PublicFormat,
    )
    from cryptography.x509 import load_der_x509_certificate  # noqa: PLC0415

    public = load_der_x509_certificate(certificate).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
