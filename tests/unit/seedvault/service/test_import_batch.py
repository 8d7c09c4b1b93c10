"""A seed file becomes a batch, all of it or nothing, and what becomes of it is on record."""

from dataclasses import replace
from pathlib import Path

import pytest

from seedvault.domain.audit import EventKind
from seedvault.domain.batch import Tier
from seedvault.domain.errors import (
    Conflict,
    FileRefused,
    HsmUnavailable,
    KeyNeeded,
    StorageUnavailable,
)
from seedvault.domain.token import InStock
from seedvault.service.seed_files import Delivered, Terms
from tests.support.tokens import NOON, serial
from tests.unit.seedvault.service.world import NO_KEY, Watcher, World, delivered, seed_of


def nothing_visible(world: World) -> bool:
    counts = world.vault.counts()
    return (counts.in_stock, counts.bound, counts.batches, world.vault.staged) == (0, 0, 0, [])


def test_every_token_of_a_file_is_in_stock_afterwards(world: World) -> None:
    report = world.import_file(*map(delivered, range(1, 6)))
    assert (report.tokens, report.held, report.short_seeds, report.warnings) == (5, (), 0, ())
    assert all(isinstance(world.stored(number).token, InStock) for number in range(1, 6))


def test_a_token_begins_where_the_file_says_under_a_seal_that_holds(world: World) -> None:
    world.import_file(delivered(1))
    stored = world.stored()
    world.keys.check(stored)
    assert (stored.token.progress, stored.revision) == (delivered(1).token.progress, 0)


def test_a_batch_says_where_it_came_from(world: World) -> None:
    batch = world.import_file(delivered(1)).batch
    assert batch is not None
    assert (batch.name, batch.source.file_name, batch.tier) == ("B-0001", "maker.xml", Tier.NARROW)
    assert (batch.imported_at, batch.imported_by, batch.tokens, batch.held) == (
        NOON,
        "ingrid",
        1,
        0,
    )


def test_an_import_is_one_event_that_names_file_hash_and_counts(world: World) -> None:
    world.import_file(delivered(1), delivered(2))
    (event,) = world.events(EventKind.BATCH_IMPORTED)
    source = world.inbox["maker.xml"].source
    assert (event.batch, event.actor) == ("B-0001", "ingrid")
    assert event.detail == (
        f"2 tokens, 0 held already; maker.xml, SHA-256 {source.sha256.hex()}; PSKC, AES; tier B"
    )


def test_nothing_is_left_staged_after_an_import(world: World) -> None:
    world.import_file(delivered(1))
    assert world.vault.staged == []


def test_the_file_s_warnings_are_reported(world: World) -> None:
    path = world.deliver([delivered(1)])
    world.inbox["maker.xml"].warnings = ["few iterations (1)"]
    report = world.importer(path, NO_KEY, "ingrid", Watcher())
    assert report.warnings == ("few iterations (1)",)


def test_who_watches_sees_the_file_and_each_thousand_tokens(world: World) -> None:
    watcher = Watcher()
    path = world.deliver(list(map(delivered, range(1, 2_502))))
    world.importer(path, NO_KEY, "ingrid", watcher)
    assert watcher.files == [world.inbox["maker.xml"]]
    assert watcher.progress == [(1_000, 100_000), (2_000, 200_000), (2_501, 250_100)]


@pytest.mark.parametrize(("octets", "short"), [(16, 1), (19, 1), (20, 0), (32, 0)])
def test_seeds_under_160_bits_are_counted(world: World, octets: int, short: int) -> None:
    report = world.import_file(delivered(1, seed=seed_of(1, octets)), delivered(2))
    assert (report.short_seeds, report.tokens) == (short, 2)


def test_a_seed_under_128_bits_refuses_the_file(world: World) -> None:
    with pytest.raises(FileRefused, match="128 bits"):
        world.import_file(delivered(1), delivered(2, seed=seed_of(2, 15)))
    assert nothing_visible(world)


def test_a_token_that_is_held_already_is_skipped_and_named(world: World) -> None:
    world.import_file(delivered(1), name="first.xml")
    before = world.stored()
    report = world.import_file(delivered(1), delivered(2), name="second.xml")
    assert (report.tokens, report.held, report.held_count) == (1, (serial(1),), 1)
    assert report.batch is not None
    assert (report.batch.held, world.stored()) == (1, before)


def test_a_file_of_which_all_is_held_makes_no_batch(world: World) -> None:
    world.import_file(delivered(1), name="first.xml")
    report = world.import_file(delivered(1), name="second.xml")
    assert (report.batch, report.tokens, len(report.held)) == (None, 0, 1)
    assert (world.vault.counts().batches, world.vault.staged) == (1, [])


def test_a_file_of_which_all_is_held_is_on_record(world: World) -> None:
    world.import_file(delivered(1), delivered(2), name="first.xml")
    world.import_file(delivered(1), delivered(2), name="second.xml")
    (event,) = world.events(EventKind.BATCH_UNCHANGED)
    assert event.detail is not None
    assert event.detail.startswith("nothing new: 2 tokens are held already; second.xml, SHA-256 ")


def test_a_dry_run_of_which_all_is_held_leaves_no_event(world: World) -> None:
    world.import_file(delivered(1), name="first.xml")
    world.import_file(delivered(1), name="second.xml", dry_run=True)
    assert world.events(EventKind.BATCH_UNCHANGED) == []


def test_all_held_tokens_are_counted_and_ten_are_named(world: World) -> None:
    tokens = list(map(delivered, range(1, 13)))
    world.import_file(*tokens, name="first.xml")
    report = world.import_file(*tokens, name="second.xml")
    assert report.held_count == 12
    assert report.held == tuple(map(serial, range(1, 11)))


def test_a_held_token_that_stands_twice_in_a_file_refuses_it(world: World) -> None:
    world.import_file(delivered(1), name="first.xml")
    again = replace(delivered(1), line=3)
    with pytest.raises(FileRefused, match="lines 1 and 3"):
        world.import_file(delivered(1), again, name="second.xml")


def test_a_key_that_is_about_to_be_asked_for_is_no_refusal(world: World) -> None:
    needed = KeyNeeded("a key is needed", passphrase=False, unchanged="", remedy="")
    with pytest.raises(KeyNeeded):
        world.import_file(needed)
    assert world.vault.counts().events == 0


def test_an_empty_file_makes_no_batch(world: World) -> None:
    assert world.import_file().batch is None


def test_a_serial_held_with_another_seed_is_a_conflict(world: World) -> None:
    world.import_file(delivered(1), name="first.xml")
    before = world.stored()
    with pytest.raises(Conflict, match=f"{serial(1)} .line 1. is held with another seed"):
        world.import_file(delivered(2), delivered(1, seed=seed_of(99)), name="second.xml")
    assert world.stored() == before
    assert (world.vault.token(serial(2)), world.vault.staged) == (None, [])


def test_a_seed_held_under_another_serial_is_a_conflict(world: World) -> None:
    world.import_file(delivered(1), name="first.xml")
    with pytest.raises(Conflict, match=f"{serial(2)} .line 2. has the seed of {serial(1)}"):
        world.import_file(delivered(2, seed=seed_of(1)), name="second.xml")
    assert (world.vault.token(serial(2)), world.vault.staged) == (None, [])


def twelve_conflicts(world: World) -> str:
    world.import_file(*map(delivered, range(1, 13)), name="first.xml")
    others = [delivered(number, seed=seed_of(100 + number)) for number in range(1, 13)]
    with pytest.raises(Conflict) as conflict:
        world.import_file(*others, name="second.xml")
    return conflict.value.what


def test_all_conflicts_are_counted_and_ten_are_named(world: World) -> None:
    what = twelve_conflicts(world)
    assert what.startswith("this file contradicts the vault in 12 places")
    assert what.endswith("and 2 more")
    assert what.count("is held with another seed") == 10


def test_a_conflict_is_on_record_under_the_file_s_name(world: World) -> None:
    twelve_conflicts(world)
    (event,) = world.events(EventKind.BATCH_REFUSED)
    assert event.detail is not None
    assert event.detail.startswith("second.xml: this file contradicts the vault in 12 places")


def test_a_file_that_breaks_at_its_end_leaves_nothing_and_is_on_record(world: World) -> None:
    broken = FileRefused("maker.xml, line 1501: a wrong value MAC")
    with pytest.raises(FileRefused):
        world.import_file(*map(delivered, range(1, 1_501)), broken)
    (event,) = world.events(EventKind.BATCH_REFUSED)
    assert nothing_visible(world)
    assert event.detail == "maker.xml: maker.xml, line 1501: a wrong value MAC"


def test_a_file_that_does_not_open_is_on_record(world: World) -> None:
    path = world.deliver([]).with_name("other.xml")
    with pytest.raises(FileRefused):
        world.importer(path, NO_KEY, "ingrid", Watcher())
    assert len(world.events(EventKind.BATCH_REFUSED)) == 1


@pytest.mark.parametrize(
    "second", [delivered(1, seed=seed_of(2)), delivered(2, seed=seed_of(1))], ids=["serial", "seed"]
)
def test_a_serial_or_seed_that_stands_twice_in_a_file_refuses_it(
    world: World, second: Delivered
) -> None:
    third = replace(second, line=3)
    with pytest.raises(FileRefused, match="lines 1 and 3"):
        world.import_file(delivered(1), third)
    assert nothing_visible(world)


def test_a_dry_run_does_everything_but_publish(world: World) -> None:
    report = world.import_file(delivered(1), delivered(2), dry_run=True)
    assert (report.batch, report.tokens) == (None, 2)
    assert nothing_visible(world)
    assert world.vault.counts().events == 0


def test_a_dry_run_of_a_bad_file_raises_and_leaves_no_event(world: World) -> None:
    with pytest.raises(FileRefused):
        world.import_file(delivered(1), FileRefused("broken"), dry_run=True)
    assert nothing_visible(world)
    assert world.vault.counts().events == 0


def test_an_interrupted_import_leaves_nothing(world: World) -> None:
    with pytest.raises(KeyboardInterrupt):
        world.import_file(*map(delivered, range(1, 1_200)), KeyboardInterrupt())
    assert nothing_visible(world)
    assert world.vault.counts().events == 0


def test_after_an_interruption_the_same_file_can_be_imported(world: World) -> None:
    with pytest.raises(KeyboardInterrupt):
        world.import_file(delivered(1), KeyboardInterrupt())
    assert world.import_file(delivered(1), delivered(2)).tokens == 2


def test_a_full_disk_is_raised_as_it_is_and_nothing_is_visible(world: World) -> None:
    path = world.deliver([delivered(1)])
    world.vault.full = True
    with pytest.raises(StorageUnavailable, match="disk is full"):
        world.importer(path, NO_KEY, "ingrid", Watcher())
    assert world.vault.counts().in_stock == 0


def test_what_a_full_disk_left_goes_with_the_next_import_of_the_file(world: World) -> None:
    path = world.deliver([delivered(1)])
    world.vault.full = True
    with pytest.raises(StorageUnavailable):
        world.importer(path, NO_KEY, "ingrid", Watcher())
    world.vault.full = False
    world.importer(path, NO_KEY, "ingrid", Watcher())
    assert (world.vault.counts().in_stock, world.vault.staged) == (1, [])


def test_an_hsm_that_is_away_leaves_nothing_and_blames_no_file(world: World) -> None:
    world.keys.unplugged = True
    with pytest.raises(HsmUnavailable):
        world.import_file(delivered(1))
    assert nothing_visible(world)
    assert world.events(EventKind.BATCH_REFUSED) == []


class Rival(Watcher):
    """Imports another file with the same token while this one is being read."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def advanced(self, tokens: int, octets: int) -> None:
        self.world.import_file(delivered(1), name="rival.xml")


def test_a_token_that_came_in_meanwhile_is_a_conflict_and_on_record(world: World) -> None:
    path = world.deliver([delivered(1), delivered(2)])
    with pytest.raises(Conflict, match="meanwhile"):
        world.importer(path, NO_KEY, "ingrid", Rival(world))
    assert (world.vault.counts().in_stock, world.vault.staged) == (1, [])
    assert len(world.events(EventKind.BATCH_REFUSED)) == 1


class Twin(Watcher):
    """Tries the same file again while it is being imported."""

    def __init__(self, world: World, *, dry_run: bool) -> None:
        super().__init__()
        self.world, self.dry_run = world, dry_run

    def advanced(self, tokens: int, octets: int) -> None:
        path = Path("inbox", "maker.xml")
        self.world.importer(path, NO_KEY, "iris", Watcher(), Terms(dry_run=self.dry_run))


def test_a_second_import_of_a_file_under_way_is_refused(world: World) -> None:
    with pytest.raises(Conflict, match="is being imported already"):
        world.importer(world.deliver([delivered(1)]), NO_KEY, "ingrid", Twin(world, dry_run=False))


def test_a_dry_run_of_a_file_under_way_disturbs_nothing(world: World) -> None:
    path = world.deliver([delivered(1)])
    assert world.importer(path, NO_KEY, "ingrid", Twin(world, dry_run=True)).tokens == 1
    assert world.vault.counts().in_stock == 1


def test_a_batch_of_seeds_that_stayed_inside_says_so(world: World) -> None:
    world.keys.import_tier = Tier.INSIDE
    batch = world.import_file(delivered(1), delivered(2)).batch
    assert batch is not None
    assert batch.tier is Tier.INSIDE
    (event,) = world.events(EventKind.BATCH_IMPORTED)
    assert (event.detail or "").endswith("tier A")


def test_one_seed_that_could_not_stay_inside_makes_the_batch_tier_b(world: World) -> None:
    world.keys.import_tier, world.keys.worst_from = Tier.INSIDE, 3
    batch = world.import_file(*map(delivered, range(1, 4))).batch
    assert batch is not None
    assert batch.tier is Tier.NARROW
    (event,) = world.events(EventKind.BATCH_IMPORTED)
    assert (event.detail or "").endswith("tier B")
