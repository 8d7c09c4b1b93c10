"""A user's groups decide over policies: they stand under the seals of the user's tokens."""

from dataclasses import replace

import pytest

from seedvault.domain.audit import EventKind
from seedvault.domain.errors import NotFound, SealBroken
from seedvault.domain.names import GroupName, UserName
from seedvault.domain.outcome import Accepted
from seedvault.service.groups import in_order
from seedvault.service.ports import StoredToken
from tests.unit.seedvault.service.world import ALICE, BOB, World

DESK, FIELD = GroupName("desk"), GroupName("Field staff")


def groups(world: World, name: UserName = ALICE) -> tuple[GroupName, ...]:
    user = world.vault.user(name)
    assert user is not None
    return user.groups


def test_a_user_is_put_into_exactly_these_groups(world: World) -> None:
    world.bound()
    world.group(ALICE, [FIELD, DESK, GroupName("DESK")], "adam")
    assert groups(world) == (DESK, FIELD)
    world.group(ALICE, [FIELD], "adam")
    assert groups(world) == (FIELD,)
    event, first = world.events(EventKind.USER_GROUPED)
    assert first.detail in {
        "- -> desk, Field staff; 1 tokens sealed anew",
        "- -> DESK, Field staff; 1 tokens sealed anew",
    }
    assert (event.user, event.actor) == ("alice", "adam")


def test_groups_go_by_name_each_once() -> None:
    assert in_order([FIELD, DESK, DESK]) == (DESK, FIELD)


def test_tokens_verify_after_their_owner_was_grouped_and_ungrouped(world: World) -> None:
    token = world.bound()
    world.group(ALICE, [DESK], "adam")
    other = world.bound(2)
    world.group(ALICE, [], "adam")
    assert isinstance(world.verify(token, world.code(), "rp"), Accepted)
    assert isinstance(world.verify(other, world.code(number=2), "rp"), Accepted)


def test_the_next_owner_brings_their_own_groups(world: World) -> None:
    token = world.bound()
    world.group(ALICE, [DESK], "adam")
    world.add_user(BOB, "root", [FIELD])
    world.unassign(token, "helga")
    assert world.stored().standing.groups == ()
    world.keys.check(world.stored())
    world.assign(token, BOB, "helga")
    assert world.stored().standing.groups == (FIELD,)
    assert isinstance(world.verify(token, world.code(), "rp"), Accepted)


@pytest.mark.parametrize("others", [(), (FIELD,), (DESK, FIELD)])
def test_groups_changed_from_outside_break_the_seal(
    world: World, others: tuple[GroupName, ...]
) -> None:
    token = world.bound()
    world.group(ALICE, [DESK], "adam")
    world.vault.put_user(ALICE, world.clock(), others)
    with pytest.raises(SealBroken):
        world.verify(token, world.code(), "rp")


def test_groups_put_on_from_outside_break_the_seal(world: World) -> None:
    token = world.bound()
    world.vault.put_user(ALICE, world.clock(), (DESK,))
    with pytest.raises(SealBroken):
        world.verify(token, world.code(), "rp")


def test_groups_put_on_the_owner_of_a_token_of_an_older_program_break_the_seal(
    world: World,
) -> None:
    token = world.bound()

    def as_of_old(stored: StoredToken) -> StoredToken:
        seal = world.keys.seal(stored.token, stored.wrapped, stored.revision)
        return replace(stored, seal=seal)

    world.vault.tamper(token, as_of_old)
    world.keys.check(world.stored())
    world.vault.put_user(ALICE, world.clock(), (DESK,))
    with pytest.raises(SealBroken):
        world.verify(token, world.code(), "rp")


def test_a_bound_token_moved_to_another_batch_breaks_the_seal(world: World) -> None:
    token = world.bound()
    world.vault.rows[token] = replace(world.vault.rows[token], batch=9)
    with pytest.raises(SealBroken):
        world.verify(token, world.code(), "rp")


def test_altered_tokens_stop_the_change(world: World) -> None:
    token = world.bound()
    world.break_seal(token)
    with pytest.raises(SealBroken):
        world.group.check(ALICE, [DESK])
    with pytest.raises(SealBroken):
        world.group(ALICE, [DESK], "adam")
    assert groups(world) == ()
    assert len(world.events(EventKind.SEAL_BROKEN)) == 1


def test_a_token_given_to_them_meanwhile_is_sealed_with_the_groups_too(world: World) -> None:
    world.bound(1)
    world.stocked(2)
    world.keys.sealing_meanwhile.append(lambda: world.bound(2))
    world.group(ALICE, [DESK], "adam")
    for number in (1, 2):
        world.keys.check(world.stored(number))
        assert world.stored(number).standing.groups == (DESK,)


def test_a_token_given_while_they_are_grouped_is_sealed_with_the_groups(world: World) -> None:
    world.bound(1)
    token = world.stocked(2)
    world.keys.sealing_meanwhile.append(lambda: world.group(ALICE, [DESK], "adam"))
    world.assign(token, ALICE, "helga")
    world.keys.check(world.stored(2))


def test_the_same_groups_again_change_nothing(world: World) -> None:
    world.bound()
    world.group(ALICE, [DESK], "adam")
    assert not world.group(ALICE, [GroupName("DESK")], "adam").changed
    assert len(world.events(EventKind.USER_GROUPED)) == 1


def test_nobody_unknown_is_grouped(world: World) -> None:
    with pytest.raises(NotFound):
        world.group(BOB, [DESK], "adam")
    with pytest.raises(NotFound):
        world.group.check(BOB, [DESK])
