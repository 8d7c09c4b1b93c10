"""A code without a serial finds its token, among few, seldom, on record, and lets nobody in."""

from dataclasses import replace
from datetime import timedelta

import pytest

from seedvault.domain import life
from seedvault.domain.audit import EventKind
from seedvault.domain.errors import (
    HsmUnavailable,
    InvalidInput,
    NotAllowed,
    NotFound,
    SealBroken,
)
from seedvault.domain.names import Serial, UserName
from seedvault.domain.oath import KeptParameters
from seedvault.domain.outcome import Accepted, Reason
from seedvault.domain.policy import DEFAULT, Profile
from seedvault.domain.policy_rule import AllTokens, OfBatch, Setting
from seedvault.domain.recognition import Shown
from seedvault.domain.rule_change import SetRule
from seedvault.domain.rule_set import RuleSet
from seedvault.domain.token import Quarantined, Retired, Revoked, State, owner_of, state_of
from seedvault.service.find_token import FindToken, LeftOut
from seedvault.service.lifecycle import ChangeLife
from seedvault.service.search_scope import InBatch, Listed, OfUser, Scope
from tests.support.policies import Everywhere
from tests.support.tokens import HOTP, NOON, STEP_AT_NOON, device, serial
from tests.unit.seedvault.service.world import ALICE, World, delivered

BATCH = InBatch("B-0001")
TOKENS = 20
DAY = timedelta(days=1)


@pytest.fixture
def stocked(world: World) -> World:
    """One batch of twenty tokens, the third of them Alice's."""
    world.import_file(*(delivered(number) for number in range(1, TOKENS + 1)))
    world.bound(3)
    return world


def found(world: World, codes: Shown, scope: Scope = BATCH) -> list[Serial]:
    return [token.device.serial for token in world.find(codes, scope, "helen").found]


@pytest.mark.parametrize("number", [1, 3, TOKENS])
@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_a_code_finds_its_token_in_the_batch(stocked: World, number: int, offset: int) -> None:
    assert found(stocked, (stocked.code(STEP_AT_NOON + offset, number),)) == [serial(number)]


@pytest.mark.parametrize("offset", [-2, 2])
def test_a_code_outside_the_window_finds_nothing(stocked: World, offset: int) -> None:
    assert found(stocked, (stocked.code(STEP_AT_NOON + offset),)) == []


def test_a_counter_s_code_is_looked_for_ten_ahead(world: World) -> None:
    world.stocked(1, HOTP)
    assert found(world, (world.code(10),)) == [serial(1)]
    assert found(world, (world.code(11),)) == []


def test_a_code_that_was_accepted_a_moment_ago_finds_its_token_too(stocked: World) -> None:
    stocked.verify(serial(3), stocked.code(number=3), "rp")
    assert found(stocked, (stocked.code(number=3),)) == [serial(3)]


@pytest.mark.parametrize("next_one", [-1, 0, 2])
def test_a_second_code_must_follow_the_first(stocked: World, next_one: int) -> None:
    first, second = (stocked.code(STEP_AT_NOON + n) for n in (0, 1))
    assert found(stocked, (first, second)) == [serial(1)]
    other = stocked.code(STEP_AT_NOON + next_one) if next_one else stocked.code(number=2)
    assert found(stocked, (first, other)) == []


def test_the_second_code_may_be_the_one_right_after_the_window(stocked: World) -> None:
    pair = stocked.code(STEP_AT_NOON + 1), stocked.code(STEP_AT_NOON + 2)
    assert found(stocked, pair) == [serial(1)]


def test_nothing_is_accepted_spent_or_charged(stocked: World) -> None:
    before = {number: stocked.stored(number) for number in range(1, TOKENS + 1)}
    found(stocked, (stocked.code(number=3),))
    found(stocked, (stocked.wrong_code(),))
    assert {number: stocked.stored(number) for number in before} == before
    accepted = stocked.verify(serial(3), stocked.code(number=3), "rp")
    assert accepted == Accepted(STEP_AT_NOON, 0)


def test_only_the_batch_that_was_named_is_searched(stocked: World) -> None:
    stocked.stocked(30)
    assert found(stocked, (stocked.code(number=30),)) == []
    assert found(stocked, (stocked.code(number=30),), InBatch("2")) == [serial(30)]
    assert stocked.keys.opened == [*map(serial, range(1, TOKENS + 1)), serial(30)]


def test_only_the_tokens_of_the_user_who_was_named_are_searched(stocked: World) -> None:
    assert found(stocked, (stocked.code(number=3),), OfUser(ALICE)) == [serial(3)]
    assert found(stocked, (stocked.code(number=4),), OfUser(ALICE)) == []
    assert stocked.keys.opened == [serial(3), serial(3)]


def test_only_the_tokens_that_were_listed_are_searched_each_once(stocked: World) -> None:
    listed = Listed([serial(5), serial(6), serial(5)])
    assert found(stocked, (stocked.code(number=6),), listed) == [serial(6)]
    assert stocked.keys.opened == [serial(5), serial(6)]


def test_a_listed_serial_that_nobody_knows_stops_nothing(stocked: World) -> None:
    sought = stocked.find((stocked.code(),), Listed([serial(99), serial(1)]), "helen")
    assert [token.device.serial for token in sought.found] == [serial(1)]
    assert sought.left_out == (LeftOut(serial(99), "no token has this serial"),)


@pytest.mark.parametrize("scope", [InBatch("B-0002"), OfUser(UserName("bob"))])
def test_an_unknown_batch_or_user_is_not_found(stocked: World, scope: Scope) -> None:
    with pytest.raises(NotFound):
        stocked.find((stocked.code(),), scope, "helen")


@pytest.mark.parametrize(
    ("codes", "flaw"),
    [
        (("12345",), "6 to 9 digits"),
        (("1234567890",), "6 to 9 digits"),
        (("",), "6 to 9 digits"),
        ((" 12345",), "6 to 9 digits"),
        (("１２３４５６",), "6 to 9 digits"),  # noqa: RUF001 - full-width digits are no code
        (("123456", "12345678"), "differ in length"),
        (("123456", "123456"), "twice"),
    ],
)
def test_what_is_no_code_is_refused_before_anything_is_read(
    stocked: World, codes: Shown, flaw: str
) -> None:
    with pytest.raises(InvalidInput, match=flaw):
        stocked.find(codes, BATCH, "helen")
    assert stocked.events(EventKind.TOKEN_SOUGHT) == []


def test_a_token_whose_codes_have_other_lengths_is_not_opened(stocked: World) -> None:
    sought = stocked.find(("123456",), BATCH, "helen")
    assert (sought.looked_at, stocked.keys.opened) == (0, [])
    assert {each.why for each in sought.left_out} == {Reason.MALFORMED.value}


def capped(world: World, tokens: int) -> FindToken:
    return replace(world.find, policies=Everywhere(replace(DEFAULT, search_tokens=tokens)))


def test_as_many_tokens_as_the_cap_are_searched(stocked: World) -> None:
    sought = capped(stocked, TOKENS)((stocked.code(),), BATCH, "helen")
    assert (sought.looked_at, len(sought.found)) == (TOKENS, 1)


@pytest.mark.parametrize("scope", [BATCH, Listed([*map(serial, range(1, TOKENS + 1))])])
def test_one_more_than_the_cap_is_refused_with_a_way_to_narrow_it(
    stocked: World, scope: Scope
) -> None:
    with pytest.raises(InvalidInput, match=f"more than {TOKENS - 1} tokens") as refused:
        capped(stocked, TOKENS - 1)((stocked.code(),), scope, "helen")
    assert "--serials FILE" in refused.value.remedy
    assert stocked.keys.opened == []


# --- what is on record -----------------------------------------------------------------------


def test_a_search_is_on_record_with_its_batch_and_how_many_it_looks_at(stocked: World) -> None:
    found(stocked, (stocked.wrong_code(),))
    (event,) = stocked.events(EventKind.TOKEN_SOUGHT)
    assert (event.actor, event.batch, event.serial) == ("helen", "B-0001", None)
    assert event.detail == f"among {TOKENS} tokens"
    assert stocked.events(EventKind.TOKEN_FOUND) == []


def test_what_it_found_is_on_record_in_the_token_s_own_history(stocked: World) -> None:
    found(stocked, (stocked.code(number=3),))
    (event,) = stocked.events(EventKind.TOKEN_FOUND)
    assert (event.actor, event.batch, event.serial) == ("helen", "B-0001", serial(3))
    assert (event.user, event.factor) == ("alice", None)


def test_no_code_is_on_record(stocked: World) -> None:
    code = stocked.code(number=3)
    found(stocked, (code,))
    events = stocked.events(EventKind.TOKEN_SOUGHT) + stocked.events(EventKind.TOKEN_FOUND)
    assert not any(code in repr(event) for event in events)


def test_the_search_is_on_record_before_anything_is_opened(stocked: World) -> None:
    recorded: list[int] = []
    stocked.keys.meanwhile.append(
        lambda: recorded.append(len(stocked.events(EventKind.TOKEN_SOUGHT)))
    )
    found(stocked, (stocked.code(),))
    assert recorded == [1]


def test_an_hsm_that_fails_in_the_middle_ends_the_search_and_stays_on_record(
    stocked: World,
) -> None:
    stocked.keys.meanwhile.append(lambda: setattr(stocked.keys, "unplugged", True))
    with pytest.raises(HsmUnavailable):
        found(stocked, (stocked.code(number=TOKENS),))
    assert len(stocked.events(EventKind.TOKEN_SOUGHT)) == 1


# --- its budget ------------------------------------------------------------------------------


def search(world: World, times: int, scope: Scope = BATCH, actor: str = "helen") -> None:
    for _ in range(times):
        world.find(("12345678",), scope, actor)
        world.clock.advance(timedelta(minutes=1))


def test_the_tenth_search_of_a_day_works_and_the_eleventh_is_refused(stocked: World) -> None:
    search(stocked, 10)
    stocked.keys.opened.clear()
    with pytest.raises(NotAllowed, match="10 times today") as refused:
        search(stocked, 1)
    assert (NOON + DAY).isoformat() in refused.value.remedy
    assert (stocked.keys.opened, len(stocked.events(EventKind.TOKEN_SOUGHT))) == ([], 10)
    (event,) = stocked.events(EventKind.SEARCH_REFUSED)
    assert (event.actor, event.batch) == ("helen", "B-0001")


def test_a_day_after_the_first_search_one_more_works(stocked: World) -> None:
    search(stocked, 10)
    stocked.clock.now = NOON + DAY
    search(stocked, 1)
    stocked.clock.now = NOON + DAY
    with pytest.raises(NotAllowed):
        search(stocked, 1)


def test_being_refused_does_not_put_the_next_search_off(stocked: World) -> None:
    search(stocked, 10)
    for _ in range(3):
        with pytest.raises(NotAllowed):
            search(stocked, 1)
    stocked.clock.now = NOON + DAY
    search(stocked, 1)


def test_another_actor_and_another_batch_have_budgets_of_their_own(stocked: World) -> None:
    stocked.stocked(30)
    search(stocked, 10)
    search(stocked, 1, actor="hugo")
    search(stocked, 1, InBatch("B-0002"))
    search(stocked, 1, OfUser(ALICE))


def test_a_list_counts_against_all_that_was_searched(stocked: World) -> None:
    search(stocked, 6)
    search(stocked, 4, OfUser(ALICE))
    with pytest.raises(NotAllowed):
        search(stocked, 1, Listed([serial(1)]))


def test_of_searches_that_begin_at_once_no_more_look_than_the_budget_allows(
    stocked: World,
) -> None:
    search(stocked, 9)
    stocked.vault.meanwhile.append(lambda: search(stocked, 1))
    stocked.keys.opened.clear()
    with pytest.raises(NotAllowed):
        search(stocked, 1)
    assert len(stocked.keys.opened) == TOKENS  # by the one that came first


# --- what is left out ------------------------------------------------------------------------


def test_a_locked_token_is_left_out(stocked: World) -> None:
    # Keycloak CVE-2026-9798: the lockout was missing on one path.
    for _ in range(10):
        stocked.verify(serial(3), stocked.wrong_code(3), "rp")
        stocked.clock.advance(timedelta(seconds=64))
    step = STEP_AT_NOON + 10 * 64 // 30
    sought = stocked.find((stocked.code(step, 3),), BATCH, "helen")
    assert (sought.found, sought.looked_at) == ((), TOKENS - 1)
    assert sought.left_out == (LeftOut(serial(3), Reason.LOCKED.value),)
    assert serial(3) not in stocked.keys.opened[10:]


def test_a_token_in_quarantine_is_left_out(world: World) -> None:
    world.import_file(delivered(1), delivered(2))
    quarantined = Quarantined(device(2), world.progress(2), "its maker says so")
    sealed = world.keys.seal(quarantined, world.stored(2).wrapped, 0)
    world.vault.tamper(serial(2), lambda stored: replace(stored, token=quarantined, seal=sealed))
    sought = world.find((world.code(),), BATCH, "helen")
    assert sought.left_out == (LeftOut(serial(2), Reason.QUARANTINED.value),)
    assert world.keys.opened == [serial(1)]


def test_a_suspended_token_that_turned_up_is_found(stocked: World) -> None:
    suspend = ChangeLife(stocked.vault, stocked.keys, stocked.clock, life.SUSPEND, life.suspend)
    suspend(serial(3), "lost", "helen")
    sought = stocked.find((stocked.code(number=3),), BATCH, "helen")
    (token,) = sought.found
    assert (state_of(token), owner_of(token)) == (State.SUSPENDED, ALICE)
    (event,) = stocked.events(EventKind.TOKEN_FOUND)
    assert event.user == "alice"


@pytest.mark.parametrize("state", [Revoked, Retired])
def test_a_token_that_is_out_of_service_is_found(
    world: World, state: type[Revoked] | type[Retired]
) -> None:
    token = world.stocked()
    ended = state(device(1), world.progress(), NOON, "returned")
    sealed = world.keys.seal(ended, world.stored().wrapped, 0)
    world.vault.tamper(token, lambda stored: replace(stored, token=ended, seal=sealed))
    assert found(world, (world.code(),)) == [token]


def test_a_key_that_was_only_kept_is_left_out_in_any_state(world: World) -> None:
    token = world.stocked()
    kept = device(1, KeptParameters("ocra", "OCRA-1:HOTP-SHA1-6:QN08"))
    ended = Retired(kept, world.progress(), NOON, "returned")
    world.vault.tamper(token, lambda stored: replace(stored, token=ended))
    sought = world.find(("123456",), BATCH, "helen")
    assert sought.left_out == (LeftOut(token, Reason.QUARANTINED.value),)


def test_a_token_that_must_resynchronise_is_found(world: World) -> None:
    token = world.stocked()
    waiting = replace(world.progress(), must_resync=True)
    world.vault.tamper(
        token, lambda stored: replace(stored, token=replace(stored.token, progress=waiting))
    )
    assert found(world, (world.code(),)) == [token]


def test_a_broken_seal_is_put_on_record_and_the_search_goes_on(stocked: World) -> None:
    stocked.break_seal(serial(2))
    sought = stocked.find((stocked.code(number=5),), BATCH, "helen")
    assert [token.device.serial for token in sought.found] == [serial(5)]
    assert sought.left_out == (LeftOut(serial(2), "its seal is broken"),)
    assert serial(2) not in stocked.keys.opened
    (event,) = stocked.events(EventKind.SEAL_BROKEN)
    assert (event.serial, event.actor) == (serial(2), "helen")


# --- how sure it is --------------------------------------------------------------------------


def test_the_probability_of_a_match_by_chance_counts_every_place(stocked: World) -> None:
    sought = stocked.find((stocked.code(),), BATCH, "helen")
    assert sought.by_chance == pytest.approx(3 * TOKENS / 10**8)


def test_a_second_code_makes_a_match_by_chance_unlikely(stocked: World) -> None:
    pair = stocked.code(), stocked.code(STEP_AT_NOON + 1)
    assert stocked.find(pair, BATCH, "helen").by_chance == pytest.approx(3 * TOKENS / 10**16)


@pytest.mark.parametrize("workers", [1, 4])
def test_any_number_of_workers_finds_the_same(stocked: World, workers: int) -> None:
    sought = replace(stocked.find, workers=workers)((stocked.code(number=7),), BATCH, "helen")
    assert [token.device.serial for token in sought.found] == [serial(7)]
    assert sorted(stocked.keys.opened, key=str) == [serial(n) for n in range(1, TOKENS + 1)]


def test_the_policys_rules_say_how_many_searches_and_which_window(stocked: World) -> None:
    stocked.change_rules(SetRule(AllTokens(), settings=(Setting("searches_a_day", 1),)), "adam")
    stocked.change_rules(SetRule(OfBatch(1), Profile.STRICT), "adam")
    assert stocked.find((stocked.code(STEP_AT_NOON - 1),), BATCH, "helen").found == ()
    with pytest.raises(NotAllowed, match="1 times today"):
        stocked.find((stocked.code(),), BATCH, "helen")


def test_nothing_is_searched_under_rules_that_nobody_sealed(stocked: World) -> None:
    stocked.change_rules(SetRule(AllTokens(), Profile.STRICT), "adam")
    stocked.vault.rules = replace(stocked.vault.rules, rules=RuleSet(1))
    with pytest.raises(SealBroken):
        stocked.find((stocked.code(),), BATCH, "helen")
    assert stocked.keys.opened == []
    assert len(stocked.events(EventKind.SEAL_BROKEN)) == 1
