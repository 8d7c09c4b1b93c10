"""Which policy holds for a token: rules read once, checked once, in force with the next read."""

from dataclasses import replace
from datetime import timedelta

import pytest

from seedvault.domain.audit import EventKind
from seedvault.domain.errors import HsmUnavailable, SealBroken
from seedvault.domain.names import GroupName, ModelName
from seedvault.domain.outcome import Accepted, Reason, Rejected
from seedvault.domain.policy import DEFAULT, Profile
from seedvault.domain.policy_rule import AllTokens, OfBatch, OfGroup, OfModel, Rule, Setting
from seedvault.domain.rule_change import RuleChange, SetRule, UnsetRule
from seedvault.domain.rule_set import RuleSet
from seedvault.service.policies import RulesInForce
from seedvault.service.policy_ports import StoredRules
from tests.support.tokens import STEP_AT_NOON, serial
from tests.unit.seedvault.service.world import ALICE, World

ALL = AllTokens()
STRICT = SetRule(ALL, Profile.STRICT)
WIDE = SetRule(ALL, settings=(Setting("look_ahead", 100),))


def change(world: World, change: RuleChange) -> None:
    world.change_rules(change, "adam")


def altered(stored: StoredRules) -> StoredRules:
    """The rules as somebody with the database would have them: wider, under the old seal."""
    return replace(stored, rules=replace(stored.rules, rules=(Rule(ALL, Profile.LENIENT),)))


def test_without_rules_the_default_holds_and_no_seal_is_asked_for(world: World) -> None:
    world.bound()
    assert world.policies.of(world.stored()) is DEFAULT
    assert world.keys.rules_checked == 0


def test_a_change_holds_from_the_next_read_on(world: World) -> None:
    world.bound()
    before = world.stored()
    assert world.policies.of(before) == DEFAULT
    change(world, STRICT)
    assert world.policies.of(world.stored()) == Profile.STRICT.policy
    change(world, UnsetRule(ALL))
    assert world.policies.of(world.stored()) == DEFAULT


def test_a_change_holds_in_a_process_that_has_other_rules_in_mind(world: World) -> None:
    world.bound()
    elsewhere = RulesInForce(world.vault, lambda: world.keys)
    assert elsewhere.of(world.stored()) == DEFAULT
    change(world, STRICT)
    assert elsewhere.of(world.stored()) == Profile.STRICT.policy


def test_rules_are_checked_once_and_a_policy_is_made_once(world: World) -> None:
    change(world, STRICT)
    world.bound()
    world.keys.rules_checked = 0
    policies = {id(world.policies.of(world.stored())) for _ in range(3)}
    assert (world.keys.rules_checked, len(policies)) == (1, 1)


def test_rules_are_for_models_batches_and_groups(world: World) -> None:
    for number in (1, 2, 3):
        world.bound(number)
    change(world, SetRule(OfModel(ModelName("otp110")), settings=(Setting("look_ahead", 7),)))
    change(world, SetRule(OfBatch(2), settings=(Setting("look_ahead", 8),)))
    found = [world.policies.of(world.stored(number)).look_ahead for number in (1, 2, 3)]
    assert found == [7, 8, 7]
    change(world, SetRule(OfGroup(GroupName("desk")), settings=(Setting("look_ahead", 9),)))
    world.group(ALICE, [GroupName("Desk")], "adam")
    found = [world.policies.of(world.stored(number)).look_ahead for number in (1, 2, 3)]
    assert found == [9, 9, 9]


def test_under_strict_a_code_one_step_off_is_rejected(world: World) -> None:
    token, other = world.bound(1), world.bound(2)
    change(world, SetRule(OfBatch(1), Profile.STRICT))
    late = world.code(STEP_AT_NOON - 1)
    assert world.verify(token, late, "rp") == Rejected(Reason.NO_MATCH)
    assert isinstance(world.verify(other, world.code(STEP_AT_NOON - 1, 2), "rp"), Accepted)
    world.clock.advance(timedelta(seconds=30))
    assert isinstance(world.verify(token, world.code(STEP_AT_NOON + 1), "rp"), Accepted)


# --- rules that nobody sealed ----------------------------------------------------------------


def test_nothing_is_verified_under_altered_rules_and_it_is_on_record(world: World) -> None:
    token = world.bound()
    change(world, STRICT)
    world.vault.rules = altered(world.vault.rules)
    before = world.stored()
    with pytest.raises(SealBroken, match="the policy's rules"):
        world.verify(token, world.code(), "rp")
    assert world.stored() == before
    assert world.keys.opened == []
    (event,) = world.events(EventKind.SEAL_BROKEN)
    assert (event.serial, event.actor) == (serial(1), "rp")
    assert "the policy's rules" in str(event.detail)


def test_every_decision_about_codes_stops_at_altered_rules(world: World) -> None:
    token, stocked = world.bound(1), world.stocked(2)
    change(world, STRICT)
    world.vault.rules = altered(world.vault.rules)
    code = world.code(number=2)
    with pytest.raises(SealBroken):
        world.resync(token, (world.code(), world.code(STEP_AT_NOON + 1)), "helga")
    with pytest.raises(SealBroken):
        world.assign(stocked, ALICE, "helga", code)
    with pytest.raises(SealBroken):
        world.verify.refusal(token, world.code())
    assert world.keys.opened == []


@pytest.mark.parametrize("revision", [0, 1])
def test_rules_without_a_seal_are_altered(world: World, revision: int) -> None:
    token = world.bound()
    world.vault.rules = StoredRules(RuleSet(revision, (Rule(ALL, Profile.LENIENT),)), None)
    with pytest.raises(SealBroken, match="they have no seal"):
        world.verify(token, world.code(), "rp")


def test_a_revision_alone_is_altered(world: World) -> None:
    token = world.bound()
    world.vault.rules = StoredRules(RuleSet(1), None)
    with pytest.raises(SealBroken, match="they have no seal"):
        world.verify(token, world.code(), "rp")


def test_older_rules_are_refused_by_whoever_has_seen_newer_ones(world: World) -> None:
    token = world.bound()
    change(world, WIDE)
    wide = world.vault.rules
    change(world, STRICT)
    world.verify(token, world.wrong_code(), "rp")
    world.vault.rules = wide
    with pytest.raises(SealBroken, match="revision 2 was in force, and 1 is now"):
        world.verify(token, world.code(), "rp")


def test_the_seal_of_another_vaults_rules_is_none(world: World) -> None:
    token = world.bound()
    change(world, STRICT)
    world.vault.identity = replace(world.vault.identity, vault_id="vault-2")
    with pytest.raises(SealBroken):
        world.policies.of(world.stored())
    assert token is not None


def test_without_the_hsm_rules_decide_nothing(world: World) -> None:
    change(world, STRICT)
    world.bound()
    world.keys.unplugged = True
    with pytest.raises(HsmUnavailable):
        world.policies.of(world.stored())
