"""The policy's rules and users' groups in the database: whole, conditional, told from tampering."""

from dataclasses import replace
from pathlib import Path

import pytest

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.errors import Conflict, SealBroken
from seedvault.domain.names import GroupName, ModelName, UserName
from seedvault.domain.policy import Profile
from seedvault.domain.policy_rule import (
    AllTokens,
    OfBatch,
    OfGroup,
    OfModel,
    Rule,
    Setting,
    Standing,
)
from seedvault.domain.rule_set import RuleSet
from seedvault.domain.vault_key import KeyPurpose, StoredKey
from seedvault.service.policy_ports import StoredRules
from seedvault.service.ports import Seal, Stale, StoredToken, User
from seedvault.storage import SqlVault
from tests.integration.seedvault.storage.conftest import Tamper
from tests.support.databases import only_sqlite
from tests.support.tokens import NOON, new_token, serial
from tests.support.vaults import ALICE, add_user, bind, held_token, import_tokens, reopen

DESK, FIELD = GroupName("desk"), GroupName("Field staff")
NONE = StoredRules(RuleSet(), None)
WIDE, LONG = Setting("look_ahead", 20), Setting.read("lock_for=90s")
RULES = (
    Rule(AllTokens(), Profile.STRICT),
    Rule(OfModel(ModelName("OTP 110")), settings=(LONG, WIDE)),
    Rule(OfBatch(7), Profile.LENIENT, (WIDE,)),
    Rule(OfGroup(FIELD), settings=(WIDE,)),
    Rule(OfGroup(DESK), settings=(LONG,)),
)
SEALED = StoredRules(RuleSet(3, RULES), Seal(b"seal of the rules", "s1"))


def write(vault: SqlVault, seen: StoredRules | None, now: StoredRules) -> None:
    with vault.transaction() as transaction:
        transaction.replace_rules(seen, now)
        transaction.commit(AuditEvent(EventKind.POLICY_SET, NOON, "adam", detail="revision 3; x"))


@pytest.fixture
def ruled(vault: SqlVault) -> SqlVault:
    """A vault with a rule of every kind."""
    write(vault, NONE, SEALED)
    return vault


# --- rules -----------------------------------------------------------------------------------


def test_a_new_vault_has_no_rules_and_no_seal(vault: SqlVault) -> None:
    assert vault.policy_rules() == NONE
    assert vault.newest_rule_event() is None


def test_rules_come_back_in_their_order_with_their_seal(ruled: SqlVault) -> None:
    assert ruled.policy_rules() == SEALED


def test_rules_are_written_anew_as_a_whole(ruled: SqlVault) -> None:
    fewer = StoredRules(RuleSet(4, RULES[3:]), Seal(b"another", "s1"))
    write(ruled, SEALED, fewer)
    assert ruled.policy_rules() == fewer
    none = StoredRules(RuleSet(5), Seal(b"of none", "s1"))
    write(ruled, None, none)
    assert ruled.policy_rules() == none


@pytest.mark.parametrize(
    "seen",
    [NONE, replace(SEALED, rules=RuleSet(2, RULES)), replace(SEALED, seal=Seal(b"other", "s1"))],
)
def test_rules_that_moved_are_not_written_over(ruled: SqlVault, seen: StoredRules) -> None:
    with pytest.raises(Stale):
        write(ruled, seen, StoredRules(RuleSet(4), Seal(b"mine", "s1")))
    assert ruled.policy_rules() == SEALED


def test_what_is_not_committed_changes_no_rule(ruled: SqlVault) -> None:
    with ruled.transaction() as transaction:
        transaction.replace_rules(SEALED, StoredRules(RuleSet(4), Seal(b"mine", "s1")))
    assert ruled.policy_rules() == SEALED


def test_the_key_that_seals_the_rules_is_not_forgotten(ruled: SqlVault) -> None:
    with ruled.transaction() as transaction, pytest.raises(Conflict, match="the policy's rules"):
        transaction.forget_key("s1")


def test_rules_cannot_be_sealed_by_a_key_that_is_gone(ruled: SqlVault) -> None:
    with pytest.raises(Conflict, match="were rotated"):
        write(ruled, SEALED, StoredRules(RuleSet(4), Seal(b"mine", "s9")))


def test_the_newest_change_on_record_is_found_among_others(ruled: SqlVault) -> None:
    write(ruled, SEALED, replace(SEALED, rules=RuleSet(4, RULES)))
    add_user(ruled, UserName("carol"))
    newest = ruled.newest_rule_event()
    assert newest is not None
    assert (newest.kind, newest.detail) == (EventKind.POLICY_SET, "revision 3; x")


@pytest.mark.parametrize(
    "change",
    [
        "policy_rule SET scope = 'all tokens' WHERE place = 1",
        "policy_rule SET target = 'x' WHERE place = 1",
        "policy_rule SET target = 'B-7' WHERE place = 3",
        "policy_rule SET target = '' WHERE place = 4",
        "policy_rule SET profile = 'loose' WHERE place = 1",
        "policy_rule SET profile = NULL WHERE place = 1",
        "policy_rule SET settings = 'look_ahead=101' WHERE place = 3",
        "policy_rule SET settings = 'look_ahead=020' WHERE place = 3",
        "policy_rule SET settings = 'look_ahead=20 ' WHERE place = 3",
        "policy_rule SET settings = 'luck_ahead=20' WHERE place = 3",
        "policy_rule SET settings = 'look_ahead=20 lock_for=90s' WHERE place = 2",
        "policy_rule SET settings = 20 WHERE place = 2",
        "policy_rule SET place = 9 WHERE place = 1",
        "policy_rule SET target = 'field STAFF' WHERE place = 5",
        "vault SET policy_revision = -1",
        "vault SET policy_seal = NULL",
    ],
)
def test_rules_that_nobody_wrote_are_no_rules(ruled: SqlVault, tamper: Tamper, change: str) -> None:
    tamper(f"UPDATE {change}")
    with pytest.raises(SealBroken, match="the policy's rules are not those that were sealed"):
        ruled.policy_rules()


@only_sqlite
@pytest.mark.parametrize(
    "change",
    [
        "policy_rule SET settings = x'00' WHERE place = 2",
        "vault SET policy_revision = 'three'",
        "vault SET policy_seal = 'text'",
    ],
)
def test_values_of_other_types_are_no_rules(ruled: SqlVault, tamper: Tamper, change: str) -> None:
    tamper(f"UPDATE {change}")
    with pytest.raises(SealBroken, match="the policy's rules are not those that were sealed"):
        ruled.policy_rules()


# --- tokens where they stand -----------------------------------------------------------------


@pytest.fixture
def bound(vault: SqlVault) -> StoredToken:
    """A token of alice's; another one is in stock."""
    import_tokens(vault, [new_token(1), new_token(2)])
    add_user(vault)
    return bind(vault, serial(1))


def user(vault: SqlVault, name: UserName = ALICE) -> User:
    found = vault.user(name)
    assert found is not None
    return found


def regroup(vault: SqlVault, seen: User, groups: list[GroupName], held: list[StoredToken]) -> None:
    with vault.transaction() as transaction:
        transaction.regroup(seen, groups, held)
        for stored in held:
            standing = replace(stored.standing, groups=tuple(groups))
            transaction.replace(stored, replace(stored, standing=standing))
        transaction.commit(AuditEvent(EventKind.USER_GROUPED, NOON, "adam", user="alice"))


def test_a_token_brings_its_batch_its_owners_groups_and_the_revision(
    vault: SqlVault, bound: StoredToken
) -> None:
    assert (bound.standing, bound.policy_revision) == (Standing(1), 0)
    regroup(vault, user(vault), [FIELD, DESK], [bound])
    write(vault, NONE, SEALED)
    stored = held_token(vault, serial(1))
    assert (stored.standing, stored.policy_revision) == (Standing(1, (DESK, FIELD)), 3)
    assert held_token(vault, serial(2)).standing == Standing(1)
    assert user(vault).groups == (DESK, FIELD)


def test_another_connection_sees_the_revision_with_its_next_read(
    vault: SqlVault, bound: StoredToken, tmp_path: Path
) -> None:
    elsewhere = reopen(tmp_path)
    assert held_token(elsewhere, serial(1)).policy_revision == 0
    write(vault, NONE, SEALED)
    assert held_token(elsewhere, serial(1)).policy_revision == 3
    elsewhere.close()


def test_a_user_who_was_regrouped_meanwhile_is_not_regrouped(
    vault: SqlVault, bound: StoredToken
) -> None:
    seen = user(vault)
    regroup(vault, seen, [DESK], [bound])
    with pytest.raises(Stale):
        regroup(vault, seen, [FIELD], [held_token(vault, serial(1))])


@pytest.mark.parametrize("held", [[], [1, 2]])
def test_a_user_whose_tokens_are_others_is_not_regrouped(
    vault: SqlVault, bound: StoredToken, held: list[int]
) -> None:
    tokens = [held_token(vault, serial(number)) for number in held]
    with pytest.raises(Stale), vault.transaction() as transaction:
        transaction.regroup(user(vault), [DESK], tokens)
    assert user(vault).groups == ()


def test_a_token_is_bound_only_with_the_groups_that_its_owner_is_in(
    vault: SqlVault, bound: StoredToken
) -> None:
    regroup(vault, user(vault), [DESK], [bound])
    with pytest.raises(Stale):
        bind(vault, serial(2))


def test_users_are_added_with_their_groups(vault: SqlVault) -> None:
    with vault.transaction() as transaction:
        transaction.add_user(ALICE, NOON, [FIELD, DESK])
        transaction.commit(AuditEvent(EventKind.USER_ADDED, NOON, "adam", user="alice"))
    assert user(vault).groups == (DESK, FIELD)


def test_tokens_and_models_are_found_for_whoever_changes_rules(
    vault: SqlVault, bound: StoredToken
) -> None:
    assert vault.tokens_of(ALICE) == [bound]
    assert vault.tokens_of(UserName("bob")) == []
    assert vault.models() == ["OTP 110"]


@pytest.mark.parametrize("groups", ["'Field staff\ndesk'", "'desk\ndesk'", "'desk\n'", "' desk'"])
def test_groups_that_nobody_wrote_make_no_owner(
    vault: SqlVault, bound: StoredToken, tamper: Tamper, groups: str
) -> None:
    tamper(f'UPDATE "user" SET groups = {groups}')
    with pytest.raises(SealBroken):
        vault.token(serial(1))
    with pytest.raises(SealBroken):
        vault.user(ALICE)


@only_sqlite
@pytest.mark.parametrize(
    "change", ["vault SET policy_revision = 'x'", "\"user\" SET groups = x'00'"]
)
def test_values_of_other_types_are_no_row(
    vault: SqlVault, bound: StoredToken, tamper: Tamper, change: str
) -> None:
    tamper(f"UPDATE {change}")
    with pytest.raises(SealBroken):
        vault.token(serial(1))


def test_a_new_seal_key_seals_rules_of_the_same_revision(ruled: SqlVault) -> None:
    with ruled.transaction() as transaction:
        transaction.add_key(StoredKey("s2", KeyPurpose.SEAL, True, NOON, check_value="00000001"))
        transaction.replace_rules(SEALED, replace(SEALED, seal=Seal(b"by another", "s2")))
        transaction.forget_key("s1")
        transaction.commit(AuditEvent(EventKind.POLICY_MOVED, NOON, "adam"))
    assert ruled.policy_rules().seal == Seal(b"by another", "s2")
