"""A container's value MACs: how they are made, and with which key (RFC 6030 section 6.1.1)."""

import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from importers import lexical
from importers.cipher import Cipher
from importers.errors import IntegrityFailure, Malformed, Place, Unsupported, WrongKey
from importers.header import MacAlgorithm
from importers.instructions import Instructions
from importers.model import WarningCode
from importers.pskc import algorithms, grammar
from importers.pskc.ciphers import cipher_of
from importers.secret import Secret
from importers.unlock import HeldKey, PrivateKey
from importers.values import decrypt_value, plain_lengths, whole_key
from importers.xml import Capture

_MAC_KEY = range(16, 65)  # octets
_HASHES = {name: getattr(hashes, name.value.upper())() for name in MacAlgorithm}
_PLAIN_MACS = (
    "Check the key. If it is the right one, the MACs may be over the seeds themselves, as drafts "
    "had it: those are not checked here, for it would take every seed in memory."
)


class ValueMacs:
    """A container's value MACs: their algorithm, keyed once for all values.

    Under `mac_key`, or under the key of the values themselves; None where that is not tried.
    """

    __slots__ = ("_by_encryption_key", "_by_mac_key", "algorithm")

    def __init__(
        self, algorithm: MacAlgorithm, mac_key: bytes | None, encryption_key: Secret | None
    ) -> None:
        self.algorithm = algorithm
        used = _HASHES[algorithm]
        self._by_mac_key = None if mac_key is None else HMAC(mac_key, used)
        self._by_encryption_key: HMAC | None = None
        if encryption_key is not None:
            with encryption_key.expose() as octets:
                self._by_encryption_key = HMAC(bytes(octets), used)

    def matches(self, iv_and_ciphertext: bytes, value_mac: bytes) -> bool:
        """Whether the MAC over the IV and the ciphertext is right; compared in constant time."""
        return _right(self._by_mac_key, iv_and_ciphertext, value_mac)

    def matches_encryption_key(self, iv_and_ciphertext: bytes, value_mac: bytes) -> bool:
        """Whether the MAC is right under the key that encrypts the value, where that is tried."""
        return _right(self._by_encryption_key, iv_and_ciphertext, value_mac)

    @property
    def if_none_matches(self) -> str | None:
        """What else can be wrong than the key, for a remedy; None where it is surely the key."""
        return None if self._by_encryption_key is None else _PLAIN_MACS


def _right(keyed: HMAC | None, octets: bytes, value_mac: bytes) -> bool:
    if keyed is None:
        return False
    computed = keyed.copy()  # a microsecond less a value than keying again
    computed.update(octets)
    return hmac.compare_digest(computed.finalize(), value_mac)


@dataclass(frozen=True, slots=True)
class _Sealed:
    """The MAC key as it stands in the file."""

    cipher: Cipher
    value: bytes
    place: Place

    def open(self, key: Secret, algorithm: MacAlgorithm, first: Capture) -> bytes:
        """Decrypt it. It is the one value that no MAC covers: bad padding means a wrong key."""
        if isinstance(key, HeldKey):
            return self._opened_elsewhere(key)
        modulus = key.modulus_octets if isinstance(key, PrivateKey) else 0
        if not plain_lengths(self.cipher, len(self.value), modulus):
            raise Malformed(f"MACKey is no value under {self.cipher}", self.place)
        wrong = WrongKey("the key or passphrase given does not open this file", self.place)
        try:
            with key.expose() as octets:
                whole = whole_key(self.cipher, bytes(octets))
            decrypted = decrypt_value(self.cipher, whole, self.value)
        except ValueError:
            raise wrong from None
        if len(decrypted.octets) not in _MAC_KEY:
            raise wrong
        if decrypted.loosely and not _opens(ValueMacs(algorithm, decrypted.octets, None), first):
            raise wrong
        return decrypted.octets

    def _opened_elsewhere(self, key: HeldKey) -> bytes:
        try:
            mac_key = key.decrypt(self.cipher, self.value)
        except ValueError:
            mac_key = b""
        if len(mac_key) not in _MAC_KEY:
            reason = f"the key labelled {key.label!a} does not open this file"
            raise WrongKey(reason, self.place)
        return mac_key


def _opens(macs: ValueMacs, first: Capture) -> bool:
    """Whether the first value's MAC is right."""
    value = first.parsed(grammar.ENCRYPTED_VALUE.cipher_value, lexical.octets)
    value_mac = first.parsed(grammar.VALUE_MAC, lexical.octets)
    return value is not None and value_mac is not None and macs.matches(value, value_mac)


@dataclass(frozen=True, slots=True)
class MacMethod:
    """How a container's value MACs are to be checked, before any key is known."""

    algorithm: MacAlgorithm
    sealed: _Sealed | None
    by_encryption_key: bool
    place: Place

    def open(self, key: Secret, first: Capture) -> ValueMacs:
        """Keyed, for the container's `key`. Raises WrongKey where it does not open the MAC key."""
        by_itself = self.by_encryption_key
        if isinstance(key, HeldKey):
            by_itself = False  # its octets are not here
            if self.sealed is None:
                raise Unsupported(
                    "the encryption key itself makes the value MACs, and it does not leave the HSM",
                    self.place,
                    "Give the key in a file, or ask for a file with a MACKey.",
                )
        mac_key = None if self.sealed is None else self.sealed.open(key, self.algorithm, first)
        return ValueMacs(self.algorithm, mac_key, key if by_itself else None)


def mac_method(
    container: Capture, cipher: Cipher, told: Cipher | None, instructions: Instructions
) -> MacMethod | None:
    """How the values are authenticated; None where their cipher does so itself.

    Raises IntegrityFailure where nothing does, unless the operator allows it.
    """
    uri = container.attribute(grammar.MAC_METHOD, "Algorithm")
    if uri is None and cipher.has_integrity:
        return None  # python-pskc writes a MACMethod without Algorithm, and no value MACs
    if not container.has(grammar.MAC_METHOD):
        _unauthenticated(container, instructions)
        return None
    algorithm = algorithms.MACS.get(uri or "")
    place = container.place(grammar.MAC_METHOD)
    if algorithm is None:
        raise Unsupported(f"the MAC {algorithms.shown(uri)} is not read here", place)
    sealed = _sealed(container, cipher, told)
    by_encryption_key = _by_encryption_key(container, instructions)
    if cipher.key_octets == 0 and by_encryption_key:
        if sealed is None:
            raise Unsupported("value MACs by an RSA key are not read here", place)
        by_encryption_key = False
    return MacMethod(algorithm, sealed, by_encryption_key, place)


def _unauthenticated(container: Capture, instructions: Instructions) -> None:
    if instructions.signed_by:
        return  # a signature over the whole file was verified before any of it was read
    if not instructions.allow_unauthenticated:
        raise IntegrityFailure(
            "there is no MACMethod, and encrypted values without value MACs prove nothing",
            container.place(grammar.ENCRYPTION_KEY),
            "Ask for value MACs, or a signature to verify. Only if the way it came to you is proof "
            "enough, allow values that are not authenticated.",
        )
    container.warnings[WarningCode.VALUES_UNAUTHENTICATED] += 1


def _sealed(container: Capture, cipher: Cipher, told: Cipher | None) -> _Sealed | None:
    if not container.has(grammar.MAC_KEY.element):
        return None
    sealed_by = told or cipher_of(container, grammar.MAC_KEY)
    place = container.place(grammar.MAC_KEY.element)
    # The mode may be another one; the key is the same.
    if (sealed_by.algorithm, sealed_by.key_octets) != (cipher.algorithm, cipher.key_octets):
        reason = f"the value is under {cipher} and the MAC key under {sealed_by}: not by one key"
        raise Unsupported(reason, place)
    value = container.parsed(grammar.MAC_KEY.cipher_value, lexical.octets)
    if value is None:
        raise Malformed("MACKey has no CipherValue", place)
    return _Sealed(sealed_by, value, place)


def _by_encryption_key(container: Capture, instructions: Instructions) -> bool:
    """Whether the encryption key makes the value MACs: where the file, or the operator, says so."""
    has_key = container.has(grammar.MAC_KEY.element)
    reference = container.parsed(grammar.MAC_KEY_REFERENCE, lexical.line)
    place = container.place(grammar.MAC_METHOD)
    if reference is not None:
        if has_key:
            raise Malformed("MACKey and MACKeyReference contradict each other", place)
        if reference.removeprefix("#") in _names(container):
            return True
        raise WrongKey(
            f'the value MACs are made by another key, named "{reference}"',
            container.place(grammar.MAC_KEY_REFERENCE),
            "Ask for a file that holds the MAC key itself, encrypted (MACKey).",
        )
    if not has_key and not instructions.legacy_macs:
        raise Unsupported(
            "MACMethod holds no MACKey: the encryption key may have made the value MACs, as in "
            "drafts of the standard",
            place,
            "Ask for a file with a MACKey, or say that its value MACs are legacy ones.",
        )
    return instructions.legacy_macs


def _names(container: Capture) -> set[str | None]:
    """All that the file calls its encryption key by."""
    rules = (grammar.KEY_NAME, grammar.MASTER_KEY_NAME, grammar.DERIVED_KEY_NAME)
    return {
        container.attribute(grammar.ENCRYPTION_KEY, "Id"),
        container.attribute(grammar.DERIVED_KEY, "Id"),
        *(container.parsed(rule, lexical.line) for rule in rules),
    }
