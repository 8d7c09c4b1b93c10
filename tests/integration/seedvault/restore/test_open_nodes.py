"""A node that had the vault open when its epoch rose is told so; it goes on once it is reopened."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from seedvault.domain.errors import Conflict
from seedvault.storage import SqlVault, open_vault
from seedvault.wiring.clock import system_clock
from tests.support.restorable import HOTPS, STEP, TOTPS, InUse


def test_a_node_of_the_epoch_before_is_told_what_happened_and_what_to_do(world: InUse) -> None:
    with _promoted(world) as old, _by(world, old), pytest.raises(Conflict) as refused:
        world.verify(TOTPS[0], world.step)

    assert str(refused.value) == (
        "the vault was restored since it was opened: of epoch 1 then, of epoch 2 now\n"
        "Nothing was changed.\n"
        "Open it anew: run the command again; restart a process that goes on running."
    )


def test_it_is_refused_for_as_long_as_it_stays_open(world: InUse) -> None:
    with _promoted(world) as old, _by(world, old):
        for number in (*TOTPS, *HOTPS):
            factor = world.step if number in TOTPS else 0
            with pytest.raises(Conflict, match="restart a process"):
                world.verify(number, factor)


def test_it_signs_no_checkpoint(world: InUse) -> None:
    with _promoted(world) as old, _by(world, old), pytest.raises(Conflict) as refused:
        world.cover()

    assert refused.value.unchanged == "No checkpoint was written."
    assert "epoch 1 then, of epoch 2 now" in refused.value.what


def test_a_node_that_opens_the_vault_anew_goes_on(world: InUse) -> None:
    with _promoted(world) as old:
        old.close()
        with closing(open_vault(world.place, system_clock)) as anew, _by(world, anew):
            assert anew.identity.epoch == 2
            world.accept(TOTPS[0], world.step)
            world.accept(HOTPS[0], 0)
            world.cover()


@contextmanager
def _promoted(world: InUse) -> Iterator[SqlVault]:
    """A node that had the vault open before; every code until then is known."""
    with closing(world.vault) as old:
        world.promote(world.evidence(world.export(), is_complete=True))
        world.clock.advance(5 * STEP)
        yield old


@contextmanager
def _by(world: InUse, node: SqlVault) -> Iterator[None]:
    """A block in which this node does it."""
    now, world.vault = world.vault, node
    try:
        yield
    finally:
        world.vault = now
