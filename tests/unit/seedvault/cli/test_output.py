"""What people and programs read: aligned for the ones, one document for the others."""

import io
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from seedvault.cli import output

ROWS = [["GALT10000000", "alice", "OTP Display Card"], ["GALT1", "-", ""]]


class _Terminal(io.StringIO):
    """Standard output as a terminal is."""

    def isatty(self) -> bool:
        return True


def _on_a_terminal(monkeypatch: pytest.MonkeyPatch, rows: list[list[str]], width: int) -> list[str]:
    """The lines of a table on a terminal of this many columns."""
    stream = _Terminal()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", stream)
        patched.setenv("COLUMNS", str(width))
        output.table(["SERIAL", "DETAIL"], rows)
    return stream.getvalue().splitlines()


def test_columns_are_as_wide_as_their_widest_cell(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(["SERIAL", "USER", "MODEL"], ROWS)
    assert capsys.readouterr().out.splitlines() == [
        "SERIAL        USER   MODEL",
        "GALT10000000  alice  OTP Display Card",
        "GALT1         -",
    ]


def test_an_empty_table_prints_nothing_but_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(["SERIAL"], [])
    assert capsys.readouterr() == ("", "nothing to list\n")


def test_a_cell_too_wide_for_the_terminal_is_wrapped_in_its_column(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _on_a_terminal(monkeypatch, [["A", "one two three four"]], width=30) == [
        "SERIAL  DETAIL",
        "A       one two three four",
    ]
    assert _on_a_terminal(monkeypatch, [["A", "one two three four five six"]], width=30) == [
        "SERIAL  DETAIL",
        "A       one two three four",
        "        five six",
    ]


def test_a_cell_whose_column_is_too_narrow_goes_below_its_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _on_a_terminal(monkeypatch, [["A" * 20, "a detail that is long"]], width=30) == [
        "SERIAL                DETAIL",
        "A" * 20,
        "    a detail that is long",
    ]


def test_nothing_of_a_line_is_lost_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    digest = "0123456789abcdef" * 4
    lines = _on_a_terminal(monkeypatch, [["A", f"file.xml, SHA-256 {digest}; --tier B"]], width=30)
    assert "".join("".join(lines[1:]).split()) == f"Afile.xml,SHA-256{digest};--tierB"
    assert max(map(len, lines)) <= 30


def test_a_line_as_wide_as_the_terminal_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = _on_a_terminal(monkeypatch, [["GALT1", "twelve chars"]], width=20)
    assert lines[1] == "GALT1   twelve chars"


def test_a_line_for_a_program_is_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    output.table(["SERIAL"], [["x" * 64]])
    assert capsys.readouterr().out.splitlines()[1] == "x" * 64


def test_fields_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    output.fields([("serial", "GALT1"), ("state", "in stock")])
    assert capsys.readouterr().out == "serial  GALT1\nstate   in stock\n"


def test_a_document_names_its_schema_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    output.document("token.show", {"serial": "GALT1"})
    assert json.loads(capsys.readouterr().out) == {
        "schema": "seedvault.token.show/1",
        "serial": "GALT1",
    }


def test_lines_are_a_document_each(capsys: pytest.CaptureFixture[str]) -> None:
    output.lines("token", [{"serial": "A"}, {"serial": "B\n"}])
    read = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["schema"], line["serial"]) for line in read] == [
        ("seedvault.token/1", "A"),
        ("seedvault.token/1", "B\n"),
    ]


# --- moments ---------------------------------------------------------------------------------

AFTERNOON = datetime(2026, 11, 24, 14, 0, 5, tzinfo=timezone(timedelta(hours=2)))


@pytest.fixture
def _in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time with a summer time, by the rule itself: no zone files are needed."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        yield
    time.tzset()


def test_a_moment_in_a_document_is_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    output.document("token.show", {"until": AFTERNOON})
    assert json.loads(capsys.readouterr().out)["until"] == "2026-11-24T12:00:05.000+00:00"


def test_a_moment_in_a_line_is_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    output.lines("event", [{"at": AFTERNOON}])
    assert json.loads(capsys.readouterr().out)["at"] == "2026-11-24T12:00:05.000+00:00"


def test_nothing_else_gets_into_a_document_by_accident() -> None:
    with pytest.raises(TypeError):
        output.document("token.show", {"seed": b"octets"})


@pytest.mark.usefixtures("_in_berlin")
def test_a_moment_for_people_is_their_own_time_and_names_its_zone() -> None:
    assert output.local(AFTERNOON) == "2026-11-24 13:00:05 CET"


@pytest.mark.usefixtures("_in_berlin")
def test_a_moment_beside_its_name_names_its_zone(capsys: pytest.CaptureFixture[str]) -> None:
    output.fields([("imported", AFTERNOON), ("tokens", 7)])
    assert capsys.readouterr().out == "imported  2026-11-24 13:00:05 CET\ntokens    7\n"


@pytest.mark.usefixtures("_in_berlin")
def test_a_column_of_moments_names_its_zone_once(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(["USER", "ADDED"], [["alice", AFTERNOON], ["bob", AFTERNOON]])
    assert capsys.readouterr().out.splitlines() == [
        "USER   ADDED (CET)",
        "alice  2026-11-24 13:00:05",
        "bob    2026-11-24 13:00:05",
    ]


@pytest.mark.usefixtures("_in_berlin")
def test_a_column_across_the_change_of_clocks_names_both_zones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    summer = AFTERNOON.replace(month=7)
    output.table(["WHEN", "WHAT"], [[AFTERNOON, "later"], [summer, "before"]])
    assert capsys.readouterr().out.splitlines() == [
        "WHEN (CET/CEST)      WHAT",
        "2026-11-24 13:00:05  later",
        "2026-07-24 14:00:05  before",
    ]


@pytest.mark.usefixtures("_in_berlin")
def test_a_moment_that_local_time_cannot_hold_stays_in_utc() -> None:
    never = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert output.local(never) == "9999-12-31 23:59:59 UTC"
