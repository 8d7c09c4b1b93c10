"""What a seed file's warnings mean to staff: one sentence each."""

from collections.abc import Sequence

import importers
from importers import WarningCode

_SENTENCES = {
    WarningCode.LEADING_BLANK: "white space stands before the XML declaration",
    WarningCode.FEW_ITERATIONS: (
        "the passphrase is stretched by fewer than 10,000 PBKDF2 iterations: "
        "whoever has the file can guess it offline"
    ),
    WarningCode.COMPOSED_SPELLING: "the passphrase opened it only in its composed (NFC) spelling",
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


def sentences(warnings: Sequence[importers.Warned]) -> list[str]:
    """Each warning as its code, how often it was given, and a sentence."""
    return [
        f"{warned.code.value} ({warned.count}): {_SENTENCES[warned.code]}" for warned in warnings
    ]
