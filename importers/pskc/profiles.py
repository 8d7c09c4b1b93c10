"""What a key computes, by PSKC's algorithm profiles (RFC 6030 section 10, and those of makers)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter

from importers.errors import Malformed, Unsupported
from importers.model import (
    MAX_DIGITS,
    MAX_SEED,
    MAX_STEP_S,
    MIN_DIGITS,
    MIN_SEED,
    Digest,
    HotpParameters,
    Parameters,
    PinParameters,
    TotpParameters,
)
from importers.pskc import algorithms, grammar
from importers.pskc.codes import decimal_digits
from importers.pskc.numbers import MAX_INT, Numbers
from importers.pskc.ocra import names_ocra, ocra_parameters
from importers.pskc.protection import Keys
from importers.pskc.yubico import yubico_parameters
from importers.xml import Capture

_SUITE_SHOWN = 24  # characters: an element's text may be a seed that stands in a wrong place
_SUITE = re.compile(r"(?:hmac-?)?sha-?(1|256|512)", re.ASCII)
_DIGESTS = {"1": Digest.SHA1, "256": Digest.SHA256, "512": Digest.SHA512}
HMAC_KEY = range(MIN_SEED, MAX_SEED + 1)  # octets
# The values that say, with a few attributes, how a token computes: what of them is there, and how.
_VALUES = (grammar.COUNTER, grammar.TIME, grammar.TIME_INTERVAL, grammar.TIME_DRIFT)
_texts_of = itemgetter(grammar.SUITE.number, *(value.plain.number for value in _VALUES))
_lines_of = itemgetter(*(value.element.number for value in _VALUES))
_encrypted_lines_of = itemgetter(
    *(value.encrypted.element.number for value in _VALUES),
    *(value.mac.number for value in _VALUES),
)
_PLAIN = (0,) * (2 * len(_VALUES))
# Named in drafts, in makers' files or in other systems' exports.
_UNREAD = {
    "pw": "a static password",
    "securid-aes": "RSA SecurID",
    "securid-aes-counter": "RSA SecurID",
    "securid-aes128-counter": "RSA SecurID",
    "actividentity-3des": "ActivIdentity's 3DES token",
}


@dataclass(frozen=True, slots=True)
class Profile:
    """What one kind of key is: how its parameters are read, and how long its secret may be.

    `alike`: the parameters depend on nothing but what `Profiles.computation` compares.
    """

    parameters: Callable[[Numbers], Parameters]
    seed_octets: range = HMAC_KEY
    is_otp: bool = True
    alike: bool = False


@dataclass(frozen=True, slots=True)
class Computation:
    """How a token computes, and for which elements the standard's default was taken."""

    parameters: Parameters
    defaults_used: tuple[str, ...]


class Profiles:
    """Reads how tokens compute. A batch computes alike: the last answer is kept (4 of 35 us)."""

    def __init__(self, keys: Keys | None) -> None:
        self._keys = keys
        self._told: tuple[object, ...] | None = None
        self._answer: Computation | None = None

    def computation(self, capture: Capture, profile: Profile) -> Computation:
        """How the token of this key package computes."""
        if not profile.alike or _encrypted_lines_of(capture.lines) != _PLAIN:
            return self._computed(capture, profile)
        told = (
            profile,
            capture.attributes.get(grammar.RESPONSE_FORMAT),
            capture.has(grammar.CHALLENGE_FORMAT),
            _texts_of(capture.texts),
            tuple(map(bool, _lines_of(capture.lines))),
        )
        if self._answer is None or told != self._told:
            self._answer, self._told = self._computed(capture, profile), told
        return self._answer

    def _computed(self, capture: Capture, profile: Profile) -> Computation:
        numbers = Numbers(capture, self._keys)
        parameters = profile.parameters(numbers)
        return Computation(parameters, tuple(numbers.defaults))


def profile_of(capture: Capture) -> Profile:
    """The profile that Algorithm names. Raises Unsupported for one that is not read here."""
    uri = capture.attribute(grammar.KEY, "Algorithm")
    profile = _KNOWN.get(uri or "")
    if profile is not None:
        return profile
    if uri is None:
        raise Malformed("Key has no Algorithm", capture.place(grammar.KEY))
    if names_ocra(uri):
        return _OCRA
    # The profile's name is the last part of the URI in the RFC, its drafts and ActivIdentity.
    name = uri.strip().replace("#", ":").rpartition(":")[2].casefold()
    profile = _PROFILES.get(name)
    if profile is None:
        what = _UNREAD.get(name)
        raise Unsupported(
            f"the algorithm {algorithms.shown(uri)} {f'({what}) ' if what else ''}is not read here",
            capture.place(grammar.KEY),
            "Ask for HOTP or TOTP tokens.",
        )
    return profile


def _hotp(numbers: Numbers) -> HotpParameters:
    _no_challenge(numbers.capture)
    # Section 10.1 asks for a Counter, and the RFC's own figure 7 has none.
    return HotpParameters(
        digest=_digest(numbers.capture),
        digits=decimal_digits(numbers.capture, MIN_DIGITS, MAX_DIGITS),
        counter=numbers.count(grammar.COUNTER),
    )


def _totp(numbers: Numbers) -> TotpParameters:
    capture = numbers.capture
    _no_challenge(capture)
    if not capture.has(grammar.SUITE):
        numbers.defaults.append("Suite")
    return TotpParameters(
        digest=_digest(capture),
        digits=decimal_digits(capture, MIN_DIGITS, MAX_DIGITS),
        step_s=_step(numbers),
        time_steps=numbers.count(grammar.TIME, MAX_INT),
        drift_steps=numbers.drift(),
    )


def _pin(_numbers: Numbers) -> PinParameters:
    return PinParameters()


def _no_challenge(capture: Capture) -> None:
    if capture.has(grammar.CHALLENGE_FORMAT):
        raise Unsupported(
            "a challenge to HOTP or TOTP is not read here", capture.place(grammar.CHALLENGE_FORMAT)
        )


def _digest(capture: Capture) -> Digest:
    suite = capture.text(grammar.SUITE)
    if suite is None:
        return Digest.SHA1
    match = _SUITE.fullmatch(suite.strip().casefold())
    if match is None:
        raise Unsupported(
            f"the suite {algorithms.shown(suite, _SUITE_SHOWN)} is not read here",
            capture.place(grammar.SUITE),
        )
    return _DIGESTS[match[1]]


def _step(numbers: Numbers) -> int:
    step_s = numbers.number(grammar.TIME_INTERVAL, 1, MAX_STEP_S)
    if step_s is None:
        raise Malformed(
            "TimeInterval is missing: how many seconds?",
            numbers.capture.place(grammar.TIME_INTERVAL.element),
        )
    return step_s


_OCRA = Profile(ocra_parameters)
_PROFILES = {
    "hotp": Profile(_hotp, alike=True),
    "totp": Profile(_totp, alike=True),
    "ocra": _OCRA,
    "pin": Profile(_pin, range(1, MAX_SEED + 1), is_otp=False),
    "yubikey-aes": Profile(yubico_parameters, range(16, 17)),  # an AES-128 key
}
# As the RFC spells them, found without taking the URI apart.
_KNOWN = {f"{grammar.PSKC}:{name}": profile for name, profile in _PROFILES.items()}
