"""A list beside a file is there when it is kept, whole, and leaves nothing behind otherwise."""

from pathlib import Path

import pytest

from seedvault.cli.side_files import SideFile
from seedvault.domain.errors import StorageUnavailable


@pytest.fixture
def side(tmp_path: Path) -> SideFile:
    return SideFile(tmp_path / "delivery.xml", "refused", ("serial", "line"))


def test_a_kept_list_stands_beside_its_file(side: SideFile, tmp_path: Path) -> None:
    side.add("GALT1", 3)
    side.keep()
    assert (tmp_path / "delivery.refused.csv").read_bytes() == b"serial,line\r\nGALT1,3\r\n"
    assert side.told == f": see {tmp_path / 'delivery.refused.csv'}"


def test_a_list_that_is_not_kept_leaves_nothing(side: SideFile, tmp_path: Path) -> None:
    side.add("GALT1", 3)
    side.discard()
    assert (list(tmp_path.iterdir()), side.told) == ([], "")


def test_a_list_of_nothing_is_not_made(side: SideFile, tmp_path: Path) -> None:
    side.keep()
    side.discard()
    assert (list(tmp_path.iterdir()), side.kept) == ([], None)


def test_an_older_list_stays_as_it_is(side: SideFile, tmp_path: Path) -> None:
    for name in ("delivery.refused.csv", "delivery.refused.2.csv"):
        (tmp_path / name).write_text("edited")
    side.add(None, None)
    side.keep()
    assert (tmp_path / "delivery.refused.3.csv").read_bytes() == b"serial,line\r\n,\r\n"
    assert (tmp_path / "delivery.refused.csv").read_text() == "edited"
    assert side.kept == str(tmp_path / "delivery.refused.3.csv")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_would_execute_is_marked_as_text(
    side: SideFile, tmp_path: Path, start: str
) -> None:
    side.add(f"{start}cmd", 1)
    side.keep()
    assert f"'{start}cmd".encode() in (tmp_path / "delivery.refused.csv").read_bytes()


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    side = SideFile(tmp_path / "gone" / "delivery.xml", "refused", ("serial",))
    with pytest.raises(StorageUnavailable, match="cannot be written"):
        side.add("GALT1")
