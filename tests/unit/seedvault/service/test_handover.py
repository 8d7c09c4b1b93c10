"""A batch is handed on only where its import allowed it, each seed on record before the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from seedvault.domain import life
from seedvault.domain.audit import EventKind
from seedvault.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound, SealBroken
from seedvault.domain.names import Serial
from seedvault.domain.oath import KeptParameters
from seedvault.domain.token import Progress, Quarantined, Token
from seedvault.service.handover import HandedOver, HandOver, Handover
from seedvault.service.lifecycle import ChangeLife
from seedvault.service.seed_files import (
    Delivered,
    DeliveredSeed,
    HandedOnSeed,
    OutgoingFile,
    Recipient,
    Terms,
)
from tests.support.tokens import NOON, TOTP, device, serial
from tests.unit.seedvault.service.world import NO_KEY, Watcher, World, delivered, seed_of

RADIUS = Recipient("radius", "AES_256_CBC", bytes(32))


class FakeOutbox:
    """The `Outbox` and `OutgoingFile` ports: `sent` holds what was written and whole."""

    def __init__(self) -> None:
        self.sent: dict[str, list[tuple[Serial, HandedOnSeed]]] = {}
        self._writing: list[tuple[Serial, HandedOnSeed]] = []

    def check(self, path: Path) -> None:
        if path.name in self.sent:
            raise Conflict(f"{path} is there already")

    @contextmanager
    def writing(
        self, path: Path, recipient: Recipient, mac_key: bytes | None
    ) -> Iterator[OutgoingFile]:
        self._writing = []
        yield self
        self.sent[path.name] = self._writing

    def add(self, token: Token, seed: HandedOnSeed) -> None:
        self._writing.append((token.device.serial, seed))


@pytest.fixture
def outbox() -> FakeOutbox:
    return FakeOutbox()


def imported(world: World, *records: Delivered, exportable: bool = True) -> None:
    terms = Terms(exportable=exportable)
    world.importer(world.deliver(records), NO_KEY, "ingrid", Watcher(), terms)


def handed_over(
    world: World, outbox: FakeOutbox, *, approved_by: str | None = None, dry_run: bool = False
) -> HandedOver:
    hand_over = HandOver(world.vault, world.keys, outbox, world.clock)
    order = Handover("B-0001", RADIUS, Path("out.xml"), approved_by)
    return hand_over(order, "carol", dry_run=dry_run)


def test_every_seed_of_the_batch_is_written(world: World, outbox: FakeOutbox) -> None:
    imported(world, delivered(1), delivered(2))
    done = handed_over(world, outbox)
    assert (done.batch.name, done.tokens, done.left_out) == ("B-0001", 2, 0)
    assert [(number, seed.value) for number, seed in outbox.sent["out.xml"]] == [
        (serial(1), seed_of(1)[::-1]),
        (serial(2), seed_of(2)[::-1]),
    ]


def test_each_serial_and_the_batch_are_on_record(world: World, outbox: FakeOutbox) -> None:
    imported(world, delivered(1), delivered(2))
    handed_over(world, outbox, approved_by="dave")
    events = world.events(EventKind.TOKEN_EXPORTED)
    assert {event.serial for event in events} == {serial(1), serial(2)}
    assert {event.detail for event in events} == {"to radius, AES-256-CBC, approved by dave"}
    (batch,) = world.events(EventKind.BATCH_EXPORTED)
    assert (batch.batch, batch.actor) == ("B-0001", "carol")


def test_a_batch_that_is_not_exportable_never_leaves(world: World, outbox: FakeOutbox) -> None:
    imported(world, delivered(1), exportable=False)
    with pytest.raises(NotAllowed, match="not imported as exportable"):
        handed_over(world, outbox)
    assert outbox.sent == {}
    assert len(world.events(EventKind.EXPORT_REFUSED)) == 1


def test_a_dry_run_of_what_is_not_allowed_leaves_no_event(world: World, outbox: FakeOutbox) -> None:
    imported(world, delivered(1), exportable=False)
    with pytest.raises(NotAllowed, match="not imported as exportable"):
        handed_over(world, outbox, dry_run=True)
    assert world.events(EventKind.EXPORT_REFUSED) == []


@pytest.mark.parametrize("name", ["carol", "os:carol", " Carol "])
def test_nobody_approves_their_own_export(world: World, outbox: FakeOutbox, name: str) -> None:
    imported(world, delivered(1))
    with pytest.raises(InvalidInput, match="cannot approve it too"):
        handed_over(world, outbox, approved_by=name)
    assert outbox.sent == {}


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_file_that_is_there_is_not_written_over(
    world: World, outbox: FakeOutbox, *, dry_run: bool
) -> None:
    imported(world, delivered(1))
    handed_over(world, outbox)
    with pytest.raises(Conflict, match="there already"):
        handed_over(world, outbox, dry_run=dry_run)


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_is_in_quarantine_does_not_leave_without_its_policy(
    world: World, outbox: FakeOutbox, *, dry_run: bool
) -> None:
    kept = Quarantined(device(2), Progress(0, NOON), "its policy permits Encrypt only")
    imported(world, delivered(1), Delivered(kept, DeliveredSeed(seed_of(2)), 2))
    done = handed_over(world, outbox, dry_run=dry_run)
    assert (done.tokens, done.left_out) == (1, 1)


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_clock_that_pskc_has_no_words_for_does_not_leave(
    world: World, outbox: FakeOutbox, *, dry_run: bool
) -> None:
    late = replace(TOTP, t0_s=946_684_800)
    imported(world, delivered(1), delivered(2, late))
    done = handed_over(world, outbox, dry_run=dry_run)
    assert (done.tokens, done.left_out) == (1, 1)


def test_a_batch_that_is_not_there_is_not_found(world: World, outbox: FakeOutbox) -> None:
    with pytest.raises(NotFound):
        handed_over(world, outbox)


def test_a_dry_run_writes_nothing_and_leaves_no_event(world: World, outbox: FakeOutbox) -> None:
    imported(world, delivered(1))
    assert handed_over(world, outbox, dry_run=True).tokens == 1
    assert (outbox.sent, world.events(EventKind.TOKEN_EXPORTED)) == ({}, [])


def test_a_key_that_is_only_kept_is_left_out(world: World, outbox: FakeOutbox) -> None:
    parameters = KeptParameters("yubico", "vv")
    kept = Quarantined(device(2, parameters), Progress(0, NOON), "not verified")
    imported(world, delivered(1), Delivered(kept, DeliveredSeed(seed_of(2)), 2))
    done = handed_over(world, outbox)
    assert (done.tokens, done.left_out) == (1, 1)


def test_a_token_whose_seal_is_broken_stops_it_all(world: World, outbox: FakeOutbox) -> None:
    imported(world, delivered(1), delivered(2))
    world.break_seal(serial(2))
    with pytest.raises(SealBroken):
        handed_over(world, outbox)
    assert outbox.sent == {}
    assert len(world.events(EventKind.SEAL_BROKEN)) == 1


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_token_that_is_suspended_or_revoked_does_not_leave_as_one_that_is_not(
    world: World, outbox: FakeOutbox, *, dry_run: bool
) -> None:
    imported(world, delivered(1), delivered(2), delivered(3))
    for number, transition, step in (
        (2, life.SUSPEND, life.suspend),
        (3, life.REVOKE, life.revoke),
    ):
        token = world.bound(number)
        ChangeLife(world.vault, world.keys, world.clock, transition, step)(token, "lost", "helen")
    done = handed_over(world, outbox, dry_run=dry_run)
    assert (done.tokens, done.left_out) == (1, 2)
