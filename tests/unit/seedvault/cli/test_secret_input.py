"""Secrets come from files and from standard input, and only in sizes that a secret has."""

import io
import sys
from pathlib import Path

import pytest

from seedvault.cli.secret_input import read_secret_file
from seedvault.domain.errors import InvalidInput


def _piped(monkeypatch: pytest.MonkeyPatch, octets: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(octets)))


@pytest.mark.parametrize("octets", [b"k", bytes(range(256)), b"x" * 4096])
def test_a_secret_is_the_octets_of_its_file(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / "key").write_bytes(octets)
    assert read_secret_file(str(tmp_path / "key")) == octets


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    _piped(monkeypatch, b"\xff\x00raw\n")
    assert read_secret_file("-") == b"\xff\x00raw\n"


@pytest.mark.parametrize("size", [0, 4097])
def test_an_empty_file_or_one_longer_than_any_key_is_refused(tmp_path: Path, size: int) -> None:
    (tmp_path / "key").write_bytes(b"x" * size)
    with pytest.raises(InvalidInput, match="key is empty, or longer than the 4096"):
        read_secret_file(str(tmp_path / "key"))


def test_nothing_on_standard_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _piped(monkeypatch, b"")
    with pytest.raises(InvalidInput, match="- is empty"):
        read_secret_file("-")


@pytest.mark.parametrize(("name", "words"), [("none", "No such file"), ("", "directory")])
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        read_secret_file(str(tmp_path / name))
