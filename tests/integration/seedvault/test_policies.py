"""Rules under a real seal key: tampered ones decide nothing, and a rotation takes them along."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from hsm import Keystore
from seedvault.domain.audit import EventKind
from seedvault.domain.errors import Conflict, SealBroken
from seedvault.domain.names import GroupName
from seedvault.domain.outcome import Accepted
from seedvault.domain.policy import Profile
from seedvault.domain.policy_rule import AllTokens, OfBatch, OfGroup, Rule, Standing
from seedvault.domain.rule_change import SetRule
from seedvault.domain.rule_set import RuleSet
from seedvault.domain.vault_key import KeyPurpose
from seedvault.keys import HsmKeys
from seedvault.service.groups import GroupUser
from seedvault.service.policies import RulesInForce
from seedvault.service.policy_changes import ChangeRules, ReadRules
from seedvault.service.ports import Seal
from tests.support.key_house import ALICE, House, house
from tests.support.outside import tamper
from tests.support.tokens import NOON, serial

__all__ = ["house"]

STRICT = SetRule(AllTokens(), Profile.STRICT)
RULES = RuleSet(3, (Rule(AllTokens(), Profile.STRICT), Rule(OfBatch(1), Profile.LENIENT)))
SEAL = (KeyPurpose.SEAL,)


@pytest.fixture
def sealed(keys: HsmKeys) -> Seal:
    return keys.seal_rules(RULES)


def set_rule(house: House, change: SetRule = STRICT) -> None:
    with house.keys() as keys:
        ChangeRules(house.vault, keys, lambda: NOON)(change, "adam")


# --- the seal --------------------------------------------------------------------------------


def test_rules_are_what_was_sealed(keys: HsmKeys, sealed: Seal) -> None:
    keys.check_rules(RULES, sealed)


def _others() -> Iterator[RuleSet]:
    strict, lenient = RULES.rules
    yield replace(RULES, revision=2)
    yield replace(RULES, rules=(strict,))
    yield replace(RULES, rules=())
    yield replace(RULES, rules=(lenient,))
    yield replace(RULES, rules=(strict, replace(lenient, profile=Profile.DEFAULT)))
    yield replace(RULES, rules=(strict, replace(lenient, scope=OfBatch(2))))
    yield replace(RULES, rules=(strict, replace(lenient, scope=OfGroup(GroupName("B-0001")))))


@pytest.mark.parametrize("other", list(_others()))
def test_other_rules_break_the_seal(keys: HsmKeys, sealed: Seal, other: RuleSet) -> None:
    with pytest.raises(SealBroken):
        keys.check_rules(other, sealed)


def test_the_order_of_groups_is_under_the_seal(keys: HsmKeys) -> None:
    groups = tuple(Rule(OfGroup(GroupName(name)), Profile.STRICT) for name in "ab")
    seal = keys.seal_rules(RuleSet(1, groups))
    with pytest.raises(SealBroken):
        keys.check_rules(RuleSet(1, groups[::-1]), seal)


def test_another_vaults_rules_break_the_seal(keystore: Keystore, sealed: Seal) -> None:
    with pytest.raises(SealBroken):
        HsmKeys(keystore, "vault-2").check_rules(RULES, sealed)


@pytest.mark.parametrize("seal", [Seal(b"", "s1"), Seal(bytes(32), "s1"), Seal(bytes(32), "s9")])
def test_no_other_octets_are_their_seal(keys: HsmKeys, seal: Seal) -> None:
    with pytest.raises(SealBroken):
        keys.check_rules(RULES, seal)


# --- a vault ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE policy_rule SET profile = 'lenient'",
        "UPDATE policy_rule SET settings = 'disable_at=100'",
        "DELETE FROM policy_rule",
        "UPDATE vault SET policy_revision = 2",
        "UPDATE vault SET policy_seal_key = 'f1'",
        "UPDATE vault SET policy_revision = 0, policy_seal = NULL, policy_seal_key = NULL",
    ],
)
def test_nothing_is_verified_under_rules_altered_in_the_database(house: House, change: str) -> None:
    set_rule(house)
    tamper(house.folder, change)
    before = house.vault.token(serial(1))
    with pytest.raises(SealBroken, match="the policy's rules"):
        house.verify_by_rules(1, 0)
    assert house.vault.token(serial(1)) == before
    assert len(house.kinds(EventKind.SEAL_BROKEN)) == 1


def test_rules_taken_away_altogether_are_noticed_by_the_record(house: House) -> None:
    set_rule(house)
    tamper(house.folder, "DELETE FROM policy_rule")
    tamper(
        house.folder,
        "UPDATE vault SET policy_revision = 0, policy_seal = NULL, policy_seal_key = NULL",
    )
    with house.keys() as keys, pytest.raises(SealBroken, match="the record is at 1"):
        ReadRules(house.vault, keys, lambda: NOON)("auditor")


# --- rotation --------------------------------------------------------------------------------


def test_the_rules_move_with_the_tokens_and_the_old_key_can_end(house: House) -> None:
    set_rule(house)
    house.renew(SEAL)
    with pytest.raises(Conflict, match="key s1 seals the policy's rules"):
        house.destroy("s1")
    assert isinstance(house.verify_by_rules(1, 0), Accepted)
    house.move()
    seal = house.vault.policy_rules().seal
    assert seal is not None
    assert seal.key == "s2"
    house.destroy("s1")
    assert isinstance(house.verify_by_rules(1, 1), Accepted)
    assert house.kinds(EventKind.POLICY_MOVED) == ["revision 1, sealed by s2"]


def test_a_rotation_keeps_where_tokens_stand_under_their_seals(house: House) -> None:
    with house.keys() as keys:
        GroupUser(house.vault, keys, lambda: NOON)(ALICE, [GroupName("desk")], "adam")
    house.renew(SEAL)
    assert house.move().broken == ()
    assert isinstance(house.verify_by_rules(1, 0), Accepted)
    tamper(house.folder, "UPDATE \"user\" SET groups = ''")
    with pytest.raises(SealBroken):
        house.verify_by_rules(1, 1)


def test_seals_of_before_there_was_a_standing_hold_until_groups_come(house: House) -> None:
    """As a vault of an older program has them; a rotation brings their batch under the seal."""
    with house.keys() as keys:
        stored = house.vault.token(serial(1))
        assert stored is not None
        old = replace(stored, seal=keys.seal(stored.token, stored.wrapped, stored.revision))
        keys.check(old)
        keys.check(replace(old, standing=Standing(9)))
        with pytest.raises(SealBroken):
            keys.check(replace(old, standing=Standing(1, (GroupName("desk"),))))
        with pytest.raises(SealBroken):
            keys.check(replace(stored, standing=Standing(9)))


def test_rules_in_force_ask_the_seal_once_for_many_tokens(house: House) -> None:
    set_rule(house)
    with house.keys() as keys:
        policies = RulesInForce(house.vault, lambda: keys)
        found = {policies.of(stored) for stored in house.vault.tokens_of(ALICE)}
    assert found == {Profile.STRICT.policy}
