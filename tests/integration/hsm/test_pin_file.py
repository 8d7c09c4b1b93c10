"""A PIN comes from the first line of a file or a pipe that strangers cannot read."""

import os
from pathlib import Path

import pytest

from hsm import Pin, Policy


def _file(tmp_path: Path, content: bytes, mode: int = 0o600) -> Path:
    path = tmp_path / "pin"
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("content", [b"654321", b"654321\n", b"654321\r\n", b"654321\nmore\n"])
def test_a_pin_is_the_first_line_of_its_file(tmp_path: Path, content: bytes) -> None:
    with Pin.from_file(_file(tmp_path, content)).expose() as octets:
        assert octets == b"654321"


def test_a_pin_comes_from_a_pipe_too() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"654321\n")
    os.close(writer)
    with Pin.from_descriptor(reader).expose() as octets:
        assert octets == b"654321"
    os.close(reader)


@pytest.mark.parametrize("content", [b"", b"\n", b"x" * 300])
def test_a_file_without_a_pin_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Policy, match="4 to 255"):
        Pin.from_file(_file(tmp_path, content))


def test_a_pin_file_open_to_everyone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Policy, match="chmod 600"):
        Pin.from_file(_file(tmp_path, b"654321", 0o644))
