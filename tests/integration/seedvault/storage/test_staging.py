"""A batch becomes visible all at once, or nothing of it ever does."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.batch import Source, Tier
from seedvault.domain.errors import Conflict, FileRefused
from seedvault.domain.token import InStock
from seedvault.service.ports import EventFilter, NewToken, TokenFilter
from seedvault.storage import SqlVault, open_vault
from seedvault.storage.staging import SqlStaging
from tests.support.tokens import HOTP, NOON, new_token, serial, with_seed_of
from tests.support.vaults import SOURCE, held_token, import_tokens, make_vault, reopen, url

OTHER = replace(SOURCE, file_name="other.pskcxml", sha256=b"o" * 32)
IMPORTED = AuditEvent(EventKind.BATCH_IMPORTED, NOON, "ingrid", detail="2 tokens")


def stage(vault: SqlVault, source: Source = SOURCE) -> SqlStaging:
    return vault.stage(source, Tier.NARROW, "ingrid", NOON)


def numbered(*tokens: NewToken) -> list[tuple[NewToken, int]]:
    return [(token, line) for line, token in enumerate(tokens, 10)]


def publish(vault: SqlVault, staging: SqlStaging, source: Source = SOURCE) -> None:
    with vault.transaction() as transaction:
        transaction.publish(staging, source, 3, IMPORTED)


def staged_rows(folder: Path) -> int:
    connection = sqlite3.connect(folder / "vault.db")
    (rows,) = connection.execute("SELECT count(*) FROM staged_token").fetchone()
    connection.close()
    return int(rows)


def test_what_is_staged_is_not_visible(vault: SqlVault) -> None:
    before = vault.counts()
    stage(vault).add(numbered(new_token(1)))
    assert vault.counts() == before
    assert vault.token(serial(1)) is None
    assert vault.held([serial(1)], [new_token(1).taken.fingerprint]) == []
    assert vault.listed(TokenFilter()) == []


@pytest.mark.parametrize("new", [new_token(1), new_token(2, HOTP)])
def test_a_published_token_is_what_was_staged(vault: SqlVault, new: NewToken) -> None:
    import_tokens(vault, [new])
    stored = held_token(vault, new.device.serial)
    assert stored.token == InStock(new.device, new.progress)
    assert stored.token.device.serial.verbatim == new.device.serial.verbatim
    assert (stored.wrapped, stored.seal) == (new.taken.wrapped, new.seal)
    assert (stored.revision, stored.version) == (0, 0)


def test_a_published_batch_says_where_its_tokens_came_from(vault: SqlVault) -> None:
    staging = stage(vault)
    staging.add(numbered(new_token(1), new_token(2)))
    with vault.transaction() as transaction:
        batch = transaction.publish(staging, SOURCE, 3, IMPORTED)
    assert (batch.number, batch.source, batch.tier) == (1, SOURCE, Tier.NARROW)
    assert (batch.imported_at, batch.imported_by) == (NOON, "ingrid")
    assert (batch.tokens, batch.held) == (2, 3)
    assert vault.batch(1) == batch
    assert vault.batches() == [batch]


def test_the_event_of_an_import_names_its_batch(vault: SqlVault) -> None:
    batch = import_tokens(vault, [new_token(1)])
    (logged,) = vault.events(EventFilter(kind=EventKind.BATCH_IMPORTED))
    assert logged.event.batch == batch.name == "B-0001"


def test_publishing_sweeps_nothing_that_another_import_staged(
    vault: SqlVault, tmp_path: Path
) -> None:
    other = stage(vault, OTHER)
    other.add(numbered(new_token(7), new_token(8)))
    import_tokens(vault, [new_token(1)])
    assert staged_rows(tmp_path) == 2
    publish(vault, other, OTHER)
    assert vault.token(serial(8)) is not None


def test_discarding_leaves_nothing(vault: SqlVault, tmp_path: Path) -> None:
    staging = stage(vault)
    staging.add(numbered(new_token(1)))
    staging.discard()
    staging.discard()
    assert staged_rows(tmp_path) == 0


def test_what_is_discarded_is_not_published(vault: SqlVault) -> None:
    staging = stage(vault)
    staging.add(numbered(new_token(1)))
    staging.discard()
    with pytest.raises(Conflict, match="took this one's place"):
        publish(vault, staging)
    assert vault.batches() == []


def test_a_broken_off_publication_is_repeated_whole(vault: SqlVault) -> None:
    staging = stage(vault)
    staging.add(numbered(new_token(1)))
    unspeakable = replace(IMPORTED, detail="\ud800")  # cannot be encoded: the chain refuses it
    with pytest.raises(UnicodeEncodeError), vault.transaction() as transaction:
        transaction.publish(staging, SOURCE, 0, unspeakable)
    assert vault.token(serial(1)) is None
    publish(vault, staging)
    assert vault.token(serial(1)) is not None


def test_staging_of_another_kind_is_a_bug(vault: SqlVault) -> None:
    class Elsewhere:
        def add(self, tokens: object) -> None: ...
        def discard(self) -> None: ...

    with vault.transaction() as transaction, pytest.raises(TypeError):
        transaction.publish(Elsewhere(), SOURCE, 0, IMPORTED)


@pytest.mark.parametrize("chunks", [1, 2])
def test_a_serial_that_stands_twice_is_refused_with_both_lines(
    vault: SqlVault, chunks: int
) -> None:
    staging = stage(vault)
    tokens = numbered(new_token(1), replace(new_token(2), device=new_token(1).device))
    with pytest.raises(FileRefused, match=r"serial GALT10000001 .* \(lines 10 and 11\)"):
        _add_in(chunks, staging, tokens)


@pytest.mark.parametrize("chunks", [1, 2])
def test_a_seed_that_stands_twice_is_refused_with_both_serials_and_never_shown(
    vault: SqlVault, chunks: int
) -> None:
    staging = stage(vault)
    twin = with_seed_of(new_token(2), new_token(1))
    expected = r"GALT10000001 and GALT10000002 have the same seed \(lines 10 and 11\)"
    with pytest.raises(FileRefused, match=expected) as refused:
        _add_in(chunks, staging, numbered(new_token(1), twin))
    assert twin.taken.fingerprint.hex() not in str(refused.value)


def _add_in(chunks: int, staging: SqlStaging, tokens: list[tuple[NewToken, int]]) -> None:
    size = len(tokens) // chunks
    for first in range(0, len(tokens), size):
        staging.add(tokens[first : first + size])


def test_a_refused_chunk_leaves_the_chunks_before_it(vault: SqlVault, tmp_path: Path) -> None:
    staging = stage(vault)
    staging.add(numbered(new_token(1), new_token(2)))
    with pytest.raises(FileRefused):
        staging.add(numbered(new_token(3), new_token(1)))
    assert staged_rows(tmp_path) == 2


def test_a_clash_whose_other_half_was_swept_meanwhile_is_a_takeover(vault: SqlVault) -> None:
    staging = stage(vault)
    assert isinstance(staging._twice([]), Conflict)


def test_two_files_may_stage_the_same_token(vault: SqlVault) -> None:
    stage(vault).add(numbered(new_token(1)))
    stage(vault, OTHER).add(numbered(new_token(1)))


@pytest.mark.parametrize(
    "held",
    [replace(new_token(9), device=new_token(2).device), with_seed_of(new_token(9), new_token(2))],
)
def test_a_token_held_meanwhile_is_named_and_nothing_is_published(
    vault: SqlVault, held: NewToken
) -> None:
    staging = stage(vault)
    staging.add(numbered(new_token(1), new_token(2)))
    import_tokens(vault, [held], OTHER)
    before = vault.counts()
    with pytest.raises(Conflict, match="GALT10000002") as conflict:
        publish(vault, staging)
    assert "GALT10000001" not in str(conflict.value)
    assert vault.counts() == before


def test_a_later_import_of_the_same_file_takes_over(vault: SqlVault, tmp_path: Path) -> None:
    earlier = stage(vault)
    earlier.add(numbered(new_token(1)))
    later = stage(vault)
    later.add(numbered(new_token(1)))
    with pytest.raises(Conflict, match=r"another import of thales\.pskcxml took"):
        earlier.add(numbered(new_token(2)))
    assert staged_rows(tmp_path) == 1


def test_an_import_that_was_taken_over_discards_nothing_of_the_later_one(vault: SqlVault) -> None:
    earlier = stage(vault)
    later = stage(vault)
    later.add(numbered(new_token(1)))
    earlier.discard()
    publish(vault, later)
    assert vault.token(serial(1)) is not None


def test_an_import_that_was_taken_over_does_not_publish(vault: SqlVault) -> None:
    earlier = stage(vault)
    stage(vault)
    with pytest.raises(Conflict):
        publish(vault, earlier)
    assert vault.batches() == []


class TestAnHourLater:
    """Imports that stand still are removed by whichever comes next."""

    now: datetime

    @pytest.fixture
    def ticking(self, tmp_path: Path) -> Iterator[SqlVault]:
        make_vault(tmp_path).close()
        self.now = NOON
        vault = open_vault(url(tmp_path), lambda: self.now)
        yield vault
        vault.close()

    def test_an_abandoned_import_is_swept(self, ticking: SqlVault, tmp_path: Path) -> None:
        stage(ticking).add(numbered(new_token(1)))
        self.now = NOON + timedelta(hours=1, seconds=1)
        stage(ticking, OTHER)
        assert staged_rows(tmp_path) == 0

    def test_an_import_that_goes_on_is_left_alone(self, ticking: SqlVault, tmp_path: Path) -> None:
        staging = stage(ticking)
        self.now = NOON + timedelta(minutes=50)
        staging.add(numbered(new_token(1)))
        self.now = NOON + timedelta(minutes=100)
        stage(ticking, OTHER)
        staging.add(numbered(new_token(2)))
        assert staged_rows(tmp_path) == 2

    def test_only_the_abandoned_one_of_two_is_swept(
        self, ticking: SqlVault, tmp_path: Path
    ) -> None:
        stage(ticking).add(numbered(new_token(1), new_token(2)))
        self.now = NOON + timedelta(minutes=50)
        stage(ticking, OTHER).add(numbered(new_token(3)))
        self.now = NOON + timedelta(minutes=70)
        stage(ticking, replace(SOURCE, sha256=b"3" * 32))
        assert staged_rows(tmp_path) == 1


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
    tmp_path: Path, delay_s: float
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
