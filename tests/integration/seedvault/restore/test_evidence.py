"""What the exported log tells of the time since a backup is done again, if it can be believed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seedvault.domain import life
from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.errors import Conflict, FileRefused, NotAllowed
from seedvault.domain.names import Serial, UserName
from seedvault.domain.token import Bound, InStock, Retired, Revoked, Suspended, Token
from seedvault.service.lifecycle import ChangeLife
from seedvault.service.ports import EventFilter
from seedvault.service.replay import Fate
from tests.support.databases import SQLITE
from tests.support.restorable import HOTPS, ORDER, STEP, InUse, NewPlace, in_use, is_empty
from tests.support.tokens import NOON, new_token, serial
from tests.support.vaults import add_user, import_tokens


def change(world: InUse, number: int, transition: life.Transition, step: life.Step) -> None:
    ChangeLife(world.vault, world.keys, world.clock, transition, step)(
        serial(number), "reported stolen", "hans"
    )


def token(world: InUse, number: int) -> Token:
    stored = world.vault.token(serial(number))
    assert stored is not None
    return stored.token


def fates(world: InUse, backup: Path, place: str, export: Path) -> dict[tuple[str, str], Fate]:
    """What became of each event since, by what happened and to which token."""
    gathered = world.restore(backup, place, world.evidence(export, is_complete=True)).gathered
    return {(each.event.kind.value, str(each.event.serial)): each.fate for each in gathered.since}


# --- what is done again -----------------------------------------------------------------------


def test_what_took_something_from_a_token_is_done_again(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    backup = world.back_up()
    world.clock.advance(STEP)
    change(world, 0, life.SUSPEND, life.suspend)
    change(world, 1, life.REVOKE, life.revoke)
    world.unassign(2)
    world.unassign(3)
    change(world, 3, life.RETIRE, life.retire)
    at = world.clock.now
    world.clock.advance(STEP)

    told = fates(world, backup, new_place(kind), world.export())

    assert set(told.values()) == {Fate.REDONE}
    found = [type(token(world, number)) for number in range(5)]
    assert found == [Suspended, Revoked, InStock, Retired, Bound]
    suspended = token(world, 0)
    assert isinstance(suspended, Suspended)
    assert (suspended.since, suspended.reason) == (at, "reported stolen")
    change(world, 0, life.RESUME, life.resume)  # its seal holds


def test_what_was_refused_is_nothing_to_do_again(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    backup = world.back_up()
    with pytest.raises(Conflict):
        change(world, 0, life.RESUME, life.resume)
    assert len(world.vault.events(EventFilter(kind=EventKind.TOKEN_REFUSED))) == 1

    assert fates(world, backup, new_place(kind), world.export()) == {}


def test_what_is_done_again_is_on_record(world: InUse, new_place: NewPlace, kind: str) -> None:
    backup = world.back_up()
    change(world, 1, life.REVOKE, life.revoke)

    fates(world, backup, new_place(kind), world.export())

    (revoked,) = world.vault.events(EventFilter(kind=EventKind.TOKEN_REVOKED))
    assert revoked.event.actor == "os:root"
    assert str(revoked.event.detail).startswith("reported stolen; done again after a restore: 2026")


def test_what_gave_something_is_left_to_staff(world: InUse, new_place: NewPlace, kind: str) -> None:
    change(world, 0, life.SUSPEND, life.suspend)
    world.unassign(1)
    backup = world.back_up()
    change(world, 0, life.RESUME, life.resume)
    assert world.assign(1)
    add_user(world.vault, UserName("bob"))

    told = fates(world, backup, new_place(kind), world.export())

    assert set(told.values()) == {Fate.LEFT}
    assert {what for what, _ in told} == {"token.resumed", "token.assigned", "user.added"}
    assert isinstance(token(world, 0), Suspended)
    assert isinstance(token(world, 1), InStock)


def test_a_token_that_came_after_the_backup_is_named(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    backup = world.back_up()
    import_tokens(world.vault, [new_token(900)])
    _happened(world, EventKind.TOKEN_SUSPENDED, serial(900))

    told = fates(world, backup, new_place(kind), world.export())

    assert told["token.suspended", str(serial(900))] is Fate.UNKNOWN_TOKEN
    assert told["batch.imported", "None"] is Fate.LEFT


def test_what_cannot_be_done_again_holds_single_codes_back(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    backup = world.back_up()
    change(world, 0, life.SUSPEND, life.suspend)
    evidence = world.evidence(world.export(), is_complete=True)
    order = ORDER.__class__("os:root", "bob", [world.keystore.checkpoint_public_key()])

    restored = world.restore(backup, new_place(kind), evidence, order, hsm_lost=True)

    (since,) = restored.gathered.since
    assert since.fate is Fate.LEFT
    assert token(world, 0).progress.must_resync
    assert isinstance(token(world, 0), Bound)
    assert restored.must_resync == 1


def test_uses_are_counted_again(world: InUse, new_place: NewPlace, kind: str) -> None:
    world.accept(HOTPS[0], 0)
    backup = world.back_up()
    world.accept(HOTPS[0], 3)
    world.accept(HOTPS[0], 4)

    gathered = world.restore(
        backup, new_place(kind), world.evidence(world.export(), is_complete=True)
    ).gathered

    progress = token(world, HOTPS[0]).progress
    assert (gathered.replayed, progress.uses, progress.next_factor) == (2, 3, 5)


# --- which log is believed --------------------------------------------------------------------


def test_a_log_in_several_files_is_one_log(world: InUse, new_place: NewPlace, kind: str) -> None:
    world.accept(HOTPS[0], 0)
    first = world.export("first.jsonl")
    number = world.vault.last_checkpoint()
    backup = world.back_up()
    world.accept(HOTPS[0], 1)
    assert number is not None
    second = world.export("second.jsonl", begin_after=number.checkpoint.number)

    evidence = world.evidence(first, second, is_complete=True)
    restored = world.restore(backup, new_place(kind), evidence)

    assert restored.gathered.replayed == 1


def test_a_log_that_begins_before_the_backup_is_enough(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    world.cover()
    number = world.vault.last_checkpoint()
    assert number is not None
    backup = world.back_up()
    world.accept(HOTPS[0], 1)
    later = world.export("later.jsonl", begin_after=number.checkpoint.number)

    restored = world.restore(backup, new_place(kind), world.evidence(later, is_complete=True))

    assert restored.gathered.replayed == 1


def test_a_log_that_begins_after_the_backup_leaves_a_gap(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    backup = world.back_up()
    world.accept(HOTPS[0], 0)
    world.cover()
    number = world.vault.last_checkpoint()
    assert number is not None
    world.accept(HOTPS[0], 1)
    later = world.export("later.jsonl", begin_after=number.checkpoint.number)

    _is_refused(world, backup, new_place(kind), later, "in neither")


def test_a_log_that_ends_before_the_backup_tells_nothing_of_the_time_since(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    export = world.export()
    world.accept(HOTPS[0], 0)
    backup = world.back_up()

    restored = world.restore(backup, new_place(kind), world.evidence(export))

    assert (restored.gathered.replayed, restored.must_resync) == (0, len(HOTPS))


def test_what_no_checkpoint_covers_is_not_believed(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    backup = world.back_up()
    world.accept(HOTPS[0], 0)
    export = world.export()
    lines = export.read_bytes().splitlines(keepends=True)
    covered = next(n for n, line in enumerate(lines) if b"seedvault.checkpoint/1" in line)
    export.write_bytes(b"".join(lines[: covered + 1]))
    world.accept(HOTPS[0], 1)
    later = world.export("later.jsonl")
    last = later.read_bytes().splitlines(keepends=True)[-2]
    assert b"code.accepted" in last
    with export.open("ab") as file:
        file.write(last)

    restored = world.restore(backup, new_place(kind), world.evidence(export))

    assert restored.gathered.replayed == 1


def _cut(octets: bytes) -> bytes:
    """A line less in the middle."""
    lines = octets.splitlines(keepends=True)
    return b"".join([*lines[:5], *lines[6:]])


def _another_factor(octets: bytes) -> bytes:
    return octets.replace(b'"factor": 7', b'"factor": 9', 1)


def _no_checkpoint(octets: bytes) -> bytes:
    lines = octets.splitlines(keepends=True)
    return b"".join(line for line in lines if b"seedvault.checkpoint/1" not in line)


@pytest.mark.parametrize("alter", [_cut, _another_factor])
def test_a_log_that_was_altered_is_refused(
    world: InUse, new_place: NewPlace, kind: str, alter: Callable[[bytes], bytes]
) -> None:
    backup = world.back_up()
    world.accept(HOTPS[0], 7)
    export = world.export()
    octets = export.read_bytes()
    export.write_bytes(alter(octets))
    assert export.read_bytes() != octets

    _is_refused(world, backup, new_place(kind), export, "audit export, line")


def test_a_log_without_a_signature_is_refused(world: InUse, new_place: NewPlace, kind: str) -> None:
    backup, place = world.back_up(), new_place(kind)
    export = world.export()
    export.write_bytes(_no_checkpoint(export.read_bytes()))

    with pytest.raises(NotAllowed, match="nothing vouches for it"):
        world.restore(backup, place, world.evidence(export))

    assert is_empty(place)


def test_another_vaults_log_is_refused(
    world: InUse, new_place: NewPlace, kind: str, tmp_path: Path
) -> None:
    backup = world.back_up()
    (tmp_path / "other").mkdir()
    with in_use(tmp_path / "other", new_place(SQLITE)) as other:
        export = other.export()
    _is_refused(world, backup, new_place(kind), export, "audit export")


def test_a_log_that_went_on_otherwise_is_refused(
    world: InUse, new_place: NewPlace, kind: str
) -> None:
    """Two vaults that were one: the export of the one tells nothing of the other."""
    before = world.back_up("before.age")
    world.accept(HOTPS[0], 0)
    export = world.export()
    world.restore(before, new_place(kind))
    world.accept_pair(HOTPS[0], 3)

    _is_refused(world, world.back_up("after.age"), new_place(kind), export, "different things")


def _is_refused(world: InUse, backup: Path, place: str, export: Path, why: str) -> None:
    with pytest.raises(FileRefused, match=why):
        world.restore(backup, place, world.evidence(export))
    assert is_empty(place)


def _happened(world: InUse, kind: EventKind, to: Serial) -> None:
    with world.vault.transaction() as transaction:
        transaction.commit(AuditEvent(kind, NOON, "hans", serial=to, detail="lost"))
