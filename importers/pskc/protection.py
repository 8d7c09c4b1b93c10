"""How a container is protected, and the keys that its unlock gives (RFC 6030 section 6)."""

from collections.abc import Iterator
from dataclasses import dataclass

from importers import lexical
from importers.cipher import Cipher
from importers.errors import (
    IntegrityFailure,
    KeyMissing,
    Malformed,
    Place,
    Unsupported,
    WrongKey,
)
from importers.header import (
    HeldTransportKey,
    MacAlgorithm,
    Plain,
    Protection,
    TransportKey,
    UnderPreSharedKey,
)
from importers.instructions import Instructions
from importers.limits import Limits
from importers.model import WarningCode
from importers.pskc import grammar
from importers.pskc.certificate import CertificateLock, certificate_lock
from importers.pskc.ciphers import cipher_of, instructed, mislabelled
from importers.pskc.derivation import DerivedLock, derived_lock
from importers.pskc.mac import MacMethod, ValueMacs, mac_method
from importers.secret import Secret
from importers.unlock import HeldKey, PreSharedKey, PrivateKey, Unlock
from importers.values import plain_lengths, whole_key
from importers.xml import Capture


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens a protected container.

    `value_macs` is None where there are none to check. `told` is the cipher that the operator
    says it is, whatever the file says. `modulus_octets` is an RSA key's length, 0 for one held
    elsewhere.
    """

    transport: TransportKey
    value_macs: ValueMacs | None
    told: Cipher | None
    modulus_octets: int

    def seed_lengths(self, value: bytes) -> range:
        """The lengths that the seed in an encrypted value can have; empty where it is none."""
        modulus = self.modulus_octets or len(value)
        return plain_lengths(self.transport.cipher, len(value), modulus)

    @property
    def if_no_mac_matches(self) -> str | None:
        """What to do where no value MAC is right, beyond what a wrong key asks for."""
        return None if self.value_macs is None else self.value_macs.if_none_matches


@dataclass(frozen=True, slots=True)
class Opened:
    """A container's protection, and its keys; None in a plain one."""

    protection: Protection
    keys: Keys | None

    @property
    def value_macs(self) -> MacAlgorithm | None:
        """What makes the value MACs, where there are any."""
        macs = None if self.keys is None else self.keys.value_macs
        return None if macs is None else macs.algorithm


def open_container(
    container: Capture,
    first: Capture,
    unlock: Unlock | None,
    limits: Limits,
    instructions: Instructions,
) -> Opened:
    """Find out how a container is protected, and open it.

    `container` holds what stands before the `first` key package.

    Raises:
        WrongKey: there is no key, or one of another kind or length, or it does not open the file.
        IntegrityFailure: values encrypted without value MACs, or a key for a file that is plain.
    """
    if not container.has(grammar.ENCRYPTION_KEY):
        return _plain(container, first, unlock)
    told = instructed(instructions, container.place(grammar.ENCRYPTION_KEY))
    cipher = told or _cipher(container, first)
    macs = mac_method(container, cipher, told, instructions)
    lock = _lock(container, cipher, limits)
    key, value_macs = _opened(container, first, lock.keys(unlock), macs)
    if told is not None and not _says(first, told):
        container.warnings[WarningCode.CIPHER_OVERRIDDEN] += 1
    modulus = key.modulus_octets if isinstance(key, PrivateKey) else 0
    transport = transport_key(key, cipher)
    keys = Keys(transport, value_macs, told, modulus)
    return Opened(lock.protection, keys)


def _plain(container: Capture, first: Capture, unlock: Unlock | None) -> Opened:
    for capture, rule in (
        (container, grammar.MAC_METHOD),
        (first, grammar.ENCRYPTED_VALUE.element),
    ):
        if capture.has(rule):
            raise Malformed(f"{rule.local} stands there without EncryptionKey", capture.place(rule))
    if unlock is not None:
        raise IntegrityFailure(
            "a key was given, but nothing in this file is encrypted",
            container.place(grammar.KEY_CONTAINER),
            "If a plain file was ordered, give no key; else someone has replaced it.",
        )
    return Opened(Plain(), None)


def _cipher(container: Capture, first: Capture) -> Cipher:
    """What the values are under, by the first of them; where it has none, by the MAC key."""
    if first.has(grammar.ENCRYPTED_VALUE.element):
        return cipher_of(first, grammar.ENCRYPTED_VALUE)
    if container.has(grammar.MAC_KEY.element):
        return cipher_of(container, grammar.MAC_KEY)
    if first.has(grammar.PLAIN_VALUE):
        raise IntegrityFailure(
            "the file names a key, and its first seed stands in the clear",
            first.place(grammar.PLAIN_VALUE),
        )
    raise Unsupported(
        "the first key package holds no seed, so that the cipher is not known",
        first.place(grammar.KEY_PACKAGE),
        "Say what the values are under.",
    )


def _says(first: Capture, told: Cipher) -> bool:
    """Whether the file says the same as the operator."""
    try:
        return cipher_of(first, grammar.ENCRYPTED_VALUE) is told
    except Unsupported:
        return False


def _opened(
    container: Capture, first: Capture, candidates: Iterator[Secret], macs: MacMethod | None
) -> tuple[Secret, ValueMacs | None]:
    """The first key that opens the MAC key. Where there is none to open, just the first."""
    refusal: WrongKey | None = None
    for candidate in candidates:
        try:
            value_macs = None if macs is None else macs.open(candidate, first)
        except WrongKey as wrong:
            refusal = refusal or wrong
            continue
        if refusal is not None:
            container.warnings[WarningCode.COMPOSED_SPELLING] += 1
        return candidate, value_macs
    assert refusal is not None  # noqa: S101 - a lock has at least one key, or says why not
    raise refusal


def transport_key(key: Secret, cipher: Cipher) -> TransportKey:
    """What decrypts the values, whoever holds it."""
    if isinstance(key, HeldKey):
        return HeldTransportKey(key.label, cipher)
    with key.expose() as octets:
        return TransportKey(whole_key(cipher, bytes(octets)), cipher)


# --- what the file asks for ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PreSharedLock:
    """Opened by a key agreed beforehand."""

    protection: UnderPreSharedKey
    place: Place

    def keys(self, unlock: Unlock | None) -> Iterator[Secret]:
        """The key. Raises WrongKey where there is none, or one of another kind or length."""
        named = self.protection.key_name
        wanted = f'the key named "{named}"' if named else "a pre-shared key"
        if unlock is None:
            reason = f"the file is encrypted under {wanted}, and no key was given"
            raise KeyMissing(reason, self.place, "Give its key: --key-file.", passphrase=False)
        if isinstance(unlock, HeldKey):
            yield unlock  # whose key it is, and how long, shows when it opens something
            return
        if not isinstance(unlock, PreSharedKey):
            reason = f"the file is encrypted under {wanted}, and {unlock.kind} was given"
            raise WrongKey(reason, self.place, "Give its key.")
        cipher = self.protection.cipher
        if len(unlock) not in cipher.key_lengths:
            lengths = " or ".join(map(str, cipher.key_lengths))
            raise WrongKey(
                f"{cipher} takes {lengths} octets of key, and {len(unlock)} were given",
                self.place,
                mislabelled(cipher, len(unlock)),
            )
        yield unlock


Lock = PreSharedLock | DerivedLock | CertificateLock


def _lock(container: Capture, cipher: Cipher, limits: Limits) -> Lock:
    if container.has(grammar.DERIVED_KEY):
        return derived_lock(container, cipher, limits)
    if cipher.algorithm == "RSA":
        return certificate_lock(container, cipher)
    if container.has(grammar.X509_DATA):
        place = container.place(grammar.X509_DATA)
        raise Unsupported(f"the file names a certificate, and its values are under {cipher}", place)
    name = container.parsed(grammar.KEY_NAME, lexical.line)
    place = container.place(grammar.ENCRYPTION_KEY)
    return PreSharedLock(UnderPreSharedKey(cipher, name), place)
