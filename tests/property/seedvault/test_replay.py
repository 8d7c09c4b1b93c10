"""A code that was accepted is never accepted again, whenever it comes."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from seedvault.domain import auto_resync, resync, verification
from seedvault.domain.names import UserName
from seedvault.domain.oath import Digest, HotpParameters, Mac, TotpParameters, code_at
from seedvault.domain.outcome import Accepted
from seedvault.domain.parameters import Parameters
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


SEQUENCES = st.sampled_from([2, 3])
# Any later moment: within the same step, within the wide range, and beyond every range.
MOMENTS = st.lists(st.timedeltas(timedelta(hours=-30), timedelta(hours=30)), max_size=6)
AUTOMATIC = replace(DEFAULT, auto_resync=True)


# Each example is thousands of HMACs: half a second where the machine is busy.
@settings(deadline=None)
@given(SEEDS, st.integers(-2_880, 2_880), SEQUENCES, MOMENTS)
@example(bytes(range(20)), 0, 2, [timedelta(0)])
@example(bytes(range(20)), 120, 2, [timedelta(hours=1)])
def test_no_code_of_a_resynchronisation_is_good_for_anything_again(
    seed: bytes, away: int, number: int, pauses: list[timedelta]
) -> None:
    parameters, mac = TotpParameters(Digest.SHA1, 9, 30), mac_of(seed)
    first = parameters.step_at(NOON) + (away if number > 2 else away % 121)
    shown = [code_at(mac, first + n, 9) for n in range(number)]
    token = Bound(device(1, parameters), Progress(0, NOON), UserName("alice"), NOON)
    decision = resync.resynchronise(token, _codes(shown), NOON, DEFAULT, mac)
    assert isinstance(decision.outcome, Accepted)
    floor = decision.outcome.factor
    progress = decision.progress
    for pause in pauses:
        now = NOON + pause
        for code in shown:
            after = replace(token, progress=progress)
            progress, outcome = auto_resync.verify(after, code, now, AUTOMATIC, mac)
            assert not isinstance(outcome, Accepted) or outcome.factor > floor
        for start in range(number - 1):
            after = replace(token, progress=progress)
            again = resync.resynchronise(after, _codes(shown[start:]), now, DEFAULT, mac)
            assert not isinstance(again.outcome, Accepted)


@settings(deadline=None)
@given(SEEDS, st.integers(2, 120), MOMENTS)
def test_neither_code_of_an_automatic_resynchronisation_is_accepted_again(
    seed: bytes, away: int, pauses: list[timedelta]
) -> None:
    # LinOTP CVE-2019-12887: replayed at every offset, alone, in order and the other way round.
    parameters, mac, now = TotpParameters(Digest.SHA1, 9, 30), mac_of(seed), NOON
    first = parameters.step_at(NOON) + away
    shown = [code_at(mac, first, 9), code_at(mac, first + 1, 9)]
    token = Bound(device(1, parameters), Progress(0, NOON), UserName("alice"), NOON)
    accepted: list[int] = []
    progress = token.progress
    for pause in (timedelta(0), *pauses):
        now = NOON + pause
        for code in (*shown, *reversed(shown)):
            before = replace(token, progress=progress)
            progress, outcome = auto_resync.verify(before, code, now, AUTOMATIC, mac)
            accepted += [outcome.factor] if isinstance(outcome, Accepted) else []
    # Nine digits may come up again by chance, at a later step: that is another code.
    assert accepted[0] == first + 1
    assert accepted == sorted(set(accepted))


def _codes(shown: list[str]) -> resync.Codes:
    return (shown[0], shown[1]) if len(shown) == 2 else (shown[0], shown[1], shown[2])
