"""Makes a `SeedRecord` of what a file tells, what the operator says, and a format's habits."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TypeVar

from importers import lexical, ocra_suite, spelling
from importers.entry import Entry, Field
from importers.errors import Malformed, Place, Unsupported
from importers.instructions import Encoding, Instructions, Kind
from importers.model import (
    MAX_COUNTER,
    MAX_DIGITS,
    MAX_SEED,
    MAX_STEP_S,
    MIN_DIGITS,
    MIN_SEED,
    Digest,
    HotpParameters,
    OcraParameters,
    Parameters,
    PlainSeed,
    Provenance,
    SeedRecord,
    TotpParameters,
    WarningCode,
    YubicoOtpParameters,
)

SHORTER = "Ask for longer ones; if such were ordered, say so by --allow-short."
_SHORT_SEED = 10  # octets, where the operator allows it
_RECOMMENDED = 20  # RFC 4226 section 4 R6
_YUBICO_KEY, _PRIVATE_ID = 16, 6  # AES-128, and what it encrypts
_HASH = re.compile(r"(?:hmac[-_]?)?sha-?(1|256|512)", re.ASCII | re.IGNORECASE)
_MODHEX = re.compile(r"[cbdefghijklnrtuv]{2,32}", re.ASCII)
# RFC 6238's own vectors take seeds of these lengths for SHA-256 and SHA-512: a hint, no more.
_TELLING = frozenset({32, 64})
_OPTIONS = {
    Field.TYPE: "--type hotp or --type totp",
    Field.DIGITS: "--digits",
    Field.STEP: "--step",
    Field.FACTOR: "--step",
    Field.HASH: "--hash",
}

T = TypeVar("T")


class Algorithm(Enum):
    """What a file's word for a type means."""

    HOTP = "HOTP"
    TOTP = "TOTP"
    OCRA = "OCRA"
    YUBICO_OTP = "Yubico OTP"


_ALGORITHMS = {
    "hotp": Algorithm.HOTP,
    "totp": Algorithm.TOTP,
    "ocra": Algorithm.OCRA,
    "ocra2": Algorithm.OCRA,
    "yubico": Algorithm.YUBICO_OTP,
}
_KINDS = {Kind.HOTP: Algorithm.HOTP, Kind.TOTP: Algorithm.TOTP}
# Named when met; any other word is not repeated: in a file of another order it may be a seed.
_UNREAD = {
    "motp": "mOTP, which is MD5 over a PIN,",
    "tan": "a list of TANs",
    "spass": "a token without codes",
    "pw": "a static password",
    "static": "a static password",
    "challenge-response": "HMAC challenge-response",
}


def is_unread(word: str) -> bool:
    """Whether a text is a word for a type of token that is refused by name."""
    return word.casefold() in _UNREAD


def is_known(word: str) -> bool:
    """Whether a text is a word for a type of token, read here or refused by name."""
    return word.casefold() in _ALGORITHMS or is_unread(word)


@dataclass(frozen=True, slots=True)
class Habits:
    """What the tokens of a format are where neither file nor operator says it; None: they must.

    `digests`: the hash by the seed's length in octets, where the format's other importers infer
    it so. Otherwise it is SHA-1, and asked for where the length speaks against that.
    """

    kind: Kind | None = Kind.HOTP
    digits: int | None = 6
    step_s: int | None = 30
    t0_s: int = 0
    digests: Mapping[int, Digest] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Assembler:
    """Makes records of the entries of one file."""

    habits: Habits
    instructions: Instructions
    encoding: Encoding = Encoding.HEX

    def check(self, place: Place) -> None:
        """Raises Malformed for instructions that no token can follow."""
        for name, number, low, high in (
            ("--digits", self.instructions.digits, MIN_DIGITS, MAX_DIGITS),
            ("--step", self.instructions.step_s, 1, MAX_STEP_S),
        ):
            if number is not None and not low <= number <= high:
                raise Malformed(
                    f"{name} {number} is outside {low} to {high}", place, "Correct the option."
                )

    def record(self, entry: Entry, index: int) -> SeedRecord:
        """The entry's record. Raises ImporterError for what cannot be taken over."""
        return _Draft(entry, self).record(index)


class _Draft:
    """One record in the making, and what was assumed for it."""

    def __init__(self, entry: Entry, assembler: Assembler) -> None:
        self._entry = entry
        self._assembler = assembler
        self._habits = assembler.habits
        self._said = assembler.instructions
        self._defaults: list[str] = []

    def record(self, index: int) -> SeedRecord:
        entry = self._entry
        serial = entry.serial = entry.required(Field.SERIAL, spelling.serial)
        algorithm = self._algorithm()
        octets = entry.required(
            Field.SEED, lambda text: spelling.octets(text, self._assembler.encoding)
        )
        try:
            self._check_length(len(octets), algorithm)
            parameters = self._parameters(algorithm, len(octets))
            seed = PlainSeed(octets)
        finally:
            octets[:] = bytes(len(octets))
        return SeedRecord(
            serial=serial,
            parameters=parameters,
            seed=seed,
            manufacturer=entry.parsed(Field.MANUFACTURER, lexical.line),
            model=entry.parsed(Field.MODEL, lexical.line),
            proposed_user=self._user(),
            provenance=Provenance(
                line=entry.line,
                index=index,
                defaults_used=tuple(self._defaults),
                warnings=tuple(entry.warnings),
            ),
        )

    def _algorithm(self) -> Algorithm:
        word = self._entry.text(Field.TYPE)
        if word is not None and word.casefold() in _UNREAD:
            raise Unsupported(
                f"{_UNREAD[word.casefold()]} is not read here",
                self._entry.place(Field.TYPE),
                "Leave this token out, or ask for HOTP or TOTP tokens.",
            )
        said, habit = self._said.kind, self._habits.kind
        return self._agreed(
            Field.TYPE,
            _algorithm,
            None if said is None else _KINDS[said],
            None if habit is None else _KINDS[habit],
        )

    def _parameters(self, algorithm: Algorithm, seed_octets: int) -> Parameters:
        match algorithm:
            case Algorithm.HOTP:
                return HotpParameters(
                    digest=self._digest(seed_octets),
                    digits=self._digits(),
                    counter=self._counter(),
                )
            case Algorithm.TOTP:
                return TotpParameters(
                    digest=self._digest(seed_octets),
                    digits=self._digits(),
                    step_s=self._step(),
                    t0_s=self._habits.t0_s,
                )
            case Algorithm.OCRA:
                suite = self._entry.required(Field.SUITE, _suite)
                return OcraParameters(suite, self._counter())
            case Algorithm.YUBICO_OTP:
                return YubicoOtpParameters(
                    public_id=self._entry.required(Field.PUBLIC_ID, modhex),
                    private_id=self._entry.required(Field.PRIVATE_ID, _private_id),
                )

    def _digest(self, seed_octets: int) -> Digest:
        habit = self._habits.digests.get(seed_octets)
        if habit is None and seed_octets not in _TELLING:
            habit = Digest.SHA1
        return self._agreed(Field.HASH, digest, self._said.digest, habit)

    def _digits(self) -> int:
        return self._agreed(
            Field.DIGITS,
            lambda text: lexical.integer(text, MIN_DIGITS, MAX_DIGITS),
            self._said.digits,
            self._habits.digits,
        )

    def _step(self) -> int:
        return self._agreed(
            self._factor(Field.STEP),
            lambda text: lexical.integer(text, 1, MAX_STEP_S),
            self._said.step_s,
            self._habits.step_s,
        )

    def _counter(self) -> int:
        counter = self._entry.parsed(
            self._factor(Field.COUNTER), lambda text: lexical.integer(text, 0, MAX_COUNTER)
        )
        if counter is None:
            self._defaults.append(Field.COUNTER.value)
            return 0
        return counter

    def _factor(self, what: Field) -> Field:
        return what if self._entry.text(Field.FACTOR) is None else Field.FACTOR

    def _agreed(self, what: Field, parse: Callable[[str], T], said: T | None, habit: T | None) -> T:
        """What the file tells, else what the operator says, else the habit."""
        told = self._entry.parsed(what, parse)
        if told is not None:
            if said is not None and told != said:
                raise Malformed(
                    f"the file tells another {what.value} than the operator says",
                    self._entry.place(what),
                    f"Leave out {_OPTIONS[what]}, or check that this is the file meant.",
                )
            return told
        if said is not None:
            return said
        if habit is None:
            raise Malformed(
                f"the file does not tell the {what.value}",
                self._entry.place(what),
                f"Look it up in the order, and say it by {_OPTIONS[what]}.",
            )
        self._defaults.append(what.value)
        return habit

    def _check_length(self, octets: int, algorithm: Algorithm) -> None:
        place = self._entry.place(Field.SEED)
        if algorithm is Algorithm.YUBICO_OTP:
            if octets != _YUBICO_KEY:
                raise Malformed(f"an AES key of {octets} octets instead of {_YUBICO_KEY}", place)
            return
        if octets > MAX_SEED:
            raise Unsupported(f"the seed is longer than {MAX_SEED} octets", place)
        if octets < (_SHORT_SEED if self._said.allow_short else MIN_SEED):
            reason = "the seed is shorter than 128 bits (RFC 4226 section 4, R6)"
            raise Malformed(reason, place, SHORTER if octets >= _SHORT_SEED else None)
        if octets < _RECOMMENDED:
            self._entry.warnings[WarningCode.SEED_UNDER_160_BITS] += 1

    def _user(self) -> str | None:
        user = self._entry.parsed(Field.USER, lexical.line)
        realm = self._entry.parsed(Field.REALM, lexical.line)
        return user if user is None or realm is None else f"{user}@{realm}"


def digest(text: str) -> Digest:
    """A hash by any of its spellings: sha1, SHA-256, HmacSHA512."""
    match = _HASH.fullmatch(text)
    if match is None:
        raise ValueError("it is none of SHA-1, SHA-256 and SHA-512")
    return Digest(f"SHA{match[1]}")


def modhex(text: str) -> str:
    """A YubiKey's public id, in the sixteen letters that are the same on every keyboard."""
    if len(text) % 2 or not _MODHEX.fullmatch(text.casefold()):
        raise ValueError("it is not modhex of whole octets")
    return text.casefold()


def _algorithm(text: str) -> Algorithm:
    found = _ALGORITHMS.get(text.casefold())
    if found is None:
        raise ValueError("it is none of hotp, totp and ocra")
    return found


def _suite(text: str) -> str:
    ocra_suite.parse(text)
    return text


def _private_id(text: str) -> bytes:
    octets = bytes(spelling.octets(text, Encoding.HEX))
    if len(octets) != _PRIVATE_ID:
        raise ValueError(f"it is not of {_PRIVATE_ID} octets")
    return octets
