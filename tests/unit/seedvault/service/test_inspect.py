"""Inspecting a file tells all that an import would meet, and changes nothing."""

from dataclasses import replace

from seedvault.domain.errors import FileRefused
from seedvault.domain.oath import KeptParameters
from seedvault.domain.token import InStock, Progress, Quarantined
from seedvault.service.inspect import Findings, InspectFile
from seedvault.service.seed_files import Delivered, DeliveredSeed, RefusedRecord, Terms
from tests.support.fake_files import FakeIntake
from tests.support.tokens import HOTP, NOON, TOTP, device
from tests.unit.seedvault.service.world import NO_KEY, World, delivered, seed_of

BAD = RefusedRecord("GALT666", 7, "the value MAC is wrong")


def inspected(world: World, *records: Delivered | RefusedRecord | BaseException) -> Findings:
    inspect = InspectFile(world.vault, world.keys, FakeIntake(world.inbox), world.clock)
    return inspect(world.deliver(records), NO_KEY, Terms(), "iris")


def test_new_held_and_contrary_records_are_told_apart(world: World) -> None:
    world.import_file(delivered(1), delivered(2), name="first.xml")
    found = inspected(world, delivered(1), delivered(2, seed=seed_of(9)), delivered(3))
    assert (found.records, found.new, found.held, found.contrary_count) == (3, 1, 1, 1)
    assert "is held with another seed" in found.contrary[0]


def test_nothing_is_changed(world: World) -> None:
    before = world.vault.counts()
    inspected(world, delivered(1), BAD)
    assert (world.vault.counts(), world.vault.staged) == (before, [])


def test_a_refused_record_is_named(world: World) -> None:
    found = inspected(world, BAD, delivered(1))
    assert (found.refused_count, found.refused, found.new) == (1, [BAD], 1)


def test_of_many_refused_records_ten_are_named(world: World) -> None:
    found = inspected(world, *[BAD] * 12)
    assert (found.refused_count, len(found.refused)) == (12, 10)


def test_of_many_contrary_records_ten_are_named(world: World) -> None:
    world.import_file(*map(delivered, range(1, 13)), name="first.xml")
    found = inspected(world, *(delivered(n, seed=seed_of(n + 50)) for n in range(1, 13)))
    assert (found.contrary_count, len(found.contrary)) == (12, 10)


def test_makers_models_and_ways_to_compute_are_counted(world: World) -> None:
    found = inspected(world, delivered(1), delivered(2), delivered(3, HOTP))
    assert found.makers == {"Thales": 3}
    assert found.models == {"OTP 110": 3}
    assert found.computing == {TOTP: 2, HOTP: 1}
    assert found.seed_octets == {20: 3}


def test_the_range_of_expiry_dates_is_told(world: World) -> None:
    late = device(2)
    token = InStock(replace(late, not_after=NOON.replace(year=2040)), Progress(0, NOON))
    endless = InStock(replace(device(3), not_after=None), Progress(0, NOON))
    records = (
        Delivered(token, DeliveredSeed(seed_of(2)), 2),
        Delivered(endless, DeliveredSeed(seed_of(3)), 3),
    )
    found = inspected(world, delivered(1), *records)
    assert (found.first_expiry, found.last_expiry) == (
        NOON.replace(year=2029),
        NOON.replace(year=2040),
    )


def test_keys_in_quarantine_are_counted_by_their_reason(world: World) -> None:
    kept = Quarantined(device(1, KeptParameters("yubico", "vv")), Progress(0, NOON), "no Yubico")
    found = inspected(world, Delivered(kept, DeliveredSeed(seed_of(1)), 1))
    assert found.quarantined == {"no Yubico": 1}


def test_users_that_the_file_names_are_counted(world: World) -> None:
    found = inspected(world, replace(delivered(1), user="alice"), delivered(2))
    assert found.users == 1


def test_what_refuses_the_whole_file_is_told_beside_what_was_read(world: World) -> None:
    found = inspected(world, *map(delivered, range(1, 1_001)), FileRefused("cut off"))
    assert (found.refusal, found.records, found.is_welcome) == ("cut off", 1_000, False)


def test_a_serial_that_stands_twice_would_refuse_the_file(world: World) -> None:
    found = inspected(world, delivered(1), delivered(1, seed=seed_of(2)))
    assert "stands twice" in (found.refusal or "")


def test_a_file_of_which_all_would_come_in_is_welcome(world: World) -> None:
    assert inspected(world, delivered(1)).is_welcome
    assert not inspected(world, delivered(1), BAD).is_welcome


def test_a_held_token_that_would_compute_otherwise_is_in_conflict(world: World) -> None:
    world.import_file(delivered(1), name="first.xml")
    found = inspected(world, delivered(1, HOTP))
    assert (found.held, found.contrary_count) == (0, 1)
    assert "computes otherwise" in found.contrary[0]
