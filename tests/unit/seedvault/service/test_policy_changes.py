"""Rules are changed under their seal, on record, and not on top of what somebody else changed."""

from dataclasses import replace

import pytest

from seedvault.domain.audit import EventKind
from seedvault.domain.errors import InvalidInput, NotFound, SealBroken
from seedvault.domain.names import GroupName, ModelName
from seedvault.domain.policy import DEFAULT, Profile
from seedvault.domain.policy_rule import AllTokens, OfBatch, OfGroup, OfModel, Rule, Setting
from seedvault.domain.rule_change import SetRule, UnsetRule
from seedvault.domain.rule_set import RuleSet
from seedvault.service.policy_changes import EndRules, MoveRules, nobody_in
from seedvault.service.policy_inquiry import ExplainPolicy
from seedvault.service.policy_ports import StoredRules
from tests.unit.seedvault.service.world import ALICE, World

ALL = AllTokens()
STRICT = SetRule(ALL, Profile.STRICT)
WIDE = SetRule(ALL, settings=(Setting("look_ahead", 100),))


@pytest.fixture
def end(world: World) -> EndRules:
    return EndRules(world.vault, world.keys, world.clock)


def rules(world: World) -> RuleSet:
    return world.read_rules("auditor").rules


def details(world: World, kind: EventKind) -> list[str | None]:
    return [event.detail for event in world.events(kind)]


def test_a_change_is_on_record_from_what_to_what(world: World) -> None:
    world.stocked()
    world.change_rules(STRICT, "adam")
    world.change_rules(SetRule(OfBatch(1), Profile.LENIENT), "adam")
    world.change_rules(UnsetRule(ALL), "adam")
    event, first = world.events(EventKind.POLICY_SET)
    assert first.detail == "revision 1; all tokens: profile - -> strict"
    assert (event.batch, event.actor) == ("B-0001", "adam")
    assert details(world, EventKind.POLICY_UNSET) == ["revision 3; all tokens: profile strict -> -"]


def test_what_changes_nothing_is_not_written(world: World) -> None:
    world.change_rules(STRICT, "adam")
    assert world.change_rules(STRICT, "adam").is_none
    assert rules(world).revision == 1
    assert len(world.events(EventKind.POLICY_SET)) == 1


def test_a_dry_run_tells_the_same_and_writes_nothing(world: World) -> None:
    foreseen = world.change_rules.check(STRICT, "adam")
    assert rules(world) == RuleSet()
    assert world.change_rules(STRICT, "adam") == foreseen


def test_a_rule_for_a_batch_needs_the_batch(world: World) -> None:
    with pytest.raises(NotFound, match="no batch is called B-0009"):
        world.change_rules(SetRule(OfBatch(9), Profile.STRICT), "adam")


@pytest.mark.parametrize(
    "change",
    [
        SetRule(ALL, settings=(Setting("lock_at", 31),)),
        SetRule(OfGroup(GroupName("desk")), settings=(Setting("disable_at", 29),)),
        UnsetRule(OfGroup(GroupName("field")), ("resync_steps",)),
    ],
    ids=["for all", "beside another rule", "by taking back"],
)
def test_a_change_that_puts_numbers_out_of_order_is_refused(
    world: World, change: SetRule | UnsetRule
) -> None:
    field = (Setting("resync_steps", 20), Setting("wide_steps", 30))
    world.change_rules(SetRule(OfGroup(GroupName("field")), settings=field), "adam")
    before = rules(world)
    with pytest.raises(InvalidInput, match="must be at most"):
        world.change_rules.check(change, "adam")
    with pytest.raises(InvalidInput, match="must be at most"):
        world.change_rules(change, "adam")
    assert rules(world) == before


def test_two_changes_at_once_both_hold(world: World) -> None:
    """The second is decided again on top of the first."""
    world.keys.sealing_meanwhile.append(lambda: world.change_rules(WIDE, "eve"))
    world.change_rules(STRICT, "adam")
    rule = Rule(ALL, Profile.STRICT, WIDE.settings)
    assert rules(world) == RuleSet(2, (rule,))


def test_altered_rules_are_not_changed_and_so_sealed_anew(world: World) -> None:
    world.change_rules(STRICT, "adam")
    lenient = replace(world.vault.rules.rules, rules=(Rule(ALL, Profile.LENIENT),))
    world.vault.rules = replace(world.vault.rules, rules=lenient)
    with pytest.raises(SealBroken):
        world.change_rules(WIDE, "adam")
    assert len(world.events(EventKind.SEAL_BROKEN)) == 1
    assert world.vault.rules.rules == lenient


@pytest.mark.parametrize("older", [0, 1])
def test_older_rules_put_back_are_noticed_by_the_record(world: World, older: int) -> None:
    kept = [world.vault.rules]
    for change in (WIDE, STRICT):
        world.change_rules(change, "adam")
        kept.append(world.vault.rules)
    world.vault.rules = kept[older]
    with pytest.raises(SealBroken, match=f"of revision {older}, and the record is at 2"):
        world.read_rules("auditor")
    assert len(world.events(EventKind.SEAL_BROKEN)) == 1


def test_altered_rules_are_ended_and_verification_goes_on(world: World, end: EndRules) -> None:
    token = world.bound()
    world.change_rules(WIDE, "adam")
    world.verify(token, world.wrong_code(), "rp")
    world.vault.rules = StoredRules(RuleSet(7, (Rule(ALL, Profile.LENIENT),)), None)
    assert end.check() is None
    assert end("adam") is None
    assert rules(world) == RuleSet(2)
    assert world.policies.of(world.stored()) == DEFAULT
    assert details(world, EventKind.POLICY_UNSET) == [
        "revision 2; every rule ended: they were altered from outside"
    ]


def test_older_rules_put_back_are_ended_beyond_the_newest(world: World, end: EndRules) -> None:
    world.change_rules(WIDE, "adam")
    wide = world.vault.rules
    world.change_rules(STRICT, "adam")
    world.vault.rules = wide
    assert end("adam") == wide
    assert rules(world) == RuleSet(3)


def test_ending_no_rules_is_a_revision_too(world: World, end: EndRules) -> None:
    assert end("adam") == StoredRules(RuleSet(), None)
    assert rules(world) == RuleSet(1)


def test_rules_come_under_the_seal_key_in_use_as_they_are(world: World) -> None:
    move = MoveRules(world.vault, world.keys, world.clock)
    move("root")
    world.change_rules(STRICT, "adam")
    move("root")
    assert world.events(EventKind.POLICY_MOVED) == []
    world.keys.seal_key = "s2"
    move("root")
    assert details(world, EventKind.POLICY_MOVED) == ["revision 1, sealed by s2"]
    assert world.vault.rules.seal is not None
    assert world.vault.rules.seal.key == "s2"
    assert rules(world).revision == 1


def test_altered_rules_are_not_moved(world: World) -> None:
    world.change_rules(STRICT, "adam")
    world.vault.rules = replace(world.vault.rules, rules=RuleSet(1))
    world.keys.seal_key = "s2"
    with pytest.raises(SealBroken):
        MoveRules(world.vault, world.keys, world.clock)("root")
    assert world.events(EventKind.POLICY_MOVED) == []


# --- telling ---------------------------------------------------------------------------------


def test_a_model_or_group_that_nobody_has_is_told_with_the_nearest(world: World) -> None:
    world.bound()
    world.group(ALICE, [GroupName("Field staff")], "adam")
    vault = world.vault
    assert nobody_in(vault, OfModel(ModelName("otp 110"))) is None
    assert nobody_in(vault, OfGroup(GroupName("fieldstaff"))) is None
    assert nobody_in(vault, ALL) is None
    assert nobody_in(vault, OfModel(ModelName("OTP 11"))) == (
        "no token is of model OTP 11 yet; nearest: OTP 110"
    )
    assert nobody_in(vault, OfGroup(GroupName("zzz"))) == "no user is in group zzz yet"


def test_every_number_of_a_token_is_explained(world: World) -> None:
    token = world.bound()
    explain = ExplainPolicy(world.read_rules, world.keys, world.clock)
    world.change_rules(SetRule(OfBatch(1), Profile.STRICT), "adam")
    world.change_rules(WIDE, "adam")
    explained = explain(token, "helga")
    because = {given.name: (given.value, given.because) for given in explained.numbers}
    assert because["look_ahead"] == (5, "batch B-0001, profile strict")
    assert (explained.serial, explained.revision) == (token, 2)
    assert [str(rule.scope) for rule in explained.rules] == ["batch B-0001", "all tokens"]
    for_all = {given.name: given.because for given in explain(None, "helga").numbers}
    assert (for_all["look_ahead"], for_all["lock_at"]) == ("all tokens", "default")


def test_nothing_is_explained_by_a_row_that_was_altered(world: World) -> None:
    token = world.bound()
    world.break_seal(token)
    with pytest.raises(SealBroken):
        ExplainPolicy(world.read_rules, world.keys, world.clock)(token, "helga")
