"""A code that was accepted is never accepted again, whenever it comes."""

from datetime import datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from seedvault.domain import verification
from seedvault.domain.names import UserName
from seedvault.domain.oath import Digest, HotpParameters, Mac, Parameters, TotpParameters, code_at
from seedvault.domain.outcome import Accepted
from seedvault.domain.policy import DEFAULT
from seedvault.domain.token import Bound, Progress
from tests.support.fakes import mac_of
from tests.support.tokens import NOON, device

SEEDS = st.binary(min_size=16, max_size=64)
DRIFTS = st.integers(-1, 1)
# From within a step to months: the window widens while a token lies idle.
PAUSES = st.lists(
    st.timedeltas(timedelta(0), timedelta(minutes=3))
    | st.timedeltas(timedelta(0), timedelta(days=400)),
    max_size=8,
)


def verify(
    parameters: Parameters, progress: Progress, shown: str, now: datetime, mac: Mac
) -> tuple[Progress, Accepted | None]:
    token = Bound(device(1, parameters), progress, UserName("alice"), NOON)
    after, outcome = verification.verify(token, shown, now, DEFAULT, mac)
    return after, outcome if isinstance(outcome, Accepted) else None


@given(SEEDS, DRIFTS, st.sampled_from([30, 60]), PAUSES)
@example(bytes(20), 1, 30, [timedelta(0), timedelta(seconds=30), timedelta(seconds=30)])
def test_no_later_moment_makes_a_spent_totp_code_fresh(
    seed: bytes, drift: int, step_s: int, pauses: list[timedelta]
) -> None:
    parameters = TotpParameters(Digest.SHA1, 9, step_s)
    mac, now = mac_of(seed), NOON
    shown = code_at(mac, parameters.step_at(now) + drift, 9)
    progress, first = verify(parameters, Progress(0, NOON), shown, now, mac)
    assert first is not None
    for pause in pauses:
        now += pause
        progress, again = verify(parameters, progress, shown, now, mac)
        # Nine digits may come up again by chance, at a later step: that is another code.
        assert again is None or again.factor > first.factor


@given(SEEDS, st.integers(0, 2**40), st.lists(st.integers(0, 10), min_size=1, max_size=8))
def test_no_counter_is_accepted_twice(seed: bytes, counter: int, skips: list[int]) -> None:
    parameters, mac = HotpParameters(Digest.SHA1, 9), mac_of(seed)
    progress, accepted, shown = Progress(counter, NOON), list[int](), list[str]()
    for skip in skips:
        shown.append(code_at(mac, progress.next_factor + skip, 9))
        for code in reversed(shown):  # the new one, then all that were spent
            progress, outcome = verify(parameters, progress, code, NOON, mac)
            accepted += [outcome.factor] if outcome else []
    assert len(accepted) >= len(skips)
    assert accepted == sorted(set(accepted))
