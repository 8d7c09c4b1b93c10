"""Whatever happens to a token, and whatever its clock and ours do, no factor is spent twice."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from seedvault.domain import auto_resync, lockout, resync, verification
from seedvault.domain.names import UserName
from seedvault.domain.oath import Counting, Digest, HotpParameters, TotpParameters, code_at
from seedvault.domain.outcome import Accepted, Outcome
from seedvault.domain.policy import DEFAULT
from seedvault.domain.token import Bound, Progress
from tests.support.fakes import mac_of
from tests.support.tokens import NOON, device

HOTP = HotpParameters(Digest.SHA1, 6)
TOTP = TotpParameters(Digest.SHA1, 6, 30)
MAC = mac_of(b"12345678901234567890")
NEAR = st.integers(-15, 15)
FAR = st.integers(-130, 1_010)


class ATokensLife(RuleBasedStateMachine):
    """One token; its user, a thief of spent codes, staff, and a clock that jumps."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.parameters: Counting = HOTP
        self.policy = DEFAULT
        self.progress = Progress(0, NOON)
        self.floor = 0
        self.spent: list[int] = []

    @initialize(parameters=st.sampled_from([HOTP, TOTP]), automatic=st.booleans())
    def leave_the_factory(self, parameters: Counting, automatic: bool) -> None:
        self.parameters = parameters
        self.policy = replace(DEFAULT, auto_resync=automatic)

    @rule(by=st.timedeltas(timedelta(hours=-2), timedelta(hours=2)))
    def the_clock_jumps(self, by: timedelta) -> None:
        self.now += by

    @rule(by=st.timedeltas(timedelta(0), timedelta(days=60)))
    def time_passes(self, by: timedelta) -> None:
        self.now += by

    @rule(away=NEAR)
    def its_user_types_a_code(self, away: int) -> None:
        self.verify(self.centre + away)

    @rule(away=st.integers(-121, 1_001), pause=st.timedeltas(timedelta(0), timedelta(minutes=4)))
    def its_user_types_two_codes_far_away(self, away: int, pause: timedelta) -> None:
        first = max(1, self.centre + away)
        self.verify(first)
        self.now += pause
        self.verify(first + 1)

    @rule(place=st.integers(0, 20), apart=st.integers(0, 1))
    def a_thief_types_two_codes_from_there_on(self, place: int, apart: int) -> None:
        if self.spent:
            first = self.spent[-1 - place % len(self.spent)]
            self.verify(first)
            self.verify(first + apart)

    @rule(place=st.integers(0, 20))
    def a_thief_types_a_spent_code(self, place: int) -> None:
        if self.spent:
            self.verify(self.spent[-1 - place % len(self.spent)])

    @rule(away=FAR, apart=st.sampled_from([1, 1, 1, 0, 2, -1]))
    def staff_resynchronise_it(self, away: int, apart: int) -> None:
        first = max(1, self.centre + away)
        codes = self.code(first), self.code(first + apart)
        if self.refused(codes) or resync.refusal(self.token, codes, self.now, DEFAULT):
            return
        decided = resync.resynchronise(self.token, codes, self.now, DEFAULT, MAC)
        self.settle(decided.progress, decided.outcome, steps=2)

    @rule(away=st.integers(-2_900, 10_010), apart=st.sampled_from([1, 1, 1, 0, 2, -1]))
    def staff_search_widely(self, away: int, apart: int) -> None:
        first = max(1, self.centre + away)
        codes = self.code(first), self.code(first + 1), self.code(first + 1 + apart)
        if self.refused(codes) or resync.refusal(self.token, codes, self.now, DEFAULT):
            return
        decided = resync.resynchronise(self.token, codes, self.now, DEFAULT, MAC)
        self.settle(decided.progress, decided.outcome, steps=3)

    @rule()
    def staff_unlock_it(self) -> None:
        self.progress = lockout.clear(self.progress)

    @invariant()
    def its_floor_never_sinks(self) -> None:
        assert self.progress.next_factor >= self.floor
        self.floor = self.progress.next_factor

    @invariant()
    def it_never_fails_more_often_than_it_may(self) -> None:
        limit = DEFAULT.disable_hotp6_at if self.parameters == HOTP else DEFAULT.disable_at
        assert 0 <= self.progress.failures <= limit

    @property
    def token(self) -> Bound:
        return Bound(device(1, self.parameters), self.progress, UserName("alice"), NOON)

    @property
    def centre(self) -> int:
        """Where the next code is most likely to be."""
        if isinstance(self.parameters, TotpParameters):
            return self.parameters.step_at(self.now) + self.progress.drift_steps
        return self.progress.next_factor

    def code(self, factor: int) -> str:
        return code_at(MAC, max(0, factor), self.parameters.digits)

    def refused(self, codes: tuple[str, ...]) -> bool:
        return verification.refusal(self.token, codes, self.now, DEFAULT) is not None

    def verify(self, factor: int) -> None:
        shown = self.code(factor)
        if not self.refused((shown,)):
            self.settle(*auto_resync.verify(self.token, shown, self.now, self.policy, MAC))

    def settle(self, progress: Progress, outcome: Outcome, steps: int = 1) -> None:
        """Commit; what was accepted must lie above all that was spent, and is spent now."""
        before = self.progress
        if isinstance(outcome, Accepted):
            spends = range(outcome.factor - steps + 1, outcome.factor + 1)
            assert spends.start >= before.next_factor
            assert not set(spends) & set(self.spent)
            assert (progress.next_factor, progress.failures) == (spends.stop, 0)
            self.spent += spends
        else:
            assert progress.next_factor == before.next_factor
            assert progress.failures == before.failures + 1
        self.progress = progress


TestATokensLife = ATokensLife.TestCase
TestATokensLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
