"""A batch is handed on only where its import allowed it, each seed on record before the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from seedvault.domain.audit import EventKind
from seedvault.domain.errors import InvalidInput, NotAllowed, NotFound, SealBroken
from seedvault.domain.names import Serial
from seedvault.domain.oath import KeptParameters
from seedvault.domain.token import Progress, Quarantined, Token
from seedvault.service.handover import HandedOver, HandOver, Handover
from seedvault.service.seed_files import (
    Delivered,
    DeliveredSeed,
    HandedOnSeed,
    OutgoingFile,
    Recipient,
    Terms,
)
from tests.support.tokens import NOON, device, serial
from tests.unit.seedvault.service.world import NO_KEY, Watcher, World, delivered, seed_of

RADIUS = Recipient("radius", "AES_256_CBC", bytes(32))


class FakeOutbox:
    """The `Outbox` and `OutgoingFile` ports: `sent` holds what was written and whole."""

    def __init__(self) -> None:
        self.sent: dict[str, list[tuple[Serial, HandedOnSeed]]] = {}
        self._writing: list[tuple[Serial, HandedOnSeed]] = []

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


def test_nobody_approves_their_own_export(world: World, outbox: FakeOutbox) -> None:
    imported(world, delivered(1))
    with pytest.raises(InvalidInput, match="somebody else"):
        handed_over(world, outbox, approved_by="carol")
    assert outbox.sent == {}


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
