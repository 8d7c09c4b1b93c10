"""A key derived from a passphrase by PBKDF2 (RFC 6030 section 6.2, RFC 8018 section 5.2)."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from importers import lexical
from importers.cipher import Cipher
from importers.errors import KeyMissing, LimitExceeded, Malformed, Place, Unsupported, WrongKey
from importers.header import MacAlgorithm, UnderPassphrase
from importers.limits import Limits
from importers.model import WarningCode
from importers.pskc import algorithms, grammar
from importers.pskc.ciphers import mislabelled
from importers.secret import Secret
from importers.unlock import Passphrase, Unlock
from importers.xml import Capture

_FEW_ITERATIONS = 10_000
_SALT = range(8, 1025)  # octets


@dataclass(frozen=True, slots=True)
class DerivedLock:
    """Opened by a passphrase."""

    protection: UnderPassphrase
    salt: bytes
    key_octets: int
    place: Place

    def keys(self, unlock: Unlock | None) -> Iterator[Secret]:
        """The key by each spelling of the passphrase. Raises WrongKey where there is none."""
        if unlock is None:
            reason = "the file is encrypted under a passphrase, and none was given"
            remedy = "Give the passphrase: --passphrase-file."
            raise KeyMissing(reason, self.place, remedy, passphrase=True)
        if not isinstance(unlock, Passphrase):
            raise WrongKey(
                f"the file is encrypted under a passphrase, and {unlock.kind} was given",
                self.place,
                "Give the passphrase; where it looks like a hexadecimal key, give it as text all "
                "the same.",
            )
        for spelling in unlock.spellings():
            yield self._derived(spelling)

    def _derived(self, passphrase: Passphrase) -> Secret:
        protection = self.protection
        with passphrase.expose() as octets:
            return Secret(
                hashlib.pbkdf2_hmac(
                    protection.prf.value, octets, self.salt, protection.iterations, self.key_octets
                )
            )


def derived_lock(container: Capture, cipher: Cipher, limits: Limits) -> DerivedLock:
    """How the container's key is derived; refused before any of it is done where it is too much."""
    uri = container.attribute(grammar.KEY_DERIVATION_METHOD, "Algorithm")
    if uri not in algorithms.PBKDF2:
        raise Unsupported(
            f"the key derivation {algorithms.shown(uri)} is not read here",
            container.place(grammar.KEY_DERIVATION_METHOD),
        )
    if not cipher.key_octets:
        place = container.place(grammar.DERIVED_KEY)
        raise Malformed(f"the values are under {cipher}, and no passphrase makes its key", place)
    name = container.parsed(grammar.MASTER_KEY_NAME, lexical.line)
    iterations = _iterations(container, limits)
    prf, salt = _prf(container), _salt(container)
    key_octets = _key_octets(container, cipher)
    return DerivedLock(
        UnderPassphrase(cipher, name, prf, iterations, len(salt), key_octets),
        salt,
        key_octets,
        container.place(grammar.DERIVED_KEY),
    )


def _key_octets(container: Capture, cipher: Cipher) -> int:
    length = container.parsed(grammar.KEY_LENGTH, lambda text: lexical.integer(text, 1, 1 << 31))
    if length is None:
        return cipher.key_octets
    if length not in cipher.key_lengths:
        raise Malformed(
            f"KeyLength is {length} octets, and {cipher} takes {cipher.key_octets}",
            container.place(grammar.KEY_LENGTH),
            mislabelled(cipher, length),
        )
    return length


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
        container.warnings[WarningCode.FEW_ITERATIONS] += 1
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
