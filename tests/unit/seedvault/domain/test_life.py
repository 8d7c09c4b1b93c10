"""Each state of a token leads where it may, and nowhere else."""

from itertools import product

import pytest

from seedvault.domain import life
from seedvault.domain.errors import Conflict, InvalidInput
from seedvault.domain.life import Step, Transition
from seedvault.domain.names import UserName
from seedvault.domain.pin_keeping import LOW_MEMORY, StretchedPin
from seedvault.domain.token import (
    Bound,
    InStock,
    Progress,
    Quarantined,
    Retired,
    Revoked,
    State,
    Suspended,
    Token,
    owner_of,
    state_of,
)
from tests.support.tokens import NOON, device

ALICE, BOB = UserName("alice"), UserName("bob")
DEVICE, PROGRESS = device(1), Progress(7, NOON, failures=2, uses=3)
UNANSWERED = "OCRA responses are not verified by this version"
LATER = NOON.replace(hour=13)

EACH: dict[State, Token] = {
    State.IN_STOCK: InStock(DEVICE, PROGRESS),
    State.BOUND: Bound(DEVICE, PROGRESS, ALICE, NOON),
    State.SUSPENDED: Suspended(DEVICE, PROGRESS, ALICE, NOON, NOON, "lost"),
    State.QUARANTINED: Quarantined(DEVICE, PROGRESS, UNANSWERED),
    State.REVOKED: Revoked(DEVICE, PROGRESS, NOON, "stolen"),
    State.RETIRED: Retired(DEVICE, PROGRESS, NOON, "worn out"),
}
STEPS: list[tuple[Transition, Step]] = [
    (life.ASSIGN, lambda token, now, _: life.assign(token, ALICE, now)),
    (life.UNASSIGN, lambda token, _now, _: life.unassign(life.owned(token))),
    (life.SUSPEND, life.suspend),
    (life.RESUME, life.resume),
    (life.REVOKE, life.revoke),
    (life.RETIRE, life.retire),
    (life.RELEASE, life.release),
]


def test_there_is_a_token_for_every_state_and_a_step_for_every_transition() -> None:
    assert {state: state_of(token) for state, token in EACH.items()} == {s: s for s in State}
    assert tuple(transition for transition, _ in STEPS) == life.TRANSITIONS


@pytest.mark.parametrize(
    ("step", "state"),
    [pytest.param(s, state, id=f"{s[0].name} {state.value}") for s, state in product(STEPS, State)],
)
def test_a_step_is_taken_from_its_sources_only(step: tuple[Transition, Step], state: State) -> None:
    transition, take = step
    token = EACH[state]
    if state not in transition.sources:
        with pytest.raises(Conflict, match=str(DEVICE.serial)):
            take(token, LATER, "because")
        return
    after = take(token, LATER, "because")
    assert (state_of(after), after.device, after.progress) == (transition.target, DEVICE, PROGRESS)


def test_an_inverse_leads_back_by_the_same_role() -> None:
    by_name = {transition.name: transition for transition in life.TRANSITIONS}
    for transition in life.TRANSITIONS:
        if transition.inverse is not None:
            back = by_name[transition.inverse]
            assert transition.target in back.sources
            assert back.target in transition.sources
            assert back.role is transition.role


def test_a_suspended_token_stays_its_owners_and_knows_since_when() -> None:
    bound = EACH[State.BOUND]
    suspended = life.suspend(bound, LATER, "reported lost")
    assert suspended == Suspended(DEVICE, PROGRESS, ALICE, NOON, LATER, "reported lost")
    assert life.resume(suspended, LATER, "found") == bound


@pytest.mark.parametrize("take", [life.revoke, life.retire])
def test_what_ended_is_nobodys(take: Step) -> None:
    ended = take(EACH[State.IN_STOCK], LATER, "why")
    assert owner_of(ended) is None
    assert isinstance(ended, Revoked | Retired)
    assert (ended.since, ended.reason) == (LATER, "why")


def test_a_pin_stays_with_its_owner_and_goes_with_them() -> None:
    kept = StretchedPin(LOW_MEMORY, b"salt", b"tag")
    bound = Bound(DEVICE, PROGRESS, ALICE, NOON, kept)
    suspended = life.suspend(bound, LATER, "on leave")
    assert life.resume(suspended, LATER, "back") == bound
    for owned in (bound, suspended):
        assert not hasattr(life.unassign(life.owned(owned)), "pin")


@pytest.mark.parametrize("take", [life.suspend, life.resume, life.revoke, life.retire])
@pytest.mark.parametrize("reason", ["", " lost", "two\nlines", "x" * 201, "\u200b"])
def test_a_reason_is_one_line_that_can_be_read(take: Step, reason: str) -> None:
    with pytest.raises(InvalidInput, match="reason"):
        take(EACH[State.SUSPENDED], NOON, reason)


def test_a_reason_of_200_characters_is_kept() -> None:
    suspended = life.suspend(EACH[State.BOUND], NOON, "x" * 200)
    assert suspended.reason == "x" * 200


@pytest.mark.parametrize(
    ("state", "owner", "words"),
    [
        (State.BOUND, ALICE, ("it is already theirs", "Nothing is to be done")),
        (State.BOUND, BOB, ("it is already alice's", "token unassign")),
        (State.SUSPENDED, ALICE, ("theirs, and suspended since 2026-11-24: lost", "token resume")),
        (State.SUSPENDED, BOB, ("alice's, and suspended since 2026-11-24: lost", "unassign")),
        (State.QUARANTINED, BOB, ("in quarantine: OCRA responses", "another token")),
        (State.REVOKED, BOB, ("revoked since 2026-11-24: stolen", "another token")),
        (State.RETIRED, BOB, ("retired since 2026-11-24: worn out", "another token")),
    ],
)
def test_why_a_token_cannot_be_assigned_is_told_with_the_remedy(
    state: State, owner: UserName, words: tuple[str, str]
) -> None:
    with pytest.raises(Conflict) as refused:
        life.assign(EACH[state], owner, NOON)
    assert words[0] in refused.value.what
    assert words[1] in refused.value.remedy


def test_a_step_out_of_place_names_state_holder_and_what_it_has_to_be() -> None:
    with pytest.raises(Conflict) as refused:
        life.retire(EACH[State.BOUND], NOON, "worn out")
    assert refused.value.what == (
        f"{DEVICE.serial} cannot be retired: it is bound, held by alice, and has to be "
        "in-stock or quarantined or revoked"
    )
    with pytest.raises(Conflict, match="it is revoked, and has to be bound"):
        life.suspend(EACH[State.REVOKED], NOON, "lost")
