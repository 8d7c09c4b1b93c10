"""The numbers that decide: each is named, has a unit, and says where it comes from."""

from dataclasses import dataclass
from datetime import timedelta

from seedvault.domain.pin import PinRule


@dataclass(frozen=True, slots=True)
class Reach:
    """How far consecutive codes are looked for."""

    steps: int  # each side of the stored drift
    counters: int  # beyond the expected one
    behind: int  # counters before it, only to tell how far it would go backwards


@dataclass(frozen=True, slots=True)
class Policy:
    """Windows, throttle and budgets. The defaults are those of the threat model."""

    look_ahead: int = 10  # counters beyond the expected one (RFC 4226 section 7.4)
    window_steps: int = 1  # each side of the stored drift (RFC 6238 section 5.2)
    idle_days_per_step: int = 15  # a clock drifts about 2 s a day
    max_window_steps: int = 10  # however long the token lay idle

    resync_counters: int = 1_000  # RFC 4226 section 7.4 and appendix E.4
    resync_steps: int = 120  # each side of the stored drift (RFC 6238 section 6)
    wide_counters: int = 10_000  # the same, by three codes
    wide_steps: int = 2_880  # a day of 30 s steps
    resyncs_a_day: int = 5  # by two codes and by three together
    auto_resync: bool = False  # LinOTP CVE-2019-12887 says why it is off
    auto_resync_within: timedelta = timedelta(seconds=180)  # between the two codes

    search_tokens: int = 1_000  # at most, for a code without a serial: a tenth of a second
    searches_a_day: int = 10  # of one batch or user, by one actor

    challenge_for: timedelta = timedelta(minutes=2)  # to read, type and read again
    challenges_open: int = 3  # of one token: a further one takes the oldest's place

    pin: PinRule = PinRule.NONE
    pin_min: int = 4  # SP 800-63B-4 section 3.1.1.1 asks for 8 of a PIN that is verified centrally

    free_failures: int = 2  # consecutive failures that cost no waiting (RFC 4226 section 7.3)
    lock_at: int = 10  # PCI DSS 8.3.4
    lock_for: timedelta = timedelta(minutes=30)
    disable_at: int = 50  # SP 800-63B-4 section 3.2.2 allows 100
    disable_hotp6_at: int = 30  # a look-ahead window over six digits is easier to hit

    @property
    def near(self) -> Reach:
        """For two consecutive codes."""
        return Reach(self.resync_steps, self.resync_counters, self.look_ahead)

    @property
    def wide(self) -> Reach:
        """For three."""
        return Reach(self.wide_steps, self.wide_counters, self.resync_counters)


DEFAULT = Policy()
