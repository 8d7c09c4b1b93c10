"""The numbers that decide: each is named, has a unit and limits, and says where it comes from.

A number more is a field more: how it is set, shown and documented follows from its `Number`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import Enum

from seedvault.domain.pin import MAX_PIN_LENGTH, PinRule
from seedvault.domain.policy_number import Number, Value

_DRIFT = "a clock drifts about 2 s a day"
_WINDOW = "RFC 6238 section 5.2: a wider window is a larger target"
_FAILURES = "SP 800-63B-4 section 3.2.2: at most 100 failures in a row"
_DAY_OF_STEPS = "RFC 6238 section 6: a day each way of 30 s steps"
_SEARCH = "RFC 4226 section 7.4, appendix E.4: two codes in a row, the fewer to search the better"


@dataclass(frozen=True, slots=True)
class Reach:
    """How far consecutive codes are looked for."""

    steps: int  # each side of the stored drift
    counters: int  # beyond the expected one
    behind: int  # counters before it, only to tell how far it would go backwards


@dataclass(frozen=True, slots=True)
class Policy:
    """Windows, throttle and budgets for one token. The defaults are those of the threat model.

    Raises InvalidInput where a number is outside what the standards allow.
    """

    look_ahead: int = Number(
        default=10,
        strict=5,
        lenient=20,
        least=1,
        most=100,
        unit="counters",
        meaning="HOTP: counters beyond the expected one",
        source="RFC 4226 section 7.4",
        limits="RFC 4226 section 7.4 and appendix E.4: as low as is still usable",
    ).field()
    window_steps: int = Number(
        default=1,
        strict=0,
        lenient=2,
        least=0,
        most=10,
        unit="steps",
        meaning="TOTP: steps on each side of the stored drift; 0 is the current step alone",
        source="RFC 6238 section 5.2; strict: OWASP ASVS 5.0, 6.5.5, a code lives 30 s",
        limits=_WINDOW,
    ).field()
    idle_days_per_step: int = Number(
        default=15,
        strict=30,
        least=1,
        most=3_650,
        unit="days",
        meaning="TOTP: days without an accepted code that widen the window by a step on each side",
        source=_DRIFT,
        limits=f"{_DRIFT}; more widens later",
    ).field()
    max_window_steps: int = Number(
        default=10,
        strict=1,
        least=0,
        most=10,
        unit="steps",
        meaning="TOTP: steps on each side, however long it lay idle",
        source=_DRIFT,
        limits=_WINDOW,
    ).field()

    resync_counters: int = Number(
        default=1_000,
        strict=100,
        least=10,
        most=10_000,
        unit="counters",
        meaning="HOTP: counters beyond the expected one that two codes are looked for in",
        source="RFC 4226 section 7.4, appendix E.4",
        limits=_SEARCH,
    ).field()
    resync_steps: int = Number(
        default=120,
        strict=20,
        lenient=240,
        least=1,
        most=2_880,
        unit="steps",
        meaning="TOTP: steps on each side of the stored drift that two codes are looked for in",
        source="RFC 6238 section 6",
        limits=_DAY_OF_STEPS,
    ).field()
    wide_counters: int = Number(
        default=10_000,
        strict=1_000,
        least=10,
        most=10_000,
        unit="counters",
        meaning="HOTP: the same for three codes",
        source="RFC 4226 appendix E.4: a third code makes up for a wider search",
        limits=_SEARCH,
    ).field()
    wide_steps: int = Number(
        default=2_880,
        strict=120,
        least=1,
        most=2_880,
        unit="steps",
        meaning="TOTP: the same for three codes",
        source="RFC 6238 section 6; a day of 30 s steps",
        limits=_DAY_OF_STEPS,
    ).field()
    resyncs_a_day: int = Number(
        default=5,
        strict=2,
        lenient=10,
        least=1,
        most=20,
        unit="attempts",
        meaning="attempts, good or bad, by two codes or three, within 24 hours of the first",
        source="each try is a guess at a wider window",
        limits=_FAILURES,
    ).field()
    auto_resync: bool = Number(
        default=False,
        meaning="whether two codes in a row bring a token back without staff",
        source="LinOTP CVE-2019-12887 says why it is off",
    ).field()
    auto_resync_within: timedelta = Number(  # noqa: RUF009 - a field, as the others
        default=timedelta(minutes=3),
        least=timedelta(seconds=30),
        most=timedelta(minutes=10),
        meaning="how long after the first of them",
        source="time to read and type a second code",
        limits="LinOTP CVE-2019-12887: the longer, the more a single seen code is worth",
    ).field()

    search_tokens: int = Number(
        default=1_000,
        least=1,
        most=10_000,
        unit="tokens",
        per_token=False,
        meaning="tokens that one search for the token of a code looks at",
        source="a tenth of a second in SoftHSM, half a minute where an HSM takes 10 ms a token",
        limits="a search must not keep the HSM from verifying",
    ).field()
    searches_a_day: int = Number(
        default=10,
        least=1,
        most=100,
        unit="searches",
        per_token=False,
        meaning="of one batch or user, or of any list, by one actor within 24 hours",
        source="each search tries a code on many tokens",
        limits=_FAILURES,
    ).field()

    challenge_for: timedelta = Number(  # noqa: RUF009 - a field, as the others
        default=timedelta(minutes=2),
        strict=timedelta(minutes=1),
        lenient=timedelta(minutes=5),
        least=timedelta(seconds=30),
        most=timedelta(minutes=10),
        meaning="how long a challenge waits for its response",
        source="time to read, type and read again",
        limits="OWASP ASVS 5.0, 6.5.5: at most 10 min",
    ).field()
    challenges_open: int = Number(
        default=3,
        strict=1,
        least=1,
        most=10,
        unit="challenges",
        meaning="of one token at a time; a further one takes the oldest's place",
        source="each is one more response that is right",
        limits="RFC 6287 section 7.1: guessing gets easier with each",
    ).field()

    pin: PinRule = Number(  # noqa: RUF009 - a field, as the others
        default=PinRule.NONE,
        meaning="whether a PIN is presented with a code, before it (prepend) or after it (append)",
        source="SP 800-63B-4 section 3.1.1: something the user knows",
    ).field()
    pin_min: int = Number(
        default=4,
        strict=8,
        least=4,
        most=MAX_PIN_LENGTH,
        unit="characters",
        meaning="of a new PIN",
        source="SP 800-63B-4 section 3.1.1.1: 8 of a PIN that is verified centrally (strict)",
        limits="what a keypad and a person bear",
    ).field()

    free_failures: int = Number(
        default=2,
        strict=0,
        lenient=4,
        least=0,
        most=10,
        unit="failures",
        meaning="failures in a row that cost no waiting; after them 1, 2, 4 ... s",
        source="RFC 4226 section 7.3",
        limits="RFC 4226 section 7.3: guessing is throttled",
    ).field()
    lock_at: int = Number(
        default=10,
        strict=5,
        lenient=20,
        least=3,
        most=50,
        unit="failures",
        meaning="failures in a row from which on each costs lock_for",
        source="PCI DSS 4.0, 8.3.4: at most 10 (lenient allows more)",
        limits="PCI DSS 4.0, 8.3.4 asks for at most 10; SP 800-63B-4 section 3.2.2 leaves it open",
    ).field()
    lock_for: timedelta = Number(  # noqa: RUF009 - a field, as the others
        default=timedelta(minutes=30),
        strict=timedelta(hours=1),
        lenient=timedelta(minutes=15),
        least=timedelta(minutes=1),
        most=timedelta(days=1),
        meaning="how long; no single delay is longer",
        source="PCI DSS 4.0, 8.3.4: at least 30 min (lenient is shorter)",
        limits="RFC 4226 section 7.3; more than a day is what disabling is for",
    ).field()
    disable_at: int = Number(
        default=50,
        strict=20,
        lenient=100,
        least=3,
        most=100,
        unit="failures",
        meaning="failures in a row after which staff must unlock",
        source="SP 800-63B-4 section 3.2.2",
        limits=_FAILURES,
    ).field()
    disable_hotp6_at: int = Number(
        default=30,
        strict=10,
        lenient=50,
        least=3,
        most=100,
        unit="failures",
        meaning="the same for HOTP of six digits: a look-ahead window over them is easier to hit",
        source="RFC 4226 appendix E.4",
        limits=_FAILURES,
    ).field()

    def __post_init__(self) -> None:
        for name, number in NUMBERS.items():
            number.check(name, getattr(self, name))

    @property
    def near(self) -> Reach:
        """For two consecutive codes."""
        return Reach(self.resync_steps, self.resync_counters, self.look_ahead)

    @property
    def wide(self) -> Reach:
        """For three."""
        return Reach(self.wide_steps, self.wide_counters, self.resync_counters)


NUMBERS: Mapping[str, Number] = {each.name: each.metadata["number"] for each in fields(Policy)}
"""What people must know of each number, by its name."""


class Profile(Enum):
    """A value for every number, under one name."""

    DEFAULT = "default"
    STRICT = "strict"
    LENIENT = "lenient"

    def value_of(self, number: Number) -> Value:
        """What this profile gives a number."""
        given = {Profile.STRICT: number.strict, Profile.LENIENT: number.lenient}.get(self)
        return number.default if given is None else given

    @property
    def policy(self) -> Policy:
        """All that it gives."""
        return Policy(**{name: self.value_of(each) for name, each in NUMBERS.items()})  # type: ignore[arg-type]  # each number's own type, see `Number.check`


DEFAULT = Profile.DEFAULT.policy
