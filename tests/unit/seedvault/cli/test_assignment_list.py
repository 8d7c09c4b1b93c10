"""Lists of assignments: read whole or refused, and reported so that they can be run again."""

from pathlib import Path

import pytest

from seedvault.cli import assignment_list
from seedvault.cli.assignment_list import path_of_report, read_list, report_beside
from seedvault.domain.errors import InvalidInput
from seedvault.service.bulk import Failed, Wanted


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A list, still to be written."""
    return tmp_path / "desk.csv"


def _reported(listed: Path) -> str:
    """The report where every line of the list fails."""
    asked = read_list(listed)
    with report_beside(listed, dry_run=False) as report:
        asked.write_failed(report, [Failed(wanted, "why") for wanted in asked.wanted()])
    return path_of_report(listed).read_bytes().decode()


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_list_is_read_whatever_separates_its_cells(listed: Path, separator: str) -> None:
    lines = ["User|Serial|Code", "alice| GALT1 |123456", " bob |GALT2|"]
    listed.write_text("\n".join(lines).replace("|", separator))
    assert read_list(listed).wanted() == [
        Wanted(2, "GALT1", "alice", "123456"),
        Wanted(3, "GALT2", "bob"),
    ]


def test_a_semicolon_beside_commas_is_part_of_a_cell(listed: Path) -> None:
    listed.write_text("serial,user,desk;floor\nGALT1,a;b,\n")
    assert read_list(listed).wanted() == [Wanted(2, "GALT1", "a;b")]


def test_what_a_spreadsheet_leaves_behind_is_no_line(listed: Path) -> None:
    listed.write_bytes(b"\xef\xbb\xbfserial;user\r\nGALT1;alice;;\r\n;\r\n\r\n")
    assert read_list(listed).wanted() == [Wanted(2, "GALT1", "alice")]


def test_a_line_with_a_cell_too_many_is_refused_by_its_number(listed: Path) -> None:
    listed.write_text("serial,user\nGALT1,alice\nGALT2,Smith, bob\n")
    with pytest.raises(InvalidInput, match="line 3: more cells than"):
        read_list(listed)


def test_a_broken_line_is_refused_by_its_number(listed: Path) -> None:
    listed.write_text('serial,user\nGALT1,alice\n"GALT"2,bob\n')
    with pytest.raises(InvalidInput, match="line 3: cannot be read as CSV"):
        read_list(listed)


def test_a_list_with_too_many_lines_is_refused(
    listed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assignment_list, "MAX_LINES", 2)
    listed.write_text("serial,user\n" + "GALT1,alice\n" * 2)
    assert len(read_list(listed).rows) == 2
    listed.write_text("serial,user\n" + "GALT1,alice\n" * 3)
    with pytest.raises(InvalidInput, match="more than 2 lines"):
        read_list(listed)


def test_a_list_with_too_many_octets_is_refused(
    listed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assignment_list, "MAX_OCTETS", 20)
    listed.write_text("serial,user\n" + "x" * 9)
    with pytest.raises(InvalidInput, match="longer than 20 octets"):
        read_list(listed)


def test_a_report_has_the_same_columns_in_the_same_order_and_the_reason(listed: Path) -> None:
    listed.write_text("Desk;Serial;User\n7;GALT1;alice\n")
    assert _reported(listed) == "Desk;Serial;User;reason\r\n7;GALT1;alice;why\r\n"


def test_the_report_of_a_report_has_one_reason(listed: Path) -> None:
    listed.write_text("serial,user,reason,desk\nGALT1,alice,old,7\n")
    assert _reported(listed) == "serial,user,desk,reason\r\nGALT1,alice,7,why\r\n"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_report_is_a_formula(listed: Path, start: str) -> None:
    listed.write_bytes(f'serial,user,desk\nGALT1,alice,"{start}1+1"\n'.encode())
    row = _reported(listed).split("\r\n", 1)[1]
    assert f"'{start}1+1" in row


def test_a_report_that_is_run_gives_what_was_in_the_list(listed: Path) -> None:
    listed.write_text("serial,user\n=1,@bob\n'quoted,-c\n")
    _reported(listed)
    again = [(each.serial, each.user) for each in read_list(path_of_report(listed)).wanted()]
    assert again == [("=1", "@bob"), ("'quoted", "-c")]


def test_a_report_with_nothing_in_it_is_removed_and_an_older_one_with_it(listed: Path) -> None:
    path_of_report(listed).write_text("of yesterday")
    with report_beside(listed, dry_run=False):
        assert path_of_report(listed).exists()
    assert not path_of_report(listed).exists()


def test_a_report_that_cannot_be_written_is_named(listed: Path) -> None:
    path_of_report(listed).mkdir()
    with pytest.raises(InvalidInput, match=r"desk\.failed\.csv, for the lines that fail"):
        report_beside(listed, dry_run=False).__enter__()


def test_a_dry_run_without_failures_leaves_an_older_report_alone(tmp_path: Path) -> None:
    listed = tmp_path / "desk.csv"
    path_of_report(listed).write_text("mine")
    with report_beside(listed, dry_run=True):
        pass
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_a_dry_run_reports_what_would_fail(tmp_path: Path) -> None:
    listed = tmp_path / "desk.csv"
    with report_beside(listed, dry_run=True) as report:
        report.write("serial,reason")
    assert path_of_report(listed).read_text() == "serial,reason"
