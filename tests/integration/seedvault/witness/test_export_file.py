"""An exported log is continued from its own end: no gap, nothing twice, and nothing else's."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from seedvault.domain.errors import Conflict, InvalidInput, NotFound, SealBroken, StorageUnavailable
from seedvault.keys.signatures import verifies
from seedvault.service.audit import AuditReport, VerifyExport
from seedvault.service.audit_export import IN_PASSING, ExportAudit, Exported
from seedvault.witness import ExportReader, JsonLinesFile, export_file
from tests.support.checkpoints import Signer
from tests.support.logs import EVERY_FIELD, Log, some_log


@pytest.fixture
def log() -> Log:
    return some_log()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def export(log: Log, path: Path, begin_after: int = 0) -> Exported:
    return ExportAudit(log.vault, JsonLinesFile(path))(begin_after)


def verify(log: Log, *paths: Path) -> AuditReport:
    lines = (line for path in paths for line in ExportReader(path))
    return VerifyExport(lambda: [log.signer.public_key], verifies)(lines)


def test_all_that_is_covered_is_exported_and_holds(log: Log, path: Path) -> None:
    assert export(log, path) == Exported(events=9, checkpoints=3, last=3)
    report = verify(log, path)
    assert report.breaks == ()
    assert (report.events, report.checkpoints, report.uncovered) == (9, 3, 0)
    assert report.last == log.vault.signed[-1].checkpoint


def test_nothing_new_adds_nothing(log: Log, path: Path) -> None:
    export(log, path)
    octets = path.read_bytes()
    assert export(log, path) == Exported(last=3)
    assert path.read_bytes() == octets


def test_only_its_owner_reads_it(log: Log, path: Path) -> None:
    export(log, path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_grew_in_parts_is_the_one_that_was_written_at_once(
    log: Log, path: Path, tmp_path: Path
) -> None:
    export(log, path)
    log.sign()
    assert export(log, path) == Exported(events=2, checkpoints=1, last=4)
    export(log, tmp_path / "at-once")
    assert path.read_bytes() == (tmp_path / "at-once").read_bytes()


def test_wherever_a_crash_cut_it_off_it_is_continued_without_a_gap(log: Log, path: Path) -> None:
    export(log, path)
    whole = path.read_bytes()
    for length in (*range(0, len(whole), 53), *range(len(whole) - 60, len(whole))):
        path.write_bytes(whole[:length])
        export(log, path)
        assert path.read_bytes() == whole, length


def test_it_only_ever_grows(log: Log, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export(log, path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    flags: list[int] = []
    real = os.open

    def watched(name: Path, given: int, mode: int = 0o777) -> int:
        flags.append(given)
        return real(name, given, mode)

    monkeypatch.setattr(os, "open", watched)
    export(log, path)
    assert flags
    assert all(given & os.O_APPEND and not given & os.O_TRUNC for given in flags)


@pytest.mark.parametrize("chunk", [1, 2, 7, 64, 1000])
def test_its_end_is_found_whatever_is_read_at_a_time(
    log: Log, path: Path, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(log, path)
    whole = path.read_bytes()
    monkeypatch.setattr(export_file, "_CHUNK", chunk)
    monkeypatch.setattr(export_file, "_BUFFER", chunk)
    for length in (len(whole), len(whole) - 1, len(whole) // 2, 10):
        path.write_bytes(whole[:length])
        export(log, path)
        assert path.read_bytes() == whole


def _nothing_of_ours(whole: bytes) -> bytes:
    return b"somebody's notes\n"


def _another_end(whole: bytes) -> bytes:
    return whole + b'{"schema": "seedvault.event/1", "bt": '


def _another_event(whole: bytes) -> bytes:
    first, _, rest = whole.partition(b"\n")
    return first.replace(b"bob", b"eve") + b"\n" + rest[:40]


def _another_checkpoint(whole: bytes) -> bytes:
    return whole.replace(b'"number": 3', b'"number": 4')


@pytest.mark.parametrize(
    "spoilt", [_nothing_of_ours, _another_event, _another_checkpoint, _another_end]
)
def test_a_file_that_holds_something_else_is_left_alone(
    log: Log, path: Path, spoilt: Callable[[bytes], bytes]
) -> None:
    export(log, path)
    octets = spoilt(path.read_bytes())
    path.write_bytes(octets)
    log.sign()
    with pytest.raises(Conflict, match="one of them was altered"):
        export(log, path)
    assert path.read_bytes() == octets


def test_another_vault_s_export_is_left_alone(log: Log, path: Path) -> None:
    export(some_log(), path)
    octets = path.read_bytes()
    with pytest.raises(Conflict, match="restored, cut off or rewritten"):
        export(log, path)
    assert path.read_bytes() == octets


def test_a_database_that_went_back_does_not_continue_its_export(log: Log, path: Path) -> None:
    export(log, path)
    del log.vault.signed[-1]
    with pytest.raises(Conflict, match="restored, cut off or rewritten"):
        export(log, path)


def test_a_log_that_is_not_the_one_that_was_signed_is_not_exported(log: Log, path: Path) -> None:
    chain = log.vault.chains[EVERY_FIELD.chain]
    chain[0] = replace(chain[0], event=replace(chain[0].event, actor="os:mallory"))
    with pytest.raises(SealBroken, match="cut off or rewritten"):
        export(log, path)
    assert path.read_bytes() == b""


def test_a_file_may_go_on_where_another_ends(log: Log, path: Path, tmp_path: Path) -> None:
    second = tmp_path / "second.jsonl"
    export(log, path)
    log.sign()
    assert export(log, second, begin_after=3) == Exported(events=2, checkpoints=1, last=4)
    alone = verify(log, second)
    assert (alone.breaks, alone.begun_after, alone.events) == ((), 3, 2)
    both = verify(log, path, second)
    assert (both.breaks, both.begun_after, both.events) == ((), 0, 11)


def test_a_file_that_goes_on_from_no_checkpoint_is_refused(log: Log, path: Path) -> None:
    with pytest.raises(NotFound, match="no checkpoint 9"):
        export(log, path, begin_after=9)


def test_in_passing_nobody_waits_for_another_process(log: Log, path: Path) -> None:
    export(log, path)
    log.sign()
    holding = f"import fcntl, sys; f = open({str(path)!r}); fcntl.flock(f, fcntl.LOCK_EX); "
    holder = subprocess.Popen(
        [sys.executable, "-c", holding + "print('held', flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    assert ExportAudit(log.vault, JsonLinesFile(path)).in_passing() == 0
    assert verify(log, path).checkpoints == 3
    holder.communicate()
    assert ExportAudit(log.vault, JsonLinesFile(path)).in_passing() == 0
    assert verify(log, path).checkpoints == 4


def test_in_passing_nobody_writes_a_large_export(path: Path) -> None:
    log = Log()
    log.grow([1] * (IN_PASSING + 1))
    log.sign()
    export = ExportAudit(log.vault, JsonLinesFile(path))
    assert export.in_passing() == IN_PASSING + 1
    assert path.read_bytes() == b""
    assert export() == Exported(IN_PASSING + 1, 1, 1)
    assert export.in_passing() == 0


def test_a_place_that_cannot_be_written_is_named(log: Log, tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="nowhere"):
        export(log, tmp_path / "nowhere" / "audit.jsonl")
    with pytest.raises(InvalidInput, match="cannot be read"):
        ExportReader(tmp_path / "nowhere")


def test_a_last_line_that_is_not_whole_is_told_and_not_read(log: Log, path: Path) -> None:
    export(log, path)
    path.write_bytes(path.read_bytes()[:-5])
    reader = ExportReader(path)
    assert len(list(reader)) == 11
    assert reader.unfinished
    report = verify(log, path)
    assert (report.breaks, report.uncovered) == ((), 2)


def test_a_line_without_end_is_read_in_parts(path: Path) -> None:
    path.write_bytes(b"x" * (2 << 20))
    lines = list(ExportReader(path))
    assert [line.number for line in lines] == [1, 2]
    assert all(isinstance(line.content, str) for line in lines)


def test_a_key_that_signed_nothing_of_it_vouches_for_nothing(log: Log, path: Path) -> None:
    export(log, path)
    (broken,) = VerifyExport(lambda: [Signer().public_key], verifies)(ExportReader(path)).breaks
    assert "no checkpoint is signed by a key that was named" in broken.what
