"""A batch becomes visible all at once, or nothing of it ever does."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy import func, select

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.batch import Source, Tier
from seedvault.domain.errors import Conflict, FileRefused, StorageUnavailable
from seedvault.service.ports import Arrival, EventFilter, NewToken, TokenFilter
from seedvault.storage import SqlVault, open_vault
from seedvault.storage.address import database_at
from seedvault.storage.staging import SqlStaging
from seedvault.storage.tables import STAGED_TOKEN
from tests.integration.seedvault.storage.conftest import plan
from tests.support.databases import only_sqlite
from tests.support.tokens import HOTP, NOON, new_token, serial, with_seed_of
from tests.support.vaults import SOURCE, held_token, import_tokens, make_vault, reopen, url

OTHER = replace(SOURCE, file_name="other.pskcxml", sha256=b"o" * 32)
IMPORTED = AuditEvent(EventKind.BATCH_IMPORTED, NOON, "ingrid", detail="2 tokens")


class Stage(Protocol):
    """Begins an import that ends with the test at the latest."""

    def __call__(
        self, vault: SqlVault, source: Source = SOURCE, *, dry_run: bool = False
    ) -> SqlStaging: ...


@pytest.fixture
def elsewhere(vault: SqlVault, tmp_path: Path) -> Iterator[SqlVault]:
    """The same vault, as another process would open it."""
    other = reopen(tmp_path)
    yield other
    other.close()


@pytest.fixture
def stage(elsewhere: SqlVault) -> Iterator[Stage]:
    with ExitStack() as ending:

        def begin(vault: SqlVault, source: Source = SOURCE, *, dry_run: bool = False) -> SqlStaging:
            staging = vault.stage(source, Tier.NARROW, "ingrid", NOON, dry_run=dry_run)
            ending.callback(staging.discard)
            return staging

        yield begin


def numbered(*tokens: NewToken, held: bool = False) -> list[Arrival]:
    return [Arrival(token, line, held) for line, token in enumerate(tokens, 10)]


def staged_rows(folder: Path) -> int:
    with closing(database_at(url(folder))) as database:
        found = select(func.count()).select_from(STAGED_TOKEN)
        return int(database.sql.execute(found).scalar_one())


def test_what_is_staged_is_not_visible(stage: Stage, vault: SqlVault) -> None:
    before = vault.counts()
    stage(vault).add(numbered(new_token(1)))
    assert vault.counts() == before
    assert vault.token(serial(1)) is None
    assert vault.held([serial(1)], [new_token(1).taken.fingerprint.octets]) == []
    assert vault.listed(TokenFilter()) == []


@pytest.mark.parametrize("new", [new_token(1), new_token(2, HOTP)])
def test_a_published_token_is_what_was_staged(vault: SqlVault, new: NewToken) -> None:
    import_tokens(vault, [new])
    stored = held_token(vault, new.token.device.serial)
    assert stored.token == new.token
    assert stored.token.device.serial.verbatim == new.token.device.serial.verbatim
    assert (stored.wrapped, stored.seal) == (new.taken.wrapped, new.seal)
    assert (stored.revision, stored.version) == (0, 0)


def test_a_published_batch_says_where_its_tokens_came_from(stage: Stage, vault: SqlVault) -> None:
    staging = stage(vault)
    staging.add(numbered(new_token(1), new_token(2)))
    staging.add(numbered(new_token(3), held=True))
    batch = staging.publish(IMPORTED)
    assert (batch.number, batch.source, batch.tier) == (1, SOURCE, Tier.NARROW)
    assert (batch.imported_at, batch.imported_by) == (NOON, "ingrid")
    assert (batch.tokens, batch.held) == (2, 1)
    assert vault.token(serial(3)) is None
    assert vault.batch(1) == batch
    assert vault.batches() == [batch]


@only_sqlite
def test_staged_tokens_are_published_in_the_order_they_stand_in(
    stage: Stage, vault: SqlVault
) -> None:
    # Through an index and a sort, which took most of the time, logins waited twice as long.
    staging = stage(vault)
    assert plan(vault, staging._copied_into(1)) == ["SCAN staged_token"]


def test_the_event_of_an_import_names_its_batch(vault: SqlVault) -> None:
    batch = import_tokens(vault, [new_token(1)])
    (logged,) = vault.events(EventFilter(kind=EventKind.BATCH_IMPORTED))
    assert logged.event.batch == batch.name == "B-0001"


def test_publishing_sweeps_nothing_that_another_import_staged(
    stage: Stage, vault: SqlVault, tmp_path: Path
) -> None:
    other = stage(vault, OTHER)
    other.add(numbered(new_token(7), new_token(8)))
    import_tokens(vault, [new_token(1)])
    assert staged_rows(tmp_path) == 2
    other.publish(IMPORTED)
    assert vault.token(serial(8)) is not None


def test_discarding_leaves_nothing(stage: Stage, vault: SqlVault, tmp_path: Path) -> None:
    staging = stage(vault)
    staging.add(numbered(new_token(1)))
    staging.discard()
    staging.discard()
    assert staged_rows(tmp_path) == 0


def test_what_is_discarded_is_not_published(stage: Stage, vault: SqlVault) -> None:
    staging = stage(vault)
    staging.add(numbered(new_token(1)))
    staging.discard()
    with pytest.raises(Conflict, match="was ended by another"):
        staging.publish(IMPORTED)
    assert vault.batches() == []


def test_a_broken_off_publication_is_repeated_whole(stage: Stage, vault: SqlVault) -> None:
    staging = stage(vault)
    staging.add(numbered(new_token(1)))
    unspeakable = replace(IMPORTED, detail="\ud800")  # cannot be encoded: the chain refuses it
    with pytest.raises(UnicodeEncodeError):
        staging.publish(unspeakable)
    assert vault.token(serial(1)) is None
    staging.publish(IMPORTED)
    assert vault.token(serial(1)) is not None


@pytest.mark.parametrize("chunks", [1, 2])
def test_a_serial_that_stands_twice_is_refused_with_both_lines(
    stage: Stage, vault: SqlVault, chunks: int
) -> None:
    staging = stage(vault)
    tokens = numbered(new_token(1), replace(new_token(2), token=new_token(1).token))
    with pytest.raises(FileRefused, match=r"serial GALT10000001 .* \(lines 10 and 11\)"):
        _add_in(chunks, staging, tokens)


@pytest.mark.parametrize("chunks", [1, 2])
def test_a_seed_that_stands_twice_is_refused_with_both_serials_and_never_shown(
    stage: Stage, vault: SqlVault, chunks: int
) -> None:
    staging = stage(vault)
    twin = with_seed_of(new_token(2), new_token(1))
    expected = r"GALT10000001 and GALT10000002 have the same seed \(lines 10 and 11\)"
    with pytest.raises(FileRefused, match=expected) as refused:
        _add_in(chunks, staging, numbered(new_token(1), twin))
    assert twin.taken.fingerprint.octets.hex() not in str(refused.value)


def _add_in(chunks: int, staging: SqlStaging, tokens: list[Arrival]) -> None:
    size = len(tokens) // chunks
    for first in range(0, len(tokens), size):
        staging.add(tokens[first : first + size])


def test_a_refused_chunk_leaves_the_chunks_before_it(
    stage: Stage, vault: SqlVault, tmp_path: Path
) -> None:
    staging = stage(vault)
    staging.add(numbered(new_token(1), new_token(2)))
    with pytest.raises(FileRefused):
        staging.add(numbered(new_token(3), new_token(1)))
    assert staged_rows(tmp_path) == 2


def test_a_clash_whose_other_half_was_swept_meanwhile_is_an_ended_import(
    stage: Stage, vault: SqlVault
) -> None:
    staging = stage(vault)
    assert isinstance(staging._twice([]), Conflict)


def test_two_files_may_stage_the_same_token(stage: Stage, vault: SqlVault) -> None:
    stage(vault).add(numbered(new_token(1)))
    stage(vault, OTHER).add(numbered(new_token(1)))


@pytest.mark.parametrize(
    "held",
    [replace(new_token(9), token=new_token(2).token), with_seed_of(new_token(9), new_token(2))],
)
def test_a_token_held_meanwhile_is_named_and_nothing_is_published(
    stage: Stage, vault: SqlVault, held: NewToken
) -> None:
    staging = stage(vault)
    staging.add(numbered(new_token(1), new_token(2)))
    import_tokens(vault, [held], OTHER)
    before = vault.counts()
    with pytest.raises(Conflict, match="GALT10000002") as conflict:
        staging.publish(IMPORTED)
    assert "GALT10000001" not in str(conflict.value)
    assert vault.counts() == before


def test_a_file_that_is_being_imported_is_refused_to_a_second_import(
    elsewhere: SqlVault, stage: Stage, vault: SqlVault, tmp_path: Path
) -> None:
    first = stage(vault)
    first.add(numbered(new_token(1)))
    with pytest.raises(Conflict, match=r"thales\.pskcxml is being imported already: by ingrid"):
        stage(elsewhere)
    first.publish(IMPORTED)
    assert vault.token(serial(1)) is not None


@pytest.mark.parametrize(
    ("later_s", "told"),
    [
        (-5, "0 s ago"),
        (0, "0 s ago"),
        (119, "119 s ago"),
        (120, "2 min ago"),
        (7_259, "120 min ago"),
    ],
)
def test_an_import_in_the_way_says_how_long_ago_it_began_and_was_active(
    stage: Stage, vault: SqlVault, tmp_path: Path, later_s: int, told: str
) -> None:
    stage(vault).add(numbered(new_token(1)))
    later = open_vault(url(tmp_path), lambda: NOON + timedelta(seconds=later_s))
    with closing(later), pytest.raises(Conflict) as refused:
        stage(later)
    assert refused.value.what.endswith(f", begun {told}, last active {told}")


def test_a_file_can_be_imported_as_soon_as_its_import_has_ended(
    stage: Stage, vault: SqlVault
) -> None:
    for _ in range(2):
        with stage(vault) as staging:
            staging.add(numbered(new_token(1)))


def test_a_dry_run_and_an_import_of_one_file_do_not_end_each_other(
    elsewhere: SqlVault, stage: Stage, vault: SqlVault, tmp_path: Path
) -> None:
    real = stage(vault)
    real.add(numbered(new_token(1)))
    with stage(elsewhere, dry_run=True) as dry, stage(vault, dry_run=True) as another:
        dry.add(numbered(new_token(1)))
        another.add(numbered(new_token(1)))
        real.add(numbered(new_token(2)))
        dry.add(numbered(new_token(2)))
    real.publish(IMPORTED)
    assert vault.counts().in_stock == 2


def test_an_import_whose_claim_is_gone_notices_at_its_next_chunk(
    stage: Stage, vault: SqlVault
) -> None:
    staging = stage(vault)
    staging.discard()
    with pytest.raises(Conflict, match="was ended by another"):
        staging.add(numbered(new_token(1)))


def test_a_dead_import_s_rows_go_with_the_next_import_of_any_file(
    stage: Stage, vault: SqlVault, tmp_path: Path
) -> None:
    living = stage(vault, replace(SOURCE, sha256=b"3" * 32))
    living.add(numbered(new_token(3)))
    dead = stage(vault)
    dead.add(numbered(new_token(1), new_token(2)))
    dead._claim.release()
    with stage(vault, OTHER):
        assert staged_rows(tmp_path) == 1


@only_sqlite
def test_nothing_lies_beside_the_vault_once_imports_have_ended(
    stage: Stage, vault: SqlVault, tmp_path: Path
) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    with stage(vault), stage(vault, OTHER):
        assert len(list(tmp_path.glob("vault.db-import-*"))) == 2
    dead = stage(vault)
    dead._claim._lock._file.close()  # type: ignore[attr-defined]  # SQLite's
    with stage(vault):
        pass
    assert {path.name for path in tmp_path.iterdir()} == before


@only_sqlite
def test_a_lock_that_cannot_be_made_is_a_failure_of_storage_and_leaves_no_claim(
    stage: Stage, vault: SqlVault, tmp_path: Path
) -> None:
    in_the_way = tmp_path / "vault.db-import-1"
    in_the_way.mkdir()
    with pytest.raises(StorageUnavailable, match=r"vault\.db-import-1: .* Is a directory"):
        stage(vault)
    in_the_way.rmdir()
    with stage(vault) as staging:
        staging.publish(IMPORTED)


@only_sqlite
@pytest.mark.parametrize("published", [True, False])
def test_clearing_up_that_fails_changes_nothing_about_the_outcome(
    stage: Stage, vault: SqlVault, tmp_path: Path, published: bool
) -> None:
    with stage(vault) as staging:
        staging.add(numbered(new_token(1)))
        if published:
            staging.publish(IMPORTED)
        vault._database.driver.execute("PRAGMA query_only=ON")
    vault._database.driver.execute("PRAGMA query_only=OFF")
    assert vault.counts().in_stock == published
    assert staged_rows(tmp_path) == 1
    with stage(vault):
        assert staged_rows(tmp_path) == 0


@only_sqlite
def test_after_a_failure_of_storage_the_same_file_can_be_imported_at_once(
    stage: Stage, vault: SqlVault
) -> None:
    staging = stage(vault)
    vault._database.driver.execute("PRAGMA query_only=ON")
    with pytest.raises(StorageUnavailable), staging:
        staging.add(numbered(new_token(1)))
    vault._database.driver.execute("PRAGMA query_only=OFF")
    with stage(vault) as staging:
        staging.add(numbered(new_token(1)))


@pytest.mark.parametrize("chunks", [1, 2])
def test_a_held_token_that_stands_twice_is_refused_with_both_lines(
    stage: Stage, vault: SqlVault, chunks: int
) -> None:
    staging = stage(vault)
    tokens = numbered(new_token(1), new_token(1), held=True)
    with pytest.raises(FileRefused, match=r"lines 10 and 11"):
        _add_in(chunks, staging, tokens)


def test_a_killed_import_leaves_nothing_visible_and_is_simply_repeated(
    vault: SqlVault, tmp_path: Path
) -> None:
    _kill_after_staging("hang", tmp_path, delay_s=0)
    assert staged_rows(tmp_path) == 200
    assert vault.counts().in_stock == 0
    import_tokens(vault, [new_token(number) for number in range(150)])
    assert vault.counts().in_stock == 150
    assert staged_rows(tmp_path) == 0


@pytest.mark.drill
@pytest.mark.parametrize("delay_s", [0, 0.005, 0.01, 0.02, 0.04, 0.08, 0.4])
def test_an_import_killed_while_it_publishes_is_visible_whole_or_not_at_all(
    database: str, tmp_path: Path, delay_s: float
) -> None:
    make_vault(tmp_path).close()
    _kill_after_staging("publish", tmp_path, delay_s)
    vault = reopen(tmp_path)
    assert (vault.counts().in_stock, vault.counts().batches) in {(0, 0), (4_000, 1)}
    if not vault.batches():
        import_tokens(vault, [new_token(number) for number in range(4_000)])
    assert vault.counts().in_stock == 4_000
    vault.close()


def _kill_after_staging(what: str, folder: Path, delay_s: float) -> None:
    command = [sys.executable, "-m", "tests.support.storage_workers", what, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "staged\n"
        time.sleep(delay_s)
        worker.send_signal(signal.SIGKILL)
