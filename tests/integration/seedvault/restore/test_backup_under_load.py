"""A backup that is taken while codes are verified is of one moment, and consistent."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from seedvault.domain.audit import EventKind
from seedvault.domain.outcome import Accepted
from seedvault.keys import verifies
from seedvault.service.audit import VerifyAudit
from seedvault.service.ports import EventFilter
from tests.support.restorable import HOTPS, InUse, NewPlace, Shown
from tests.support.tokens import serial

_BACKUPS = 4
_LEAST = 3


def test_a_backup_under_load_is_of_one_moment(world: InUse, new_place: NewPlace, kind: str) -> None:
    with _load(world):
        backups = [world.back_up(f"{number}.age") for number in range(_BACKUPS)]
    evidence = world.evidence(world.export(), is_complete=True)
    accepted = len(world.accepted)

    restored = world.restore(backups[_BACKUPS // 2], new_place(kind), evidence)

    report = VerifyAudit(world.vault, lambda: [world.keystore.checkpoint_public_key()], verifies)()
    assert report.breaks == ()
    assert (restored.seals_checked, restored.unsealed, restored.must_resync) == (True, 0, 0)
    held = _accepted_in(world)
    assert 0 < held < accepted, "the load went on before the backup and after it"
    assert held + restored.gathered.replayed == accepted, "a code is in one of the two, once"
    assert world.replayed() == []


def test_what_it_holds_is_spent_though_nothing_is_known_of_the_time_since(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    with _load(world):
        backup = world.back_up()

    world.restore(backup, new_place(kind))

    for number in HOTPS:
        stored = world.vault.token(serial(number))
        assert stored is not None
        events = [
            each.event.factor
            for each in world.vault.events(EventFilter(serial=serial(number), limit=100_000))
            if each.event.kind is EventKind.CODE_ACCEPTED
        ]
        assert stored.token.progress.next_factor == len(events), "rows and log are of one moment"
    assert world.replayed() == []


def _accepted_in(world: InUse) -> int:
    return len(world.vault.events(EventFilter(kind=EventKind.CODE_ACCEPTED, limit=100_000)))


@contextmanager
def _load(world: InUse) -> Iterator[None]:
    """A thread for each counter token, which shows one code after another; all are accepted."""
    ended, wrong = Event(), list[str]()

    def show(number: int, begun: Event) -> None:
        factor = 0
        while not ended.is_set():
            if not isinstance(world.verify(number, factor), Accepted):
                wrong.append(f"token {number}: {factor}")
                return
            world.accepted.append(Shown(number, factor))
            factor += 1
            if factor == _LEAST:
                begun.set()

    going = {number: Event() for number in HOTPS}
    threads = [Thread(target=show, args=each) for each in going.items()]
    for thread in threads:
        thread.start()
    try:
        for begun in going.values():
            assert begun.wait(60)
        yield
        for _ in range(_LEAST):
            _more(world)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert wrong == []


def _more(world: InUse) -> None:
    """Until another code was accepted: something comes after what was done under load."""
    before = len(world.accepted)
    while len(world.accepted) == before:
        Event().wait(0.01)
