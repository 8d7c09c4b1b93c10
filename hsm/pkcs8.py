"""The numbers of an RSA private key in PKCS#8 (RFC 5208) DER, pointed at where they lie.

`cryptography` would make Python integers of them, which nobody can wipe.
"""

from collections.abc import Iterator
from ctypes import Array, c_char

from hsm.errors import Policy
from hsm.templates import Cka

_SEQUENCE, _INTEGER, _OCTETS = 0x30, 0x02, 0x04
_RSA = bytes.fromhex("06092a864886f70d010101")  # rsaEncryption (RFC 8017 appendix A.1)

# RSAPrivateKey (RFC 8017 appendix A.1.2), after its version.
_NUMBERS = (
    Cka.MODULUS,
    Cka.PUBLIC_EXPONENT,
    Cka.PRIVATE_EXPONENT,
    Cka.PRIME_1,
    Cka.PRIME_2,
    Cka.EXPONENT_1,
    Cka.EXPONENT_2,
    Cka.COEFFICIENT,
)

Numbers = tuple[tuple[Cka, Array[c_char]], ...]


def rsa_numbers(der: bytearray) -> Numbers:
    """Each number's attribute and its octets within `der`, big-endian, no zero before them.

    Raises:
        Policy: `der` is something else.
    """
    try:
        outer = _contents(der, 0, len(der), _SEQUENCE)
        version, algorithm, wrapped = list(_elements(der, *outer))[:3]
        _expect(der[version[1] : version[2]] == b"\0" and version[0] == _INTEGER)
        _expect(der[algorithm[1] : algorithm[2]].startswith(_RSA))
        _expect(wrapped[0] == _OCTETS)
        key = _contents(der, wrapped[1], wrapped[2], _SEQUENCE)
        two_primes, *numbers = _elements(der, *key)
        _expect(der[two_primes[1] : two_primes[2]] == b"\0" and len(numbers) == len(_NUMBERS))
        return tuple(
            (attribute, _number(der, *element))
            for attribute, element in zip(_NUMBERS, numbers, strict=True)
        )
    except (IndexError, ValueError):
        raise Policy(
            "the transport key is no RSA private key in PKCS#8 DER: convert it "
            "(openssl pkcs8 -topk8 -nocrypt -outform DER)"
        ) from None


def _number(der: bytearray, tag: int, start: int, end: int) -> Array[c_char]:
    _expect(tag == _INTEGER)
    while end - start > 1 and der[start] == 0:
        start += 1
    return (c_char * (end - start)).from_buffer(der, start)


def _contents(der: bytearray, start: int, end: int, tag: int) -> tuple[int, int]:
    """Where the contents of the one element lie that fills `start` to `end`."""
    ((found, first, last),) = _elements(der, start, end)
    _expect(found == tag)
    return first, last


def _elements(der: bytearray, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Tag, first octet and end of each element, the lengths in DER's forms (X.690 section 8.1)."""
    while start < end:
        tag, size, first = der[start], der[start + 1], start + 2
        if size >= 0x80:
            first += size & 0x7F
            size = int.from_bytes(der[start + 2 : first])
        start = first + size
        _expect(start <= end)
        yield tag, first, start


def _expect(holds: bool) -> None:  # noqa: FBT001 - one condition, named where it stands
    if not holds:
        raise ValueError
