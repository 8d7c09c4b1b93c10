"""One key package, authenticated and turned into a `SeedRecord`."""

from functools import lru_cache

from importers import lexical
from importers.assembly import SHORTER
from importers.errors import IntegrityFailure, Malformed, Unsupported
from importers.instructions import Instructions
from importers.model import (
    EncryptedSeed,
    HotpParameters,
    Parameters,
    PinUsage,
    PlainSeed,
    Policy,
    Provenance,
    SeedRecord,
    WarningCode,
    YubicoOtpParameters,
)
from importers.pskc import grammar
from importers.pskc.authentic import authentic
from importers.pskc.policy import terms_of
from importers.pskc.profiles import HMAC_KEY, Computation, Profile, Profiles, profile_of
from importers.pskc.protection import Keys
from importers.pskc.serials import Serials
from importers.rules import Rule
from importers.xml import Capture

# What all tokens of a delivery have in common is not read each time (1 of 30 us a token).
_common_line = lru_cache(maxsize=16)(lexical.line)


class RecordReader:
    """Turns the key packages of one file into records, in file order."""

    def __init__(self, keys: Keys | None, instructions: Instructions) -> None:
        self._keys = keys
        self._hmac_key = range(instructions.min_seed, HMAC_KEY.stop)
        self._profiles = Profiles(keys)
        self._serials = Serials(grammar.SERIAL_NO, grammar.KEY)

    def read(self, capture: Capture, index: int) -> SeedRecord:
        """The record of one key; its seed is still encrypted unless the file is plain.

        Raises:
            BadValueMac: nothing of the package was decrypted.
            ImporterError: what is missing, out of range or not supported, by element and line.
        """
        profile = profile_of(capture)
        key_id = _key_id(capture)
        serial = self._serials.serial(capture, key_id, is_otp=profile.is_otp)
        seed = self._seed(capture, profile)
        computation = self._profiles.computation(capture, profile)
        terms = terms_of(capture)
        if terms.policy is not None:
            _check_pin_usage(capture, computation.parameters, terms.policy)
        device_user_id = capture.parsed(grammar.DEVICE_USER_ID, lexical.line)
        key_user_id = _key_user_id(capture, computation.parameters)
        return SeedRecord(
            serial=serial,
            parameters=computation.parameters,
            seed=seed,
            manufacturer=capture.parsed(grammar.MANUFACTURER, _common_line),
            model=capture.parsed(grammar.MODEL, _common_line),
            issue_no=capture.parsed(grammar.ISSUE_NO, lexical.line),
            device_binding=capture.parsed(grammar.DEVICE_BINDING, lexical.line),
            device_user_id=device_user_id,
            crypto_module_id=capture.parsed(grammar.CRYPTO_MODULE_ID, lexical.line),
            key_id=key_id,
            issuer=capture.parsed(grammar.ISSUER, _common_line),
            friendly_name=capture.parsed(grammar.FRIENDLY_NAME, lexical.line),
            key_user_id=key_user_id,
            not_before=terms.not_before,
            not_after=terms.not_after,
            policy=terms.policy,
            proposed_user=key_user_id or device_user_id,
            provenance=_provenance(capture, index, computation),
        )

    def _seed(self, capture: Capture, profile: Profile) -> PlainSeed | EncryptedSeed:
        is_hmac_key = profile.seed_octets is HMAC_KEY
        octets = self._hmac_key if is_hmac_key else profile.seed_octets
        if self._keys is not None:
            return encrypted_seed(capture, self._keys, octets)
        seed = plain_seed(capture, octets)
        # RFC 4226 section 4 R6: 160 bits are recommended.
        if is_hmac_key and len(seed) < 20:
            capture.warnings[WarningCode.SEED_UNDER_160_BITS] += 1
        return seed


def encrypted_seed(capture: Capture, keys: Keys, octets: range) -> EncryptedSeed:
    """The seed under the transport key, once it is authentic; `octets`: how long it may be."""
    value = authentic(capture, grammar.SECRET, keys)
    if value is None:
        raise _not_encrypted(capture)
    if capture.has(grammar.PLAIN_VALUE):
        raise Malformed(
            "the seed stands there twice, plain and encrypted", capture.place(grammar.PLAIN_VALUE)
        )
    lengths = keys.seed_lengths(value)
    if not lengths:
        raise Malformed(
            f"the encrypted seed is no value under {keys.transport.cipher}",
            capture.place(grammar.ENCRYPTED_VALUE.element),
        )
    # Padding leaves the length open by one block: what is surely too short or too long.
    if lengths[-1] < octets.start:
        raise _too_short(capture, grammar.ENCRYPTED_VALUE.element, octets)
    if lengths[0] >= octets.stop:
        raise _too_long(capture, grammar.ENCRYPTED_VALUE.element, octets)
    return EncryptedSeed(value, keys.transport.cipher)


def plain_seed(capture: Capture, octets: range) -> PlainSeed:
    """The seed of a package in a plain file; `octets`: how long it may be."""
    if capture.has(grammar.ENCRYPTED_VALUE.element) or capture.has(grammar.VALUE_MAC):
        raise Malformed(
            "an encrypted value in a file that names no key", capture.place(grammar.SECRET.element)
        )
    seed = capture.parsed(grammar.PLAIN_VALUE, lexical.octets)
    if seed is None:
        raise Malformed("the key has no Secret with a value", capture.place(grammar.SECRET.element))
    if len(seed) < octets.start:
        raise _too_short(capture, grammar.PLAIN_VALUE, octets)
    if len(seed) >= octets.stop:
        raise _too_long(capture, grammar.PLAIN_VALUE, octets)
    if lexical.looks_hex(capture.text(grammar.PLAIN_VALUE) or ""):
        capture.warnings[WarningCode.VALUE_LOOKS_HEX] += 1
    return PlainSeed(seed)


def _not_encrypted(capture: Capture) -> IntegrityFailure | Malformed:
    if capture.has(grammar.PLAIN_VALUE):
        return IntegrityFailure(
            "the seed stands in the clear in a file whose values are encrypted",
            capture.place(grammar.PLAIN_VALUE),
        )
    return Malformed("the key has no Secret with a value", capture.place(grammar.SECRET.element))


def _too_short(capture: Capture, rule: Rule, octets: range) -> Malformed:
    reason = f"the seed is shorter than {8 * octets.start} bits"
    if octets != HMAC_KEY:
        return Malformed(reason, capture.place(rule))
    return Malformed(f"{reason} (RFC 4226 section 4, R6)", capture.place(rule), SHORTER)


def _too_long(capture: Capture, rule: Rule, octets: range) -> Unsupported:
    return Unsupported(f"the seed is longer than {octets.stop - 1} octets", capture.place(rule))


def _key_id(capture: Capture) -> str | None:
    key_id = capture.attribute(grammar.KEY, "Id", "id")
    try:
        return None if key_id is None else lexical.line(key_id)
    except ValueError as flaw:
        raise Malformed(f"Id cannot be read: {flaw}", capture.place(grammar.KEY)) from None


def _key_user_id(capture: Capture, parameters: Parameters) -> str | None:
    """Whose key it is; a YubiKey's holds its private id instead, which is no text to show."""
    if isinstance(parameters, YubicoOtpParameters):
        return None
    return capture.parsed(grammar.KEY_USER_ID, lexical.line)


def _provenance(capture: Capture, index: int, computation: Computation) -> Provenance:
    return Provenance(
        line=capture.line(grammar.KEY if capture.forked else grammar.KEY_PACKAGE),
        index=index,
        defaults_used=computation.defaults_used,
        warnings=tuple(capture.warnings),
    )


def _check_pin_usage(capture: Capture, parameters: Parameters, policy: Policy) -> None:
    if policy.pin is None or policy.pin.usage is not PinUsage.ALGORITHMIC:
        return
    if isinstance(parameters, HotpParameters):  # RFC 6030 section 10.1
        raise Malformed(
            "PINUsageMode is Algorithmic, and HOTP computes with no PIN",
            capture.place(grammar.PIN_POLICY),
        )
