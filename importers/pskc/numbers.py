"""The numbers of a key's Data: encrypted ones are decrypted here, what could be a seed never."""

from importers import lexical
from importers.errors import ImporterError, Malformed, Place, Unsupported
from importers.model import MAX_COUNTER, MIN_SEED
from importers.pskc import grammar
from importers.pskc.authentic import BadValueMac, authentic
from importers.pskc.protection import Keys
from importers.values import decrypt_value, plain_lengths
from importers.xml import Capture

MAX_INT = 2**31 - 1  # xs:int
_LONGEST = MIN_SEED - 1  # octets of an encrypted number: what could be a seed is not decrypted


class Numbers:
    """The numbers of one key; `defaults` grows by the names of those that were absent."""

    __slots__ = ("_keys", "capture", "defaults")

    def __init__(self, capture: Capture, keys: Keys | None) -> None:
        self.capture = capture
        self.defaults: list[str] = []
        self._keys = keys

    def count(self, value: grammar.Value, high: int = MAX_COUNTER) -> int:
        """A number from 0 to `high`; 0, and noted, where its element is absent."""
        number = self.number(value, 0, high)
        if number is None:
            self.defaults.append(value.element.local)
            return 0
        return number

    def drift(self) -> int:
        """How many steps the token's clock is off, negative when slow; 0 where it is not said."""
        return self.number(grammar.TIME_DRIFT, -MAX_INT, MAX_INT) or 0

    def number(self, value: grammar.Value, low: int, high: int) -> int | None:
        """A number from `low` to `high`; None where its element is absent.

        Raises:
            BadValueMac: nothing of it was decrypted.
            ImporterError: it cannot be read, or is under another cipher than the seeds.
        """
        capture = self.capture
        if not capture.has(value.element):
            return None
        if capture.has(value.encrypted.element) or capture.has(value.mac):
            return _decrypted(capture, value, self._keys, low, high)
        number = capture.parsed(value.plain, lambda text: lexical.number(text, low, high))
        if number is None:
            raise Malformed(f"{value.element.local} has no value", capture.place(value.element))
        return number


def _decrypted(
    capture: Capture, value: grammar.Value, keys: Keys | None, low: int, high: int
) -> int:
    name, place = value.element.local, capture.place(value.element)
    if keys is None:
        raise Malformed(f"an encrypted {name} in a file that names no key", place)
    octets = authentic(capture, value, keys)
    if octets is None or capture.has(value.plain):
        raise Malformed(f"{name} is not one value, plain or encrypted", place)
    refusal = _no_number(keys, octets, name, place)
    if refusal is not None:
        raise refusal
    cipher = keys.transport.cipher
    try:
        with keys.transport.expose() as key:
            plain = decrypt_value(cipher, bytes(key), octets).octets
    except ValueError:
        raise _no_value(keys, name, place) from None
    try:
        return lexical.number_of_octets(plain, low, high)
    except ValueError as flaw:
        raise Malformed(f"the encrypted {name} cannot be read: {flaw}", place) from None


def _no_number(keys: Keys, octets: bytes, name: str, place: Place) -> ImporterError | None:
    """Why this is not decrypted: a seed, copied here with its value MAC, would pass until then."""
    cipher = keys.transport.cipher
    if cipher.algorithm == "RSA":
        return Unsupported(f"an encrypted {name} under {cipher} is not read here", place)
    lengths = plain_lengths(cipher, len(octets))
    if not lengths:
        return _no_value(keys, name, place)
    if lengths[-1] > _LONGEST:
        return Malformed(f"the encrypted {name} is too long for a number", place)
    return None


def _no_value(keys: Keys, name: str, place: Place) -> ImporterError:
    cipher = keys.transport.cipher
    refusal = BadValueMac if cipher.has_integrity else Malformed
    return refusal(f"the encrypted {name} is no value under {cipher}", place)
