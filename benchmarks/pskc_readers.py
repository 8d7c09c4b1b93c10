"""Readers of PSKC files, each to be run in a process of its own.

`python -m benchmarks.pskc_readers READER FILE TIMES` reads FILE's key packages TIMES over, as if
they were one file, and prints how many keys there were, the seconds, and the peak memory in MB.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

from cryptography.hazmat.primitives.ciphers import Cipher as AesCipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from benchmarks.memory import peak_mb
from benchmarks.workshop import KEY
from importers import EncryptedSeed, Octets, PreSharedKey, SeedFile, open_seed_file
from importers.pskc import reader
from importers.xml import Walker

_CHUNK = 1 << 20
_AES_BLOCK = 16


class Repeated:
    """A file whose key packages come `times` over, without ever standing anywhere as a whole."""

    def __init__(self, path: Path, times: int) -> None:
        self._parts = self._sequence(path, times)
        self._part = memoryview(b"")

    @staticmethod
    def _sequence(path: Path, times: int) -> Iterator[bytes]:
        with path.open("rb") as file:
            head = file.read(_CHUNK)
            begin = head.index(b"<KeyPackage>")
            yield head[:begin]
            for _ in range(times):
                file.seek(begin)
                left = path.stat().st_size - begin - len(b"</KeyContainer>\n")
                while left:
                    part = file.read(min(left, _CHUNK))
                    left -= len(part)
                    yield part
            yield file.read()

    def read(self, size: int, /) -> bytes:
        """Up to `size` octets; fewer only where a part ends or nothing is left."""
        if not self._part:
            self._part = memoryview(next(self._parts, b""))
        taken, self._part = self._part[:size], self._part[size:]
        return bytes(taken)


def _open(source: Octets) -> SeedFile:
    return open_seed_file(source, PreSharedKey(KEY), name="benchmark")


def seedvault(source: Octets) -> int:
    """As the import reads: every value MAC is checked, every seed stays encrypted."""
    return sum(1 for _ in _open(source))


def without_templates(source: Octets) -> int:
    """The same with expat alone."""
    vars(reader)["LearningWalker"] = Walker  # for good: this process ends with it
    return seedvault(source)


def decrypting(source: Octets) -> int:
    """The same, and every seed is decrypted in Python, which an import never does."""
    seeds = 0
    # In CBC a block depends on the one before it only: one context does for all values.
    decryptor = AesCipher(AES(KEY), CBC(bytes(_AES_BLOCK))).decryptor()
    for record in _open(source):
        assert isinstance(record.seed, EncryptedSeed)
        seed = decryptor.update(record.seed.value)[_AES_BLOCK:]
        seeds += len(seed[: -seed[-1]]) == 20
    return seeds


def python_pskc(path: Path) -> int:
    """python-pskc, which checks a value MAC where it decrypts the value."""
    from pskc import PSKC  # noqa: PLC0415 - what the others must not have in their memory

    document = PSKC(str(path))
    document.encryption.key = KEY
    return sum(len(key.secret or b"") == 20 for key in document.keys)


_STREAMING: dict[str, Callable[[Octets], int]] = {
    "seedvault": seedvault,
    "without-templates": without_templates,
    "decrypting": decrypting,
}


def main(name: str, file: str, times: str) -> None:
    """Read it all, then tell."""
    begun = perf_counter()
    if name in _STREAMING:
        keys = _STREAMING[name](Repeated(Path(file), int(times)))
    else:
        keys = python_pskc(Path(file))
    print(keys, perf_counter() - begun, peak_mb())


if __name__ == "__main__":
    main(*sys.argv[1:])
