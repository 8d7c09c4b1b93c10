"""The seed of an encrypted file never becomes a Python object: the process's memory is read.

A child is given ciphertexts only. All canary seeds begin with the same ten random octets,
which the child never sees, so few needles find them all, in every usual encoding.
"""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.softhsm import TEST_PIN, encrypted, store, vault_location

SEEDS = 200
ROOT = Path(__file__).parents[3]
CHILD = Path(__file__).with_name("importing_child.py")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc/PID/mem")


def _needles(marker: bytes) -> dict[str, bytes]:
    """What the first ten octets of every seed look like in memory."""
    return {
        "raw": marker,
        "hex": marker.hex().encode(),
        "HEX": marker.hex().upper().encode(),
        "base32": base64.b32encode(marker),
        "base64": base64.b64encode(marker[:9]),
    }


def _memory(process: int) -> Iterator[bytes]:
    """Every readable region, one after the other.

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


def _found(way: str) -> tuple[dict[str, int], int]:
    """How often each needle lies in a child that imported in this `way`; octets searched."""
    marker, key, location = os.urandom(10), os.urandom(16), vault_location("memory")
    ciphertexts = [
        encrypted(key, os.urandom(16), marker + os.urandom(10)).hex() for _ in range(SEEDS)
    ]
    environment = os.environ | {"SOFTHSM2_CONF": str(store()), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, str(CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        where = f"{location.library} {location.token_label} {TEST_PIN}"
        child.stdin.write("\n".join([way, where, key.hex(), *ciphertexts]) + "\n")
        child.stdin.flush()
        assert child.stdout.readline().strip() == str(SEEDS)
        counts, searched = dict.fromkeys(_needles(marker), 0), 0
        for region in _memory(child.pid):
            searched += len(region)
            for name, needle in _needles(marker).items():
                counts[name] += region.count(needle)
        child.stdin.write("\n")
        child.stdin.flush()
    return counts, searched


def test_no_seed_of_200_imported_ones_lies_in_memory() -> None:
    counts, searched = _found("narrow")

    assert sum(counts.values()) == 0, counts
    assert searched > 5_000_000  # a Python process with SoftHSM has more: it was really read


def test_seeds_that_a_careless_import_keeps_are_found() -> None:
    counts, _ = _found("careless")

    assert counts["raw"] >= SEEDS
