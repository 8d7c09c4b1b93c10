"""Under `require_fips` a file is refused as a whole, before a seed of it is taken over."""

from dataclasses import replace

import pytest

from seedvault.domain.audit import EventKind
from seedvault.domain.errors import FileRefused, NotAllowed
from seedvault.domain.fips import ModuleWords, Protected, Stretching
from seedvault.service.fips import CarefulTaker, refuse_module
from seedvault.service.import_batch import ImportBatch, ImportReport
from seedvault.service.inspect import Findings, InspectFile
from seedvault.service.ports import TakenSeed
from seedvault.service.seed_files import DeliveredSeed, SeedFileKey, Terms
from tests.support.fake_files import FakeIntake
from tests.support.tokens import device, new_token
from tests.unit.seedvault.service.world import NO_KEY, Watcher, World, delivered

WEAK = Protected("3DES-CBC", "HMAC-SHA1", Stretching("PBKDF2", 10, 8, 24))
STRONG = Protected("AES-128-CBC", "HMAC-SHA1")


def _import(
    world: World, protected: Protected, terms: Terms | None = None, key: SeedFileKey = NO_KEY
) -> ImportReport:
    path = world.deliver([delivered(1)])
    world.inbox[path.name] = replace(world.inbox[path.name], protected=protected)
    intake = FakeIntake(world.inbox)
    importer = ImportBatch(world.vault, world.keys, intake, world.clock, require_fips=True)
    return importer(path, key, "ingrid", Watcher(), terms or Terms())


def _inspect(world: World, protected: Protected) -> Findings:
    path = world.deliver([delivered(1)])
    world.inbox[path.name] = replace(world.inbox[path.name], protected=protected)
    intake = FakeIntake(world.inbox)
    inspect = InspectFile(world.vault, world.keys, intake, world.clock, require_fips=True)
    return inspect(path, NO_KEY, Terms(), "iris")


def test_an_approved_file_comes_in(world: World) -> None:
    assert _import(world, STRONG).tokens == 1


def test_a_file_is_refused_for_everything_at_once_and_on_record(world: World) -> None:
    with pytest.raises(FileRefused) as refused:
        _import(world, WEAK)

    said = refused.value.what
    assert all(word in said for word in ("3DES", "10 iterations", "salt of 64 bit", "SP 800-132"))
    (event,) = world.events(EventKind.BATCH_REFUSED)
    assert event.detail is not None
    assert "3DES" in event.detail
    assert world.vault.staged == []


def test_what_the_module_lacks_is_refused(world: World) -> None:
    with pytest.raises(FileRefused, match="does not undo the file's cipher"):
        _import(world, Protected("AES-256-KW"))


def test_copies_for_export_are_refused(world: World) -> None:
    with pytest.raises(FileRefused, match="IV made outside"):
        _import(world, STRONG, Terms(exportable=True))


def test_a_container_that_is_opened_here_is_refused(world: World) -> None:
    with pytest.raises(FileRefused, match="zip or PGP"):
        _import(world, STRONG, key=SeedFileKey(container_passphrase="secret"))


def test_without_require_fips_all_of_it_comes_in(world: World) -> None:
    assert world.import_file(delivered(1)).tokens == 1


def test_inspecting_tells_beforehand_and_reads_on(world: World) -> None:
    found = _inspect(world, WEAK)

    assert [word.split()[0] for word in found.unapproved] == ["3DES", "PBKDF2", "PBKDF2"]
    assert (found.records, found.is_welcome) == (1, False)


def test_inspecting_an_approved_file_finds_nothing(world: World) -> None:
    found = _inspect(world, STRONG)

    assert (found.unapproved, found.is_welcome) == ((), True)


class _ShortSeeds:
    """The `SeedTaker` port, as it takes 80 bit with --allow-short."""

    def take(self, seed: DeliveredSeed, device: object) -> TakenSeed:
        taken = new_token(1).taken
        return replace(taken, wrapped=replace(taken.wrapped, length=10))


def test_a_seed_of_80_bit_is_refused_by_its_serial() -> None:
    with pytest.raises(FileRefused, match=r"GALT10000001 .* 80 bit .*section 10"):
        CarefulTaker(_ShortSeeds()).take(DeliveredSeed(b""), device(1))


def test_a_module_in_software_is_not_allowed() -> None:
    with pytest.raises(NotAllowed, match="SoftHSM keeps keys in software"):
        refuse_module(ModuleWords("SoftHSM", is_software=True, says_fips=False))
