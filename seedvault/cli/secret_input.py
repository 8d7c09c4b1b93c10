"""Reading a secret from a file or from standard input; never from the command's arguments."""

import sys
from pathlib import Path

from seedvault.domain.errors import InvalidInput

_MAX_OCTETS = 4096


def read_secret_file(path: str) -> bytes:
    """The octets of a file, or of standard input where `path` is "-"; 4,096 at most."""
    try:
        if path == "-":
            octets = sys.stdin.buffer.read(_MAX_OCTETS + 1)
        else:
            with Path(path).open("rb") as stream:
                octets = stream.read(_MAX_OCTETS + 1)
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror or error}") from error
    if not octets or len(octets) > _MAX_OCTETS:
        raise InvalidInput(f"{path} is empty, or longer than the {_MAX_OCTETS} octets of any key")
    return octets


def read_secret_line(path: str) -> str:
    """The first line of a file, or of standard input, in UTF-8."""
    first = read_secret_file(path).split(b"\n", 1)[0].removesuffix(b"\r")
    try:
        return first.decode()
    except UnicodeDecodeError:
        raise InvalidInput(f"{path} is no text in UTF-8") from None  # its octets are not repeated


def read_wipeable(path: str) -> bytearray:
    """The octets of a file in one buffer, for the caller to wipe; 4,096 at most."""
    octets = bytearray(_MAX_OCTETS + 1)
    try:
        with Path(path).open("rb", buffering=0) as stream:
            read = stream.readinto(octets) or 0
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror or error}") from error
    if not 0 < read <= _MAX_OCTETS:
        raise InvalidInput(f"{path} is empty, or longer than the {_MAX_OCTETS} octets of any key")
    del octets[read:]  # nothing was there
    return octets
