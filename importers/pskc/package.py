"""One key package, authenticated and turned into a `SeedRecord`."""

from datetime import datetime

from importers import lexical
from importers.errors import IntegrityFailure, Malformed, Unsupported
from importers.model import (
    MAX_SEED,
    MIN_SEED,
    EncryptedSeed,
    PlainSeed,
    Provenance,
    SeedRecord,
    WarningCode,
)
from importers.pskc import grammar
from importers.pskc.ciphers import cipher_of
from importers.pskc.mac import ValueMacs
from importers.pskc.profiles import Profiles
from importers.pskc.protection import Keys
from importers.rules import Rule
from importers.xml import Capture


class BadValueMac(IntegrityFailure):
    """This package's value MAC is wrong: its seed was changed, or the key is another file's."""


def read_record(capture: Capture, index: int, keys: Keys | None, profiles: Profiles) -> SeedRecord:
    """The record of one key package; its seed is still encrypted unless the file is plain.

    Raises:
        BadValueMac: nothing of the package was decrypted.
        ImporterError: what is missing, out of range or not supported, by element and line.
    """
    serial = capture.parsed(grammar.SERIAL_NO, lexical.serial)
    if serial is None:
        raise Malformed("the key package has no SerialNo", capture.place(grammar.SERIAL_NO))
    seed = plain_seed(capture) if keys is None else encrypted_seed(capture, keys)
    computation = profiles.computation(capture)
    not_before, not_after = _validity(capture)
    return SeedRecord(
        serial=serial,
        parameters=computation.parameters,
        seed=seed,
        manufacturer=capture.parsed(grammar.MANUFACTURER, lexical.line),
        model=capture.parsed(grammar.MODEL, lexical.line),
        issue_no=capture.parsed(grammar.ISSUE_NO, lexical.line),
        device_binding=capture.parsed(grammar.DEVICE_BINDING, lexical.line),
        device_user_id=capture.parsed(grammar.DEVICE_USER_ID, lexical.line),
        crypto_module_id=capture.parsed(grammar.CRYPTO_MODULE_ID, lexical.line),
        key_id=_key_id(capture),
        issuer=capture.parsed(grammar.ISSUER, lexical.line),
        friendly_name=capture.parsed(grammar.FRIENDLY_NAME, lexical.line),
        key_user_id=capture.parsed(grammar.KEY_USER_ID, lexical.line),
        not_before=not_before,
        not_after=not_after,
        provenance=Provenance(
            line=capture.line(grammar.KEY_PACKAGE),
            index=index,
            defaults_used=computation.defaults_used,
            warnings=tuple(capture.warnings),
        ),
    )


def encrypted_seed(capture: Capture, keys: Keys) -> EncryptedSeed:
    """The seed under the transport key, once its value MAC over IV and ciphertext is right."""
    value = capture.parsed(grammar.ENCRYPTED_VALUE.cipher_value, lexical.octets)
    if value is None:
        raise _not_encrypted(capture)
    cipher = keys.told or cipher_of(capture, grammar.ENCRYPTED_VALUE)
    if cipher is not keys.transport.cipher:
        raise Unsupported(
            f"the value is under {cipher} and those before it under {keys.transport.cipher}",
            capture.place(grammar.ENCRYPTED_VALUE.method),
        )
    _authenticate(capture, keys.value_macs, value)
    lengths = keys.seed_lengths(value)
    if not lengths:
        raise Malformed(
            f"the encrypted seed is no value under {cipher}",
            capture.place(grammar.ENCRYPTED_VALUE.element),
        )
    # Padding leaves the length open by one block: what is surely too short or too long.
    if lengths[-1] < keys.min_seed:
        raise _too_short(capture, grammar.ENCRYPTED_VALUE.element)
    if lengths[0] > MAX_SEED:
        raise _too_long(capture, grammar.ENCRYPTED_VALUE.element)
    return EncryptedSeed(value, cipher)


def _authenticate(capture: Capture, macs: ValueMacs | None, value: bytes) -> None:
    value_mac = capture.parsed(grammar.VALUE_MAC, lexical.octets)
    if macs is None:
        if value_mac is not None:
            raise IntegrityFailure(
                "a value MAC that no MACMethod tells how to check",
                capture.place(grammar.VALUE_MAC),
            )
        return
    if value_mac is None:
        raise IntegrityFailure(
            "the value MAC is missing: it was stripped, or never made",
            capture.place(grammar.SECRET),
        )
    if macs.matches(value, value_mac):
        return
    if not macs.matches_encryption_key(value, value_mac):
        raise BadValueMac("the value MAC is wrong", capture.place(grammar.VALUE_MAC))
    capture.warnings.append(WarningCode.MAC_BY_ENCRYPTION_KEY)


def plain_seed(capture: Capture) -> PlainSeed:
    """The seed of a package in a plain file."""
    if capture.has(grammar.ENCRYPTED_VALUE.element) or capture.has(grammar.VALUE_MAC):
        raise Malformed(
            "an encrypted value in a file that names no key", capture.place(grammar.SECRET)
        )
    octets = capture.parsed(grammar.PLAIN_VALUE, lexical.octets)
    if octets is None:
        raise Malformed("the key has no Secret with a value", capture.place(grammar.SECRET))
    if len(octets) < MIN_SEED:
        raise _too_short(capture, grammar.PLAIN_VALUE)
    if len(octets) > MAX_SEED:
        raise _too_long(capture, grammar.PLAIN_VALUE)
    if lexical.looks_hex(capture.text(grammar.PLAIN_VALUE) or ""):
        capture.warnings.append(WarningCode.VALUE_LOOKS_HEX)
    if len(octets) < 20:  # RFC 4226 section 4 R6: 160 bits are recommended
        capture.warnings.append(WarningCode.SEED_UNDER_160_BITS)
    return PlainSeed(octets)


def _not_encrypted(capture: Capture) -> IntegrityFailure | Malformed:
    if capture.has(grammar.PLAIN_VALUE):
        return IntegrityFailure(
            "the seed stands in the clear in a file whose values are encrypted",
            capture.place(grammar.PLAIN_VALUE),
        )
    return Malformed("the key has no Secret with a value", capture.place(grammar.SECRET))


def _too_short(capture: Capture, rule: Rule) -> Malformed:
    return Malformed(
        "the seed is shorter than 128 bits (RFC 4226 section 4, R6)", capture.place(rule)
    )


def _too_long(capture: Capture, rule: Rule) -> Unsupported:
    return Unsupported(f"the seed is longer than {MAX_SEED} octets", capture.place(rule))


def _key_id(capture: Capture) -> str | None:
    key_id = capture.attribute(grammar.KEY, "Id", "id")
    try:
        return None if key_id is None else lexical.line(key_id)
    except ValueError as flaw:
        raise Malformed(f"Id cannot be read: {flaw}", capture.place(grammar.KEY)) from None


def _validity(capture: Capture) -> tuple[datetime | None, datetime | None]:
    start, end = _moment(capture, grammar.START_DATE), _moment(capture, grammar.EXPIRY_DATE)
    if start is not None and end is not None and end < start:
        raise Malformed("ExpiryDate is before StartDate", capture.place(grammar.EXPIRY_DATE))
    return start, end


def _moment(capture: Capture, rule: Rule) -> datetime | None:
    moment = capture.parsed(rule, lexical.date_time)
    if moment is None:
        return None
    if not moment.zoned:
        capture.warnings.append(WarningCode.DATE_WITHOUT_ZONE)
    return moment.when
