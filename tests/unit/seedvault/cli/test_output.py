"""What people and programs read: aligned for the ones, one document for the others."""

import io
import json
import sys
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


def test_a_moment_for_a_program_is_in_utc() -> None:
    moment = datetime(2026, 11, 24, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    assert output.instant(moment) == "2026-11-24T12:00:00.000+00:00"


def test_a_moment_that_is_not_there_is_none_or_a_dash() -> None:
    assert (output.instant(None), output.local(None)) == (None, "-")


def test_a_moment_for_people_is_their_own_time() -> None:
    moment = datetime(2026, 11, 24, 12, 0, 5, tzinfo=UTC)
    assert output.local(moment) == moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
