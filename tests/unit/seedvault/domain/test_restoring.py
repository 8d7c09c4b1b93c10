"""From where a token goes on after its vault was put back to an earlier state."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedvault.domain import restoring, verification, window
from seedvault.domain.names import UserName
from seedvault.domain.oath import TotpParameters
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.policy import DEFAULT, Profile
from seedvault.domain.restoring import Coverage
from seedvault.domain.token import Bound, InStock, Progress, Retired, Revoked, Stray, Suspended
from tests.support.tokens import HOTP, NOON, STEP_AT_NOON, TOTP, device

ALICE = UserName("alice")
KNOWN = Progress(STEP_AT_NOON - 100, NOON - timedelta(hours=1), drift_steps=3)
STEP = timedelta(seconds=30)


def bound(progress: Progress, parameters: object = TOTP) -> Bound:
    return Bound(device(1, parameters), progress, ALICE, NOON)  # type: ignore[arg-type]


@pytest.mark.parametrize("coverage", Coverage)
def test_a_clocks_floor_is_the_end_of_its_window(coverage: Coverage) -> None:
    found = restoring.put_back(bound(KNOWN), NOON, [DEFAULT], coverage)

    assert found.next_factor == STEP_AT_NOON + 3 + 2


@given(
    drift=st.integers(-100, 100),
    idle=st.integers(0, 400),
    before=st.integers(0, 10_000),
    place=st.integers(0, 30),
)
def test_no_code_of_a_window_before_is_above_the_floor(
    drift: int, idle: int, before: int, place: int
) -> None:
    """Whenever it was accepted: its window widened with the days that the token lay idle."""
    seen = Progress(0, NOON - timedelta(days=idle), drift_steps=drift)
    then = max(seen.synchronised_at, NOON - timedelta(seconds=before))
    factors = window.for_verification(TOTP, seen, then, DEFAULT)
    accepted = factors[min(place, len(factors) - 1)]

    floor = restoring.put_back(
        bound(seen), NOON, [DEFAULT], Coverage.UP_TO_A_CHECKPOINT
    ).next_factor

    assert accepted < floor


def test_the_widest_of_the_policies_counts() -> None:
    both = [Profile.STRICT.policy, Profile.LENIENT.policy]

    found = restoring.put_back(bound(KNOWN), NOON, both, Coverage.ALL)

    assert found.next_factor == STEP_AT_NOON + 3 + 3


def test_a_floor_never_goes_back() -> None:
    ahead = replace(KNOWN, next_factor=STEP_AT_NOON + 500)

    assert restoring.put_back(bound(ahead), NOON, [DEFAULT], Coverage.ALL).next_factor == (
        STEP_AT_NOON + 500
    )


@pytest.mark.parametrize(
    ("coverage", "clock", "counter"),
    [
        (Coverage.ALL, False, False),
        (Coverage.UP_TO_A_CHECKPOINT, False, True),
        (Coverage.NOTHING, True, True),
    ],
)
def test_who_must_show_two_codes(coverage: Coverage, *, clock: bool, counter: bool) -> None:
    for parameters, expected in ((TOTP, clock), (HOTP, counter)):
        for token in (
            bound(KNOWN, parameters),
            InStock(device(1, parameters), KNOWN),
            Suspended(device(1, parameters), KNOWN, ALICE, NOON, NOON, "lost"),
        ):
            assert restoring.put_back(token, NOON, [DEFAULT], coverage).must_resync is expected


def test_who_had_to_show_two_codes_before_still_has_to() -> None:
    held = replace(KNOWN, must_resync=True)

    assert restoring.put_back(bound(held), NOON, [DEFAULT], Coverage.ALL).must_resync


def test_a_stray_code_of_before_proves_nothing_after() -> None:
    strayed = replace(KNOWN, stray=Stray(STEP_AT_NOON + 50, NOON))

    assert restoring.put_back(bound(strayed), NOON, [DEFAULT], Coverage.ALL).stray is None


@pytest.mark.parametrize("kind", [Revoked, Retired])
def test_what_never_verifies_again_stays_as_it_is(kind: type[Revoked | Retired]) -> None:
    token = kind(device(1), KNOWN, NOON, "stolen")

    assert restoring.put_back(token, NOON, [DEFAULT], Coverage.NOTHING) == KNOWN


@pytest.mark.parametrize("suite", ["QN08", "C-QN08", "QN08-T1M"])
def test_a_token_that_answers_stays_as_it_is(suite: str) -> None:
    parameters = OcraParameters(f"OCRA-1:HOTP-SHA1-6:{suite}")

    assert restoring.put_back(bound(KNOWN, parameters), NOON, [DEFAULT], Coverage.NOTHING) == KNOWN


# --- what is known to be spent ----------------------------------------------------------------


@pytest.mark.parametrize("parameters", [TOTP, TotpParameters(TOTP.digest, 6, 60, 30)])
def test_a_code_that_is_known_is_spent_as_it_was(parameters: TotpParameters) -> None:
    at, seen = NOON - 7 * STEP, replace(KNOWN, failures=3)
    factor = parameters.step_at(at) + 4

    found = restoring.spent_since(device(1, parameters), replace(seen, next_factor=0), factor, at)

    expected, _ = verification.accept(
        device(1, parameters), replace(seen, next_factor=0), factor, at
    )
    assert found == expected
    assert (found.next_factor, found.drift_steps, found.uses) == (factor + 1, 4, 1)


def test_a_code_below_the_floor_is_spent_already() -> None:
    assert restoring.spent_since(device(1), KNOWN, KNOWN.next_factor - 1, NOON) == KNOWN


@pytest.mark.parametrize(
    ("suite", "factor", "next_factor", "drift"),
    [("QN08", 7, 8, 3), ("C-QN08", 9, 10, 3), ("QN08-T1M", STEP_AT_NOON // 2 + 1, None, 1)],
)
def test_a_response_that_is_known_moves_what_it_moved(
    suite: str, factor: int, next_factor: int | None, drift: int
) -> None:
    answers = device(1, OcraParameters(f"OCRA-1:HOTP-SHA1-6:{suite}"))

    found = restoring.spent_since(answers, replace(KNOWN, next_factor=0), factor, NOON)

    expected = factor if next_factor is None else next_factor  # a time step is not spent
    assert (found.next_factor, found.drift_steps, found.uses) == (expected, drift, 1)
    assert found.synchronised_at == NOON
