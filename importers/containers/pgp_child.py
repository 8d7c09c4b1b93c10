"""Decrypts one PGP message from standard input to standard output; started by `pgp` only.

Its exit status tells what happened; nothing else is said, for Sequoia's errors may quote what it
read.
"""

import os
import resource
import struct
import sys
from contextlib import suppress

NO_KEY_FITS, BAD_KEY, BAD_MESSAGE = 3, 4, 5
PROCESSOR_S, MEMORY_OCTETS = 30, 1 << 30
_INPUT, _OUTPUT = "/dev/stdin", "/dev/stdout"


def main() -> int:
    """Read passphrase, key and message (see `pgp`); give the exit status."""
    from pysequoia import Tsk, decrypt_file  # noqa: PLC0415 - 10 MB that only this process needs

    _limit()
    passphrase, key = _read_field().decode(), _read_field()
    try:
        decryptor = Tsk.from_bytes(key).decryptor(passphrase or None) if key else None
    except (RuntimeError, ValueError):
        return BAD_KEY
    try:
        decrypt_file(
            _INPUT, _OUTPUT, decryptor=decryptor, passwords=[passphrase] if passphrase else []
        )
    except (RuntimeError, ValueError) as error:
        return NO_KEY_FITS if str(error).startswith("No key to decrypt") else BAD_MESSAGE
    return 0


def _limit() -> None:
    """A passphrase is stretched as often, and in as much memory, as the message says."""
    with suppress(ValueError, OSError):  # macOS has no limit of address space
        _lower(resource.RLIMIT_AS, MEMORY_OCTETS)
    _lower(resource.RLIMIT_CPU, PROCESSOR_S)
    _lower(resource.RLIMIT_CORE, 0)  # a core would put the content on a disk


def _lower(which: int, most: int) -> None:
    _, hard = resource.getrlimit(which)
    limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(which, (limit, limit))


def _read_field() -> bytes:
    (length,) = struct.unpack(">Q", _read(8))
    return _read(length)


def _read(size: int) -> bytes:
    """Exactly so many octets, none further: the rest of standard input is Sequoia's."""
    octets = bytearray()
    while len(octets) < size:
        piece = os.read(0, size - len(octets))
        if not piece:
            raise EOFError("standard input ended early")
        octets += piece
    return bytes(octets)


if __name__ == "__main__":
    sys.exit(main())
