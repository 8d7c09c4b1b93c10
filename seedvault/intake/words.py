"""What a seed file's protection and warnings mean to staff."""

from collections.abc import Sequence

import importers
from importers import WarningCode
from seedvault.domain.fips import Protected, Stretching

_SENTENCES = {
    WarningCode.LEADING_BLANK: "white space stands before the XML declaration",
    WarningCode.FEW_ITERATIONS: (
        "the passphrase is stretched by fewer than 10,000 PBKDF2 iterations: "
        "whoever has the file can guess it offline"
    ),
    WarningCode.COMPOSED_SPELLING: "the passphrase opened it only in its composed (NFC) spelling",
    WarningCode.CIPHER_OVERRIDDEN: "the file names another cipher than the one you gave",
    WarningCode.VALUES_UNAUTHENTICATED: (
        "nothing proves that the encrypted seeds are the maker's: you allowed that"
    ),
    WarningCode.MAC_BY_ENCRYPTION_KEY: (
        "a value is authenticated by the key that encrypts it, not by one of its own"
    ),
    WarningCode.SIGNATURE_NOT_VERIFIED: "the file is signed, and the signature was not verified",
    WarningCode.UNKNOWN_ELEMENT: "something that is not known here was ignored",
    WarningCode.PACKAGE_WITHOUT_KEY: "a device came without a key: nothing to import",
    WarningCode.FURTHER_NAME: "a second friendly name, in another language, was ignored",
    WarningCode.VALUE_LOOKS_HEX: (
        "a seed is valid base64 and looks like hexadecimal: ask the maker which it is"
    ),
    WarningCode.SEED_UNDER_160_BITS: "a seed is shorter than RFC 4226 recommends (160 bits)",
    WarningCode.DATE_WITHOUT_ZONE: "a date has no time zone and was taken as UTC",
}


def protected(header: importers.Header) -> Protected:
    """The same for the rules of `require_fips`."""
    protection = header.protection
    if isinstance(protection, importers.Plain):
        return Protected(None)
    stretching = None
    if isinstance(protection, importers.UnderPassphrase):
        lengths = protection.salt_octets, protection.key_octets
        stretching = Stretching("PBKDF2", protection.iterations, *lengths)
    mac = header.value_macs
    return Protected(str(protection.cipher), None if mac is None else str(mac), stretching)


def sentences(warnings: Sequence[importers.Warned]) -> list[str]:
    """Each warning as its code, how often it was given, and a sentence."""
    return [
        f"{warned.code.value} ({warned.count}): {_SENTENCES[warned.code]}" for warned in warnings
    ]


def protection_words(protection: importers.Protection) -> str:
    """What stands between a thief of the file and its seeds."""
    match protection:
        case importers.Plain():
            return "seeds in the clear"
        case importers.UnderPreSharedKey(cipher, key_name):
            named = f' "{key_name}"' if key_name else ""
            return f"{cipher} under the pre-shared key{named}"
        case importers.UnderCertificate(cipher, key_name, certificate):
            return f"{cipher} for the private key of {certificate or key_name or 'no name'}"
        case importers.UnderPassphrase(cipher=cipher, prf=prf, iterations=iterations):
            return f"{cipher} under a passphrase (PBKDF2, {prf}, {iterations} iterations)"
