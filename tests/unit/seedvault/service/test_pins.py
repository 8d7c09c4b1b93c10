"""PINs are set, asked for and forgotten; no record and no answer says which factor was wrong."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from seedvault.domain import ocra
from seedvault.domain.audit import EventKind
from seedvault.domain.errors import Conflict, InvalidInput, SealBroken
from seedvault.domain.ocra import Inputs
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.outcome import Accepted, Outcome, Reason, Rejected
from seedvault.domain.pin import PinRule
from seedvault.domain.pin_keeping import StretchedPin
from seedvault.domain.policy import DEFAULT
from seedvault.domain.token import Bound
from seedvault.service.challenge import Answer
from seedvault.service.verify import VerifyCode
from tests.support.fakes import mac_of
from tests.support.policies import Everywhere
from tests.support.tokens import STEP_AT_NOON, serial
from tests.unit.seedvault.service.world import World, seed_of

PIN = "blue 7"
ASKED = replace(DEFAULT, pin=PinRule.PREPEND)
WITH_PIN = OcraParameters("OCRA-1:HOTP-SHA1-6:QN08-PSHA256")
ACCEPTED = Accepted(STEP_AT_NOON, 0)


@pytest.fixture
def held(world: World) -> World:
    """Token 1 is Alice's, and so is its PIN."""
    world.bound()
    world.set_pin(serial(1), PIN, "helen")
    return world


def verify(world: World, text: str, rule: PinRule = PinRule.PREPEND) -> Outcome:
    return world.verify_under(replace(ASKED, pin=rule))(serial(1), text, "rp")


def test_pin_and_code_are_accepted_once(held: World) -> None:
    text = PIN + held.code()
    assert verify(held, text) == ACCEPTED
    assert verify(held, text) == Rejected(Reason.NO_MATCH)


def test_code_and_pin_are_accepted_where_the_policy_says_so(held: World) -> None:
    assert verify(held, PIN + held.code(), PinRule.APPEND) != ACCEPTED
    assert verify(held, held.code() + PIN, PinRule.APPEND) == ACCEPTED


def test_a_pin_is_not_asked_for_where_the_policy_does_not(held: World) -> None:
    assert verify(held, held.code(), PinRule.NONE) == ACCEPTED
    assert held.stretched == 1  # when it was set


@pytest.mark.parametrize("pin_is_right", [True, False])
@pytest.mark.parametrize("code_is_right", [True, False])
def test_both_are_computed_and_no_answer_tells_them_apart(
    held: World, pin_is_right: bool, code_is_right: bool
) -> None:
    code = held.code() if code_is_right else held.wrong_code()
    outcome = verify(held, (PIN if pin_is_right else "blue 8") + code)
    right = pin_is_right and code_is_right
    assert outcome == (ACCEPTED if right else Rejected(Reason.NO_MATCH))
    assert (held.stretched, held.progress().failures) == (2, 0 if right else 1)


def test_a_code_that_was_used_is_no_match_whatever_the_pin(held: World) -> None:
    verify(held, PIN + held.code())
    for pin in (PIN, "blue 8"):
        assert verify(held, pin + held.code()) == Rejected(Reason.NO_MATCH)


def test_a_wrong_pin_spends_no_code(held: World) -> None:
    verify(held, "blue 8" + held.code())
    assert verify(held, PIN + held.code()) == ACCEPTED


def test_a_pin_in_another_composition_is_the_same(world: World) -> None:
    # The stand-in for argon2id does not normalise: see tests/integration for the real one.
    world.bound()
    world.set_pin(serial(1), "\u00e4bcx", "helen")
    assert verify(world, "\u00e4bcx" + world.code()) == ACCEPTED


@pytest.mark.parametrize("text", ["", "1", "{code}", "\n{code}", "x" * 65 + "{code}", "12345"])
def test_an_empty_or_impossible_pin_is_malformed_and_not_charged(held: World, text: str) -> None:
    # FreeIPA CVE-2014-7828: an absent factor was accepted.
    outcome = verify(held, text.format(code=held.code()))
    assert outcome == Rejected(Reason.MALFORMED)
    assert (held.stretched, held.progress().failures) == (1, 0)


def test_a_stray_code_is_remembered_with_the_right_pin_only(held: World) -> None:
    policy = replace(ASKED, auto_resync=True)
    for pin, remembered in (("blue 8", False), (PIN, True)):
        held.verify_under(policy)(serial(1), pin + held.code(STEP_AT_NOON + 20), "rp")
        assert (held.progress().stray is not None) is remembered
    held.clock.advance(timedelta(seconds=30))
    text = PIN + held.code(STEP_AT_NOON + 21)
    assert isinstance(held.verify_under(policy)(serial(1), text, "rp"), Accepted)
    assert [event.detail for event in held.events(EventKind.CODE_REJECTED)] == ["no match"] * 2


def test_a_token_without_a_pin_is_refused_and_no_code_is_computed(world: World) -> None:
    world.bound()
    for text in (world.code(), PIN + world.code()):
        assert verify(world, text) == Rejected(Reason.NO_PIN)
    assert (world.keys.opened, world.stretched, world.progress().failures) == ([], 0, 0)


def test_a_locked_token_costs_no_stretching(held: World) -> None:
    for _ in range(3):
        verify(held, PIN + held.wrong_code())
    stretched = held.stretched
    delayed = verify(held, PIN + held.code())
    assert isinstance(delayed, Rejected)
    assert delayed.reason is Reason.DELAYED
    assert held.stretched == stretched


def test_no_pin_is_on_record(held: World) -> None:
    verify(held, PIN + held.code())
    verify(held, "blue 8" + held.code())
    held.set_pin(serial(1), "green 3", "helen")
    told = repr(held.vault.chains) + repr(held.stored())
    for pin in (PIN, "blue 8", "green 3"):
        assert pin not in told


def test_a_pin_is_kept_under_argon2id_and_the_seed(held: World) -> None:
    token = held.stored().token
    assert isinstance(token, Bound)
    assert isinstance(token.pin, StretchedPin)
    stretched = hashlib.sha256(token.pin.salt + PIN.encode()).digest()
    assert stretched not in token.pin.tag
    (event,) = held.events(EventKind.TOKEN_PIN_SET)
    assert (event.serial, event.user, event.detail) == (serial(1), "alice", None)


def test_a_pin_takes_the_others_place(held: World) -> None:
    held.set_pin(serial(1), "green 3", "helen")
    assert verify(held, PIN + held.code()) == Rejected(Reason.NO_MATCH)
    assert verify(held, "green 3" + held.code()) == ACCEPTED


def test_a_cleared_pin_is_gone(held: World) -> None:
    held.clear_pin(serial(1), "helen")
    assert verify(held, PIN + held.code()) == Rejected(Reason.NO_PIN)
    assert len(held.events(EventKind.TOKEN_PIN_CLEARED)) == 1
    with pytest.raises(Conflict, match="has no PIN"):
        held.clear_pin(serial(1), "helen")


def test_a_pin_goes_with_its_owner(held: World) -> None:
    held.unassign(serial(1), "helen")
    held.bound()
    assert verify(held, PIN + held.code()) == Rejected(Reason.NO_PIN)


def test_a_token_that_is_nobodys_has_no_pin(world: World) -> None:
    world.stocked()
    with pytest.raises(Conflict, match="nobody holds it"):
        world.set_pin(serial(1), PIN, "helen")


@pytest.mark.parametrize("pin", ["", "739", "1234", "1000"])
def test_a_pin_that_is_refused_changes_nothing(held: World, pin: str) -> None:
    with pytest.raises(InvalidInput, match="PIN"):
        held.set_pin(serial(1), pin, "helen")
    with pytest.raises(InvalidInput, match="PIN"):
        held.set_pin.check(serial(1), pin)
    assert verify(held, PIN + held.code()) == ACCEPTED


def test_a_longer_least_length_is_the_policys(held: World) -> None:
    setting = replace(held.set_pin, policies=Everywhere(replace(DEFAULT, pin_min=8)))
    with pytest.raises(InvalidInput, match="8 to 64"):
        setting(serial(1), "blue 77", "helen")


def test_no_pin_is_set_over_a_row_that_was_tampered_with(held: World) -> None:
    held.break_seal(serial(1))
    with pytest.raises(SealBroken):
        held.set_pin(serial(1), "green 3", "helen")
    with pytest.raises(SealBroken):
        held.clear_pin(serial(1), "helen")
    stretched = held.stretched
    with pytest.raises(SealBroken):
        verify(held, PIN + held.code())
    assert held.stretched == stretched
    assert len(held.events(EventKind.SEAL_BROKEN)) == 3


def test_one_pin_and_code_are_accepted_by_one_of_many_at_once(held: World) -> None:
    text = PIN + held.code()
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda _: verify(held, text), range(64)))
    assert outcomes.count(ACCEPTED) == 1


def test_a_decision_that_is_made_again_stretches_no_pin_again(held: World) -> None:
    held.keys.meanwhile.append(lambda: held.unlock(serial(1), "helen"))
    before = held.stretched
    assert verify(held, PIN + held.code()) == ACCEPTED
    assert held.stretched == before + 1


def test_a_verifier_that_cannot_stretch_accepts_no_pin(held: World) -> None:
    careless = VerifyCode(held.vault, held.keys, held.clock, Everywhere(ASKED))
    with pytest.raises(AssertionError):
        careless(serial(1), PIN + held.code(), "rp")
    assert held.progress().next_factor == 0


def test_whether_a_pin_is_asked_for_is_told_beforehand(held: World) -> None:
    assert held.verify_under(ASKED).asks_pin(serial(1), "rp")
    assert not held.verify.asks_pin(serial(1), "rp")


def test_the_pin_of_a_suite_is_computed_over(world: World) -> None:
    world.bound(1, WITH_PIN)
    assert world.challenge(serial(1), "rp") == Rejected(Reason.NO_PIN)
    world.set_pin(serial(1), "1234", "helen")  # what its holder chose, the token has taken
    for pin, outcome in (("1235", Rejected(Reason.NO_MATCH)), ("1234", Accepted(0, 0))):
        issued = world.issue()
        inputs = Inputs(issued.question, hashlib.sha256(pin.encode()).digest())
        shown = ocra.response(mac_of(seed_of(1)), WITH_PIN, inputs)
        assert world.respond(serial(1), Answer(issued.id, shown), "rp") == outcome


def test_the_hash_of_a_suites_pin_is_not_kept_as_it_is(world: World) -> None:
    world.bound(1, WITH_PIN)
    world.set_pin(serial(1), "1234", "helen")
    token = world.stored().token
    assert isinstance(token, Bound)
    assert hashlib.sha256(b"1234").hexdigest() not in repr(token.pin)
    assert hashlib.sha256(b"1234").digest() != getattr(token.pin, "octets", None)
    assert world.stretched == 0


@pytest.mark.parametrize("pin", ["", "\u00e4bcd", "12\n4"])
def test_what_no_token_has_for_a_pin_is_refused(world: World, pin: str) -> None:
    world.bound(1, WITH_PIN)
    with pytest.raises(InvalidInput, match="no PIN that GALT10000001 could have"):
        world.set_pin(serial(1), pin, "helen")
