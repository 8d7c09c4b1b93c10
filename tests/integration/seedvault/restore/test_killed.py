"""A restore that is killed, or runs out of disk, leaves nothing; the same again succeeds."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seedvault.domain.errors import StorageUnavailable
from seedvault.keys import HsmKeys
from seedvault.service.ports import StoredToken
from tests.support.cli import environment
from tests.support.restorable import VAULT, InUse, NewPlace, is_empty
from tests.support.softhsm import store
from tests.support.tmpfs import small_disk
from tests.support.tokens import new_token, serial
from tests.support.vaults import import_tokens

_MANY = 3_000
_KILLS = 8


@pytest.fixture
def large(world: InUse) -> Path:
    """A backup whose restore takes a second."""
    import_tokens(world.vault, [new_token(1_000 + number) for number in range(_MANY)])
    return world.back_up("large.age")


@pytest.mark.drill
def test_a_killed_restore_leaves_nothing_and_the_same_again_succeeds(
    world: InUse, large: Path, new_place: NewPlace, kind: str
) -> None:
    place = new_place(kind)
    whole = _timed(world, large, new_place(kind))

    for number in range(_KILLS):
        child = _started(world, large, place)
        time.sleep(whole * (number + 0.5) / _KILLS)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        if not is_empty(place):
            break  # the signal came after the commit

    if is_empty(place):
        world.restore(large, place)
    world.open(place)
    counts = world.vault.counts()
    assert (counts.bound, counts.in_stock) == (10, _MANY)
    with HsmKeys(world.keystore, VAULT).open(_some(world)):
        pass  # its seal holds


def test_a_full_disk_leaves_nothing_and_with_room_the_same_succeeds(
    world: InUse, large: Path, new_place: NewPlace, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        place = f"sqlite:///{disk.path / 'vault.db'}"
        with pytest.raises(StorageUnavailable, match="full"):
            world.restore(large, place)
        assert list(disk.path.iterdir()) == []

        disk.remount("size=64m")
        assert world.restore(large, place).tokens == _MANY + 10
        world.vault.close()


def test_two_restores_at_once_make_one_vault(
    world: InUse, large: Path, new_place: NewPlace, kind: str
) -> None:
    place = new_place(kind)

    children = [_started(world, large, place) for _ in range(3)]
    codes = sorted(child.wait() for child in children)
    for child in children:
        child.communicate()

    assert codes[0] == 0
    assert set(codes[1:]) == {4}
    world.open(place)
    assert world.vault.identity.epoch == 2


def test_a_backup_is_not_there_before_it_is_whole(world: InUse, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "16k") as disk:
        import_tokens(world.vault, [new_token(1_000 + number) for number in range(300)])
        world.folder = disk.path
        with pytest.raises(StorageUnavailable, match="cannot be written"):
            world.back_up()
        assert list(disk.path.iterdir()) == []
    assert world.vault.counts().batches == 2


def _some(world: InUse) -> StoredToken:
    stored = world.vault.token(serial(0))
    assert stored is not None
    return stored


def _timed(world: InUse, backup: Path, place: str) -> float:
    begun = time.monotonic()
    child = _started(world, backup, place)
    child.communicate()
    assert child.returncode == 0
    return time.monotonic() - begun


def _started(world: InUse, backup: Path, place: str) -> "subprocess.Popen[str]":
    told = json.dumps(
        {
            "backup": str(backup),
            "place": place,
            "identity": str(world.identity),
            "label": world.pkcs11_token.token_label,
            "now": world.clock.now.timestamp(),
        }
    )
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.support.restoring_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment() | {"SOFTHSM2_CONF": str(store())},
    )
    assert child.stdin is not None
    child.stdin.write(told)
    child.stdin.close()
    child.stdin = None
    return child
