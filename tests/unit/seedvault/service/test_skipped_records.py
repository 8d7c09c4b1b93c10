"""On terms that skip bad records the good ones come in, and each of the others is told."""

import pytest

from seedvault.domain.audit import EventKind
from seedvault.domain.errors import Conflict, FileRefused
from seedvault.domain.oath import KeptParameters
from seedvault.domain.token import Progress, Quarantined
from seedvault.service.import_batch import ImportReport
from seedvault.service.seed_files import Delivered, DeliveredSeed, RefusedRecord, Terms
from tests.support.tokens import DAMAGED, NOON, device, serial
from tests.unit.seedvault.service.world import NO_KEY, Watcher, World, delivered, seed_of

SKIPPING = Terms(skip_bad=True)
BAD = RefusedRecord("GALT666", 7, "the value MAC is wrong")


def imported(
    world: World, *records: Delivered | RefusedRecord, terms: Terms = SKIPPING, name: str = "m.xml"
) -> tuple[ImportReport, Watcher]:
    watcher = Watcher()
    path = world.deliver(records, name)
    return world.importer(path, NO_KEY, "ingrid", watcher, terms), watcher


def kept(number: int) -> Delivered:
    parameters = KeptParameters("yubico", "vvcc 010101010101")
    token = Quarantined(device(number, parameters), Progress(0, NOON), "not verified")
    return Delivered(token, DeliveredSeed(seed_of(number)), number)


def test_good_records_come_in_beside_a_refused_one(world: World) -> None:
    report, watcher = imported(world, delivered(1), BAD, delivered(2))
    assert (report.tokens, report.refused, watcher.left_out) == (2, 1, [BAD])
    assert report.batch is not None
    assert report.batch.refused == 1


def test_a_refused_record_is_on_record(world: World) -> None:
    imported(world, delivered(1), BAD)
    (event,) = world.events(EventKind.BATCH_IMPORTED)
    assert event.detail is not None
    assert event.detail.startswith("1 tokens, 0 held already, 1 refused; ")


def test_a_seed_that_cannot_be_taken_over_is_one_refused_record(world: World) -> None:
    short = delivered(2, seed=seed_of(2, 15))
    report, watcher = imported(world, delivered(1), short)
    assert (report.tokens, report.refused) == (1, 1)
    (refused,) = watcher.left_out
    assert (refused.serial, refused.line) == (str(serial(2)), 2)


def test_a_record_that_contradicts_the_vault_is_refused_alone(world: World) -> None:
    imported(world, delivered(1), name="first.xml")
    report, watcher = imported(world, delivered(1, seed=seed_of(9)), delivered(2))
    assert (report.tokens, report.refused) == (1, 1)
    assert "is held with another seed" in watcher.left_out[0].reason


def test_without_such_terms_a_contradiction_refuses_the_file(world: World) -> None:
    imported(world, delivered(1), name="first.xml")
    with pytest.raises(Conflict, match="contradicts the vault"):
        imported(world, delivered(1, seed=seed_of(9)), terms=Terms())


def test_a_serial_that_stands_twice_refuses_the_file_on_any_terms(world: World) -> None:
    with pytest.raises(FileRefused, match="stands twice"):
        imported(world, delivered(1), delivered(1, seed=seed_of(2)))


def test_a_file_of_which_nothing_is_good_makes_no_batch(world: World) -> None:
    report, _ = imported(world, BAD)
    assert (report.batch, report.refused) == (None, 1)


def test_a_key_in_quarantine_is_counted_and_kept(world: World) -> None:
    report, _ = imported(world, delivered(1), kept(2))
    assert (report.tokens, report.quarantined) == (2, 1)
    assert report.batch is not None
    assert report.batch.quarantined == 1
    assert isinstance(world.stored(2).token, Quarantined)


def test_a_user_that_the_file_names_is_proposed_and_nothing_is_assigned(world: World) -> None:
    token = delivered(1)
    named = Delivered(token.token, token.seed, token.line, user="alice")
    report, watcher = imported(world, named)
    assert (report.proposed, watcher.proposals) == (1, [(serial(1), "alice")])
    assert world.vault.counts().bound == 0


def test_a_batch_is_exportable_only_where_the_terms_say_so(world: World) -> None:
    first, _ = imported(world, delivered(1), terms=Terms(exportable=True))
    second, _ = imported(world, delivered(2), name="second.xml")
    assert first.batch is not None
    assert second.batch is not None
    assert (first.batch.exportable, second.batch.exportable) == (True, False)


def damaged(number: int) -> Delivered:
    """A token whose encrypted seed does not decrypt."""
    return delivered(number, seed=DAMAGED)


def test_ten_seeds_of_which_none_decrypts_mean_a_wrong_key(world: World) -> None:
    with pytest.raises(FileRefused, match="do not decrypt: the key given is another file's"):
        imported(world, *map(damaged, range(1, 11)))
    assert world.vault.counts().batches == 0


def test_more_than_one_seed_in_a_hundred_that_does_not_decrypt_means_the_same(
    world: World,
) -> None:
    with pytest.raises(FileRefused, match="10 of the first 510"):
        imported(world, *map(delivered, range(1, 501)), *map(damaged, range(501, 511)))


def test_a_few_seeds_that_do_not_decrypt_are_refused_alone(world: World) -> None:
    report, _ = imported(world, delivered(1), damaged(2), damaged(3))
    assert (report.tokens, report.refused) == (1, 2)
