"""After a restore, every old code is tried once more, in every way: none is accepted."""

import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from seedvault.domain.errors import Conflict
from seedvault.domain.outcome import Reason, Rejected
from seedvault.storage import SqlVault, open_vault
from seedvault.wiring.clock import system_clock
from tests.support.databases import POSTGRESQL, SQLITE
from tests.support.restorable import HOTPS, STEP, TOTPS, InUse, NewPlace, in_use


def a_day(world: InUse) -> None:
    """Codes as they come in: early and late, with counters skipped, and tokens that ran away."""
    for hour in range(4):
        for number in TOTPS[:4]:
            world.accept(number, world.step + (0, 1, -1, 0)[number])
        world.accept(HOTPS[0], 3 * hour)
        world.accept(HOTPS[1], 10 * hour)
        world.clock.advance(STEP)
        world.accept(TOTPS[0], world.step)
        world.accept(HOTPS[0], 3 * hour + 1)
        world.clock.advance(20 * STEP)


def another_day(world: InUse) -> None:
    """After the backup: the same, and what moves windows far."""
    for number in TOTPS[:4]:
        world.accept(number, world.step + (0, 1, -1, 0)[number])
    world.accept(HOTPS[0], 20)
    world.accept(HOTPS[0], 21)
    world.accept_pair(TOTPS[4], world.step + 60)
    world.accept_pair(TOTPS[5], world.step - 60)
    world.accept_pair(HOTPS[2], 500)
    world.accept(HOTPS[2], 505)
    world.unassign(HOTPS[3])
    assert world.assign(HOTPS[3], 4)
    world.accept(HOTPS[3], 6)
    world.clock.advance(2 * STEP)
    world.accept(TOTPS[4], world.step + 60)
    for number in TOTPS[:4]:  # a moment before the loss
        world.accept(number, world.step + (0, 1, -1, 0)[number])


@pytest.mark.parametrize("target", [SQLITE, POSTGRESQL])
def test_without_the_audit_log_no_old_code_is_accepted_alone(
    world: InUse, new_place: NewPlace, target: str
) -> None:
    a_day(world)
    backup = world.back_up()
    another_day(world)

    restored = world.restore(backup, new_place(target))

    assert restored.must_resync == len(TOTPS) + len(HOTPS)
    assert world.replayed() == []


@pytest.mark.parametrize("target", [SQLITE, POSTGRESQL])
def test_with_the_exported_log_no_old_code_is_accepted_in_any_way(
    world: InUse, new_place: NewPlace, target: str
) -> None:
    a_day(world)
    backup = world.back_up()
    another_day(world)
    evidence = world.evidence(world.export(), is_complete=True)

    restored = world.restore(backup, new_place(target), evidence)

    assert restored.must_resync == 0
    assert world.replayed() == []
    assert world.replayed_pairs() == []


def test_codes_after_the_last_checkpoint_are_not_accepted_again_alone(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    a_day(world)
    backup = world.back_up()
    another_day(world)
    evidence = world.evidence(world.export())
    world.accept(HOTPS[0], 22)
    world.accept(HOTPS[1], 40)
    for number in TOTPS[:4]:
        world.accept(number, world.step + (1, 2, 0, 1)[number])

    restored = world.restore(backup, new_place(kind), evidence)

    assert restored.must_resync == len(HOTPS)
    assert world.replayed() == []


def test_holders_of_tokens_whose_codes_are_known_go_on(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    a_day(world)
    backup = world.back_up()
    another_day(world)
    evidence = world.evidence(world.export(), is_complete=True)
    world.restore(backup, new_place(kind), evidence)

    world.clock.advance(3 * STEP)
    for number in TOTPS[:4]:
        world.accept(number, world.step + (0, 1, -1, 0)[number])
    world.accept(TOTPS[4], world.step + 60)
    world.accept(TOTPS[5], world.step - 59)
    world.accept(HOTPS[0], 22)
    world.accept(HOTPS[2], 506)


def test_a_database_that_is_put_back_by_hand_accepts_them_again(
    tmp_path: Path, new_place: NewPlace
) -> None:
    """What this finds where nothing raises floors."""
    with in_use(tmp_path, new_place(SQLITE)) as world:
        a_day(world)
        copy = tmp_path / "by-hand.db"
        world.vault.close()
        shutil.copy(world.place.removeprefix("sqlite:///"), copy)
        world.open(world.place)
        another_day(world)
        world.vault.close()
        world.open(f"sqlite:///{copy}")

        assert len(world.replayed()) >= 10
        assert world.replayed_pairs()


def test_a_holder_goes_on_with_two_codes(world: InUse, new_place: NewPlace, kind: str) -> None:
    a_day(world)
    world.restore(world.back_up(), new_place(kind))

    refused = world.verify(HOTPS[0], 12)
    world.accept_pair(HOTPS[0], 12)
    world.clock.advance(4 * STEP)
    world.accept_pair(TOTPS[0], world.step)

    assert refused == Rejected(Reason.NEEDS_RESYNC)
    world.accept(HOTPS[0], 14)
    world.clock.advance(2 * STEP)
    world.accept(TOTPS[0], world.step)


@pytest.mark.parametrize("is_known", [True, False])
def test_who_holds_the_old_vault_open_accepts_nothing_after_a_promotion(
    world: InUse, is_known: bool
) -> None:
    a_day(world)
    evidence = world.evidence(world.export(), is_complete=True) if is_known else None
    node, stale = world.vault, open_vault(world.place, system_clock)

    restored = world.promote(evidence)

    assert restored.must_resync == (0 if is_known else 10)
    for holder in (node, stale):
        _refuses(world, holder)
        holder.close()


def _refuses(world: InUse, holder: SqlVault) -> None:
    """No token is let in by a node that was not told, by codes that are right."""
    world.clock.advance(5 * STEP)
    now, world.vault = world.vault, holder
    for number in TOTPS[:3]:
        with suppress(Conflict):
            assert isinstance(world.verify(number, world.step + 1), Rejected)
        with pytest.raises(Conflict, match="restored since it was opened"):
            world.resync(number, world.step)
    world.vault = now
