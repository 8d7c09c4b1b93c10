"""How a container is protected, and the keys that its unlock gives (RFC 6030 section 6)."""

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher as AesCipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hmac import HMAC

from importers import lexical
from importers.cipher import Cipher
from importers.errors import (
    IntegrityFailure,
    KeyMissing,
    LimitExceeded,
    Malformed,
    Unsupported,
    WrongKey,
)
from importers.header import (
    MacAlgorithm,
    Plain,
    Protection,
    TransportKey,
    UnderPassphrase,
    UnderPreSharedKey,
)
from importers.limits import Limits
from importers.model import AES_BLOCK, WarningCode
from importers.pskc import algorithms, grammar
from importers.unlock import Passphrase, PreSharedKey, Unlock
from importers.xml import Capture

_FEW_ITERATIONS = 10_000
_SALT = range(8, 1025)  # octets
_MAC_KEY = range(16, 65)  # octets
_HASHES = {name: getattr(hashes, name.value.upper())() for name in MacAlgorithm}


class ValueMacs:
    """A container's value MACs: their algorithm, keyed once for all values."""

    __slots__ = ("_keyed", "algorithm")

    def __init__(self, key: bytes, algorithm: MacAlgorithm) -> None:
        self.algorithm = algorithm
        self._keyed = HMAC(key, _HASHES[algorithm])

    def matches(self, iv_and_ciphertext: bytes, value_mac: bytes) -> bool:
        """Whether the MAC over the IV and the ciphertext is right; compared in constant time."""
        computed = self._keyed.copy()  # a microsecond less a value than keying again
        computed.update(iv_and_ciphertext)
        return hmac.compare_digest(computed.finalize(), value_mac)


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens a protected container."""

    transport: TransportKey
    value_macs: ValueMacs


@dataclass(frozen=True, slots=True)
class Opened:
    """A container's protection, and its keys; None in a plain one."""

    protection: Protection
    keys: Keys | None


def open_container(
    container: Capture, first: Capture, unlock: Unlock | None, limits: Limits
) -> Opened:
    """Find out how a container is protected, and open it.

    `container` holds what stands before the `first` key package.

    Raises:
        WrongKey: there is no key, or one of another kind or length, or it does not open the file.
        IntegrityFailure: values encrypted without value MACs, or a key for a file that is plain.
    """
    if not container.has(grammar.ENCRYPTION_KEY):
        return _plain(container, first, unlock)
    if not container.has(grammar.MAC_METHOD):
        raise _unauthenticated(container, first)
    cipher = cipher_of(container, grammar.MAC_KEY)
    algorithm = _mac_algorithm(container)
    if container.has(grammar.DERIVED_KEY):
        derivation = _derivation(container, cipher, limits)
        transport, mac_key = _open_derived(container, derivation, _passphrase(container, unlock))
        protection: Protection = derivation.protection
    else:
        protection = UnderPreSharedKey(cipher, container.parsed(grammar.KEY_NAME, lexical.line))
        transport = _pre_shared(container, protection, unlock)
        mac_key = _mac_key(container, transport)
    return Opened(protection, Keys(transport, ValueMacs(mac_key, algorithm)))


def cipher_of(capture: Capture, encrypted: grammar.EncryptedData) -> Cipher:
    """The cipher that an encrypted element names. Raises Unsupported for any but AES-CBC."""
    uri = capture.attribute(encrypted.method, "Algorithm")
    cipher = algorithms.CIPHERS.get(uri or "")
    if cipher is None:
        raise Unsupported(
            f"the cipher {algorithms.shown(uri)} is not read here",
            capture.place(encrypted.method),
            "Ask for values under AES-128, AES-192 or AES-256 in CBC mode with value MACs.",
        )
    return cipher


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


def _unauthenticated(container: Capture, first: Capture) -> IntegrityFailure:
    if first.has(grammar.ENCRYPTED_VALUE.element):
        cipher_of(first, grammar.ENCRYPTED_VALUE)  # a cipher not read here is named first
    return IntegrityFailure(
        "there is no MACMethod, and encrypted values without value MACs prove nothing",
        container.place(grammar.ENCRYPTION_KEY),
    )


def _mac_algorithm(container: Capture) -> MacAlgorithm:
    uri = container.attribute(grammar.MAC_METHOD, "Algorithm")
    algorithm = algorithms.MACS.get(uri or "")
    if algorithm is None:
        raise Unsupported(
            f"the MAC {algorithms.shown(uri)} is not read here", container.place(grammar.MAC_METHOD)
        )
    return algorithm


# --- a key agreed beforehand -----------------------------------------------------------------


def _pre_shared(
    container: Capture, protection: UnderPreSharedKey, unlock: Unlock | None
) -> TransportKey:
    place = container.place(grammar.ENCRYPTION_KEY)
    name = f'the key named "{protection.key_name}"' if protection.key_name else "a pre-shared key"
    if unlock is None:
        reason = f"the file is encrypted under {name}, and no key was given"
        raise KeyMissing(reason, place, "Give its key.", passphrase=False)
    if not isinstance(unlock, PreSharedKey):
        reason = f"the file is encrypted under {name}, and a passphrase was given"
        raise WrongKey(reason, place, "Give its key.")
    wanted = protection.cipher.key_octets
    if len(unlock) != wanted:
        raise WrongKey(
            f"{protection.cipher} takes {wanted} octets of key, and {len(unlock)} were given", place
        )
    with unlock.expose() as octets:
        return TransportKey(bytearray(octets), protection.cipher)


# --- a key derived from a passphrase ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Derivation:
    protection: UnderPassphrase
    salt: bytes

    def derive(self, passphrase: Passphrase) -> TransportKey:
        cipher = self.protection.cipher
        with passphrase.expose() as octets:
            key = hashlib.pbkdf2_hmac(
                self.protection.prf.value,
                octets,
                self.salt,
                self.protection.iterations,
                cipher.key_octets,
            )
        return TransportKey(key, cipher)


def _passphrase(container: Capture, unlock: Unlock | None) -> Passphrase:
    if isinstance(unlock, Passphrase):
        return unlock
    place = container.place(grammar.DERIVED_KEY)
    if unlock is None:
        reason = "the file is encrypted under a passphrase, and none was given"
        raise KeyMissing(reason, place, "Give the passphrase.", passphrase=True)
    raise WrongKey(
        "the file is encrypted under a passphrase, and a key was given",
        place,
        "Give the passphrase; where it looks like a hexadecimal key, give it as text all the same.",
    )


def _derivation(container: Capture, cipher: Cipher, limits: Limits) -> _Derivation:
    uri = container.attribute(grammar.KEY_DERIVATION_METHOD, "Algorithm")
    if uri not in algorithms.PBKDF2:
        raise Unsupported(
            f"the key derivation {algorithms.shown(uri)} is not read here",
            container.place(grammar.KEY_DERIVATION_METHOD),
        )
    length = container.parsed(grammar.KEY_LENGTH, lambda text: lexical.integer(text, 1, 1 << 31))
    if length not in {None, cipher.key_octets}:
        raise Malformed(
            f"KeyLength is {length} octets, and {cipher} takes {cipher.key_octets}",
            container.place(grammar.KEY_LENGTH),
        )
    name = container.parsed(grammar.MASTER_KEY_NAME, lexical.line)
    iterations = _iterations(container, limits)
    return _Derivation(UnderPassphrase(cipher, name, _prf(container), iterations), _salt(container))


def _iterations(container: Capture, limits: Limits) -> int:
    count = container.parsed(
        grammar.ITERATION_COUNT, lambda text: lexical.integer(text, 1, (1 << 63) - 1)
    )
    place = container.place(grammar.ITERATION_COUNT)
    if count is None:
        raise Malformed("IterationCount is missing", place)
    if count > limits.pbkdf2_iterations:
        raise LimitExceeded(
            f"{count} iterations are more than the {limits.pbkdf2_iterations} allowed", place
        )
    if count < _FEW_ITERATIONS:
        container.warnings.append(WarningCode.FEW_ITERATIONS)
    return count


def _salt(container: Capture) -> bytes:
    salt = container.parsed(grammar.SALT, lexical.octets)
    if salt is None or len(salt) not in _SALT:
        raise Malformed(
            f"the salt is not {_SALT.start} to {_SALT.stop - 1} octets long",
            container.place(grammar.SALT),
        )
    return salt


def _prf(container: Capture) -> MacAlgorithm:
    uri = container.attribute(grammar.PRF, "Algorithm")
    if uri is None:
        return MacAlgorithm.HMAC_SHA1  # RFC 8018 appendix A.2: the default
    algorithm = algorithms.prf(uri)
    if algorithm is None:
        raise Unsupported(
            f"the PRF {algorithms.shown(uri)} is not read here", container.place(grammar.PRF)
        )
    return algorithm


def _open_derived(
    container: Capture, derivation: _Derivation, passphrase: Passphrase
) -> tuple[TransportKey, bytes]:
    refusal: WrongKey | None = None
    for spelling in passphrase.spellings():
        transport = derivation.derive(spelling)
        try:
            mac_key = _mac_key(container, transport)
        except WrongKey as wrong:
            refusal = refusal or wrong
            continue
        if spelling is not passphrase:
            container.warnings.append(WarningCode.COMPOSED_SPELLING)
        return transport, mac_key
    assert refusal is not None  # noqa: S101 - a passphrase has at least one spelling
    raise refusal


# --- the key of the value MACs ---------------------------------------------------------------


def _mac_key(container: Capture, transport: TransportKey) -> bytes:
    """Decrypt the MAC key. It is the one value no MAC covers: bad padding means a wrong key."""
    place = container.place(grammar.MAC_KEY.element)
    value = container.parsed(grammar.MAC_KEY.cipher_value, lexical.octets)
    if value is None or len(value) < 2 * AES_BLOCK or len(value) % AES_BLOCK:
        raise Malformed("MACKey is not an IV and at least one whole block", place)
    with transport.expose() as key:
        decryptor = AesCipher(AES(key), CBC(value[:AES_BLOCK])).decryptor()
        padded = decryptor.update(value[AES_BLOCK:]) + decryptor.finalize()
    padding = padded[-1]
    mac_key = padded[:-padding]
    proper = 1 <= padding <= AES_BLOCK and padded.endswith(bytes([padding]) * padding)
    if not proper or len(mac_key) not in _MAC_KEY:
        raise WrongKey("the key or passphrase given does not open this file", place)
    return mac_key
