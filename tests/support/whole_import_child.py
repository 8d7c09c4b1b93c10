"""A process that imports a seed file into a vault by the whole program, and waits to be read.

Arguments: `vault` (the program's way) or `careless` (the program's way, then decrypted by a
library and kept in every spelling); the vault's home; the seed file; its key file. It never
learns what the parent looks for.
"""

import base64
import ctypes
import os
import sys
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from importers import EncryptedSeed, open_seed_file, read_key_file
from seedvault import config
from seedvault.domain.names import Serial
from seedvault.service.ports import OpenedSeedFile, RefusedRecord, SeedFileKey
from seedvault.wiring import Application

_PR_SET_PTRACER = 0x59616D61
_AES_BLOCK = 16


class _Nobody:
    """Watches an import without a word."""

    def opened(self, file: OpenedSeedFile) -> None:
        pass

    def advanced(self, tokens: int, octets: int) -> None:
        pass

    def refused(self, record: RefusedRecord) -> None:
        pass

    def proposed(self, serial: Serial, user: str) -> None:
        pass


def _kept_carelessly(file: Path, key: bytes) -> list[object]:
    kept: list[object] = []
    with file.open("rb") as stream, open_seed_file(stream, read_key_file(key), name="f") as opened:
        assert opened.transport_key is not None
        with opened.transport_key.expose() as octets:
            transport = bytes(octets)
        for record in opened:
            assert isinstance(record.seed, EncryptedSeed)
            kept.extend(_every_spelling(transport, record.seed.value))
    return kept


def _every_spelling(key: bytes, value: bytes) -> list[object]:
    decryptor = Cipher(algorithms.AES(key), modes.CBC(value[:_AES_BLOCK])).decryptor()
    padded = decryptor.update(value[_AES_BLOCK:])
    seed = padded[: -padded[-1]]
    return [
        seed,
        seed.hex(),
        seed.hex().upper(),
        base64.b32encode(seed),
        base64.b64encode(seed),
    ]


def main() -> None:
    """Import, print how many tokens, wait for the end of standard input's other side."""
    way, home, file, key_file = sys.argv[1:]
    key = Path(key_file).read_bytes()
    with Application(config.load(Path(home))) as application:
        given = SeedFileKey(key_file=key)
        report = application.import_batch(Path(file), given, "os:reader", _Nobody())
        kept = _kept_carelessly(Path(file), key) if way == "careless" else []
        # Where Yama guards /proc/PID/mem, the parent needs to be told in.
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(os.getppid()), 0, 0, 0)
        sys.stdout.write(f"{report.tokens}\n")
        sys.stdout.flush()
        sys.stdin.readline()
        kept.clear()


if __name__ == "__main__":
    main()
