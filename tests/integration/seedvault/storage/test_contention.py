"""Several at once on PostgreSQL, at every isolation level: begun anew, or told to decide again."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE
from time import monotonic, sleep

import psycopg
import pytest

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.batch import Tier
from seedvault.domain.errors import Conflict, StorageUnavailable
from seedvault.domain.names import GroupName, UserName
from seedvault.domain.policy_rule import Standing
from seedvault.domain.rule_set import RuleSet
from seedvault.domain.token import Bound, Progress
from seedvault.domain.vault_key import KeyPurpose
from seedvault.service.policy_ports import StoredRules
from seedvault.service.ports import Fingerprint, Seal, Stale, StoredToken, User
from seedvault.storage import SqlVault, transaction
from seedvault.storage.transaction import SqlTransaction
from tests.support.databases import POSTGRESQL, SERIALIZABLE
from tests.support.tokens import HOTP, NOON, new_token, serial
from tests.support.vaults import (
    ALICE,
    FIRST_KEYS,
    SOURCE,
    add_user,
    bind,
    event,
    held_token,
    import_tokens,
    reopen,
    url,
)

CARD, OTHER = serial(1), serial(2)
_WAIT_S = 30.0

at_any_level = pytest.mark.parametrize("database", [POSTGRESQL, SERIALIZABLE], indirect=True)
serializable = pytest.mark.parametrize("database", [SERIALIZABLE], indirect=True)


@pytest.fixture
def bound(vault: SqlVault) -> StoredToken:
    """An HOTP token of alice's, at counter 0."""
    import_tokens(vault, [new_token(1, HOTP), new_token(2, HOTP)])
    add_user(vault)
    bind(vault, OTHER)
    return bind(vault, CARD)


@pytest.fixture
def elsewhere(vault: SqlVault, tmp_path: Path) -> Iterator[SqlVault]:
    """The same vault, as another node has it open."""
    with closing(reopen(tmp_path)) as other:
        yield other


def spend(vault: SqlVault, seen: StoredToken, factor: int) -> None:
    with vault.transaction() as transaction:
        transaction.advance(seen, Progress(factor + 1, NOON), factor)
        transaction.commit(event(seen.token.device.serial))


@contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[list[BaseException]]:
    """`work` in another thread, over at the end of the block; what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - for the test to look at
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield raised
    finally:
        thread.join(_WAIT_S)
    assert not thread.is_alive()


def until_somebody_waits(folder: Path) -> None:
    """Until a session of this database waits for another's lock."""
    asked = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    patience = monotonic() + _WAIT_S
    with psycopg.connect(url(folder).replace("+psycopg", "", 1), autocommit=True) as connection:
        while connection.execute(asked).fetchone() == (0,):
            assert monotonic() < patience, "nobody waits"
            sleep(0.01)


@at_any_level
def test_who_waited_for_a_token_that_then_moved_decides_again(
    vault: SqlVault, elsewhere: SqlVault, bound: StoredToken, tmp_path: Path
) -> None:
    with vault.transaction() as first:
        first.advance(bound, Progress(8, NOON), 7)
        with meanwhile(lambda: spend(elsewhere, bound, 7)) as raised:
            until_somebody_waits(tmp_path)
            first.commit(event(CARD))
    assert [type(error) for error in raised] == [Stale]
    assert held_token(vault, CARD).token.progress.next_factor == 8


@serializable
def test_a_transaction_that_must_begin_anew_takes_all_its_steps_again(
    vault: SqlVault, elsewhere: SqlVault
) -> None:
    with vault.transaction() as first:
        first.add_user(UserName("carol"), NOON)
        add_user(elsewhere, UserName("bob"))  # and so chain 0 is longer than `first` has seen
        first.commit(AuditEvent(EventKind.USER_ADDED, NOON, "root", user="carol"))
    assert [str(user.name) for user in vault.users()] == ["bob", "carol"]
    assert vault.counts().events == 3


@serializable
def test_a_step_that_gives_something_else_the_second_time_makes_the_decision_stale(
    vault: SqlVault, elsewhere: SqlVault
) -> None:
    answers = iter(["as it was", "as it is now"])
    with vault.transaction() as first:
        assert first.step(lambda: next(answers)) == "as it was"
        first.add_user(UserName("carol"), NOON)
        add_user(elsewhere, UserName("bob"))
        with pytest.raises(Stale):
            first.commit(AuditEvent(EventKind.USER_ADDED, NOON, "root", user="carol"))
    assert vault.user(UserName("carol")) is None


@serializable
def test_a_transaction_that_never_comes_through_is_given_up(
    vault: SqlVault, elsewhere: SqlVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "ATTEMPTS", 0)
    with vault.transaction() as first:
        first.add_user(UserName("carol"), NOON)
        add_user(elsewhere, UserName("bob"))
        with pytest.raises(StorageUnavailable, match="another transaction changed"):
            first.commit(AuditEvent(EventKind.USER_ADDED, NOON, "root", user="carol"))
    assert vault.user(UserName("carol")) is None


@at_any_level
def test_of_two_that_wait_in_a_circle_one_begins_anew(
    vault: SqlVault, elsewhere: SqlVault, bound: StoredToken
) -> None:
    """Which no use case does: all take their locks in one order."""
    both_hold_one = threading.Barrier(2, timeout=_WAIT_S)
    moved: list[SqlVault] = []

    def move(by: SqlVault, first: StoredToken, second: StoredToken) -> None:
        with by.transaction() as moving:
            moving.rekey(first, first, marks[first.row])
            both_hold_one.wait()
            moving.rekey(second, second, marks[second.row])
            moving.commit(AuditEvent(EventKind.TOKENS_MOVED, NOON, "root"))
        moved.append(by)

    other = held_token(vault, OTHER)
    marks = {seen.row: Fingerprint(bytes([seen.row]) * 16, "f1") for seen in (bound, other)}
    with (
        meanwhile(lambda: move(elsewhere, other, bound)) as there,
        meanwhile(lambda: move(vault, bound, other)) as here,
    ):
        pass
    assert len(moved) == 1
    assert [type(error) for error in (*here, *there)] == [Stale]


@at_any_level
def test_an_import_waits_for_a_decision_about_the_whole_vault_and_heeds_it(
    vault: SqlVault, elsewhere: SqlVault, bound: StoredToken, tmp_path: Path
) -> None:
    marker = replace(FIRST_KEYS[0], name="f2", purpose=KeyPurpose.FINGERPRINT)
    with vault.transaction() as first:
        first.add_key(marker)
        with meanwhile(lambda: elsewhere.stage(SOURCE, Tier.NARROW, "ingrid", NOON)) as raised:
            until_somebody_waits(tmp_path)
            first.commit(AuditEvent(EventKind.KEY_ROTATED, NOON, "root"))
    (refused,) = raised
    assert isinstance(refused, Conflict)
    assert "the fingerprint key is being rotated" in refused.what


@at_any_level
def test_a_ceremony_keeps_the_other_nodes_out(vault: SqlVault, elsewhere: SqlVault) -> None:
    with vault.ceremony(0):
        with pytest.raises(Conflict, match="on this node or another"), elsewhere.ceremony(0):
            pass
        assert elsewhere.counts() == vault.counts()
    with elsewhere.ceremony(0):
        pass


_HOLDER = """
import sys
from pathlib import Path
from tests.support.vaults import reopen
with reopen(Path(sys.argv[1])).ceremony(0):
    print("inside", flush=True)
    sys.stdin.read()
"""


@at_any_level
def test_a_node_that_was_killed_keeps_nobody_out(vault: SqlVault, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "inside\n"
        holder.kill()
        with vault.ceremony(_WAIT_S):
            pass


DESK = (GroupName("desk"),)


def regroup(by: SqlTransaction, seen: User, tokens: list[StoredToken]) -> None:
    """Put alice into a group, with her tokens."""
    by.regroup(seen, DESK, tokens)
    for each in tokens:
        by.replace(each, replace(each, standing=Standing(1, DESK)))


@at_any_level
def test_who_groups_a_user_while_they_get_a_token_decides_again(
    vault: SqlVault, elsewhere: SqlVault, bound: StoredToken, tmp_path: Path
) -> None:
    """Else the new token would be sealed without its owner's groups."""
    grouped = AuditEvent(EventKind.USER_GROUPED, NOON, "adam")
    seen, held = elsewhere.user(ALICE), elsewhere.tokens_of(ALICE)
    assert seen is not None
    import_tokens(vault, [new_token(3, HOTP)])
    new = held_token(vault, serial(3))

    def group() -> None:
        with elsewhere.transaction() as grouping:
            regroup(grouping, seen, held)
            grouping.commit(grouped)

    with vault.transaction() as binding:
        token = Bound(new.token.device, new.token.progress, ALICE, NOON)
        binding.replace(new, replace(new, token=token))
        with meanwhile(group) as raised:
            until_somebody_waits(tmp_path)
            binding.commit(event(serial(3)))
    assert [type(error) for error in raised] == [Stale]
    assert {each.standing for each in vault.tokens_of(ALICE)} == {Standing(1), Standing(2)}


@at_any_level
def test_who_gives_a_token_to_a_user_while_they_are_grouped_decides_again(
    vault: SqlVault, elsewhere: SqlVault, bound: StoredToken, tmp_path: Path
) -> None:
    seen, held = vault.user(ALICE), vault.tokens_of(ALICE)
    assert seen is not None
    import_tokens(vault, [new_token(3, HOTP)])
    with vault.transaction() as grouping:
        regroup(grouping, seen, held)
        with meanwhile(lambda: bind(elsewhere, serial(3))) as raised:
            until_somebody_waits(tmp_path)
            grouping.commit(AuditEvent(EventKind.USER_GROUPED, NOON, "adam"))
    assert [type(error) for error in raised] == [Stale]
    assert {each.standing.groups for each in vault.tokens_of(ALICE)} == {DESK}


@at_any_level
def test_of_two_changes_of_the_rules_one_decides_again(
    vault: SqlVault, elsewhere: SqlVault, tmp_path: Path
) -> None:
    none, mine = StoredRules(RuleSet(), None), StoredRules(RuleSet(1), Seal(b"mine", "s1"))
    theirs = StoredRules(RuleSet(1), Seal(b"theirs", "s1"))
    changed = AuditEvent(EventKind.POLICY_SET, NOON, "adam")

    def change() -> None:
        with elsewhere.transaction() as changing:
            changing.replace_rules(none, theirs)
            changing.commit(changed)

    with vault.transaction() as changing:
        changing.replace_rules(none, mine)
        with meanwhile(change) as raised:
            until_somebody_waits(tmp_path)
            changing.commit(changed)
    assert [type(error) for error in raised] == [Stale]
    assert vault.policy_rules() == mine
