"""What a first restore held back, a second one does not let go."""

from contextlib import closing

from tests.support.restorable import HOTPS, STEP, TOTPS, InUse, NewPlace

_ALL = len(TOTPS) + len(HOTPS)


def test_a_backup_of_a_restored_vault_keeps_single_codes_held_back(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    world.restore(world.back_up(), new_place(kind))
    again = world.back_up("again.age")

    restored = world.restore(
        again, new_place(kind), world.evidence(world.export(), is_complete=True)
    )

    assert restored.must_resync == _ALL


def test_a_promotion_keeps_single_codes_held_back(world: InUse) -> None:
    with closing(world.vault):
        world.promote()

    with closing(world.vault):
        restored = world.promote(world.evidence(world.export(), is_complete=True))

    assert restored.must_resync == _ALL


def test_the_log_of_a_restored_vault_does_not_know_what_the_one_before_it_accepted(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    backup = world.back_up()
    world.accept(HOTPS[0], 0)
    world.accept(HOTPS[1], 3)
    lost = world.evidence(world.export(), is_complete=True)
    world.restore(backup, new_place(kind), lost)
    world.accept(HOTPS[2], 0)
    export = world.export("second.jsonl")

    restored = world.restore(backup, new_place(kind), world.evidence(export, is_complete=True))

    assert restored.must_resync == _ALL
    assert "restored since the backup" in restored.gathered.words
    assert world.replayed() == []


def test_an_export_of_an_epoch_before_is_not_all_there_is(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    backup = world.back_up()
    world.accept(HOTPS[0], 0)
    first = world.export()
    world.restore(backup, new_place(kind), world.evidence(first, is_complete=True))
    world.accept(HOTPS[0], 1)
    world.clock.advance(5 * STEP)

    restored = world.restore(backup, new_place(kind), world.evidence(first, is_complete=True))

    assert restored.must_resync == len(HOTPS)
    assert "epoch 2" in restored.gathered.words
    assert world.replayed() == []
