"""Reads another process's memory, and knows what octets look like there in every usual spelling."""

import base64
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

needs_proc_mem = pytest.mark.skipif(
    sys.platform != "linux", reason="reads /proc/PID/mem, which is Linux's"
)


def spellings(octets: bytes) -> dict[str, bytes]:
    """Raw, hexadecimal, base32 and base64, less what its neighbours in a longer value change.

    Give 10 octets, at an offset that 15 divides, of the value that is looked for.
    """
    return {
        "raw": octets,
        "hex": octets.hex().encode(),
        "HEX": octets.hex().upper().encode(),
        "base32": base64.b32encode(octets[: len(octets) // 5 * 5]),
        "base64": base64.b64encode(octets[: len(octets) // 3 * 3]),
    }


def regions(process: int) -> Iterator[bytes]:
    """Every writable region of a process, one after the other.

    Raises:
        PermissionError: this system forbids it. The test then fails: it must not pass unread.
    """
    maps = Path(f"/proc/{process}/maps").read_text().splitlines()
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            bounds, rights, *_ = line.split()
            if not rights.startswith("rw") or line.endswith(("[vvar]", "[vsyscall]")):
                continue
            start, end = (int(bound, 16) for bound in bounds.split("-"))
            memory.seek(start)
            region = bytearray()
            while len(region) < end - start:
                piece = memory.read(end - start - len(region))
                if not piece:
                    break
                region += piece
            yield bytes(region)


def count(haystacks: Iterable[bytes], needles: dict[str, bytes]) -> tuple[dict[str, int], int]:
    """How often each needle lies in the haystacks, and how many octets were searched."""
    counts, searched = dict.fromkeys(needles, 0), 0
    for haystack in haystacks:
        searched += len(haystack)
        for name, needle in needles.items():
            counts[name] += haystack.count(needle)
    return counts, searched
