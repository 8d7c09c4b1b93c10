"""A child that imports seeds, and what of them can be found in its memory."""

import os
import subprocess
import sys
from pathlib import Path

from hsm import Cipher, Location, Mode
from tests.support.encrypting import encrypt, fresh_key
from tests.support.memory import count, regions, spellings
from tests.support.softhsm import TEST_PIN

SEEDS = 200
ROOT = Path(__file__).parents[2]
_CHILD = ROOT / "tests" / "integration" / "hsm" / "importing_child.py"


def found_in_child(way: str, cipher: Cipher, location: Location) -> tuple[dict[str, int], int]:
    """How often each needle lies in a child that imported in this `way`; octets searched."""
    marker, key = os.urandom(10), fresh_key(cipher)
    rest = 14 if cipher.mode is Mode.KEY_WRAP else 10
    ciphertexts = [encrypt(cipher, key, marker + os.urandom(rest)).hex() for _ in range(SEEDS)]
    # Key wraps work on half a block at a time.
    needles = spellings(marker) | {"register": marker[:8]}
    with subprocess.Popen(
        [sys.executable, str(_CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        where = f"{location.library} {location.token_label} {TEST_PIN}"
        child.stdin.write(
            "\n".join([f"{way} {cipher.name}", where, key.hex(), *ciphertexts]) + "\n"
        )
        child.stdin.flush()
        assert child.stdout.readline().strip() == str(SEEDS)
        counts, searched = count(regions(child.pid), needles)
        child.stdin.write("\n")
        child.stdin.flush()
    return counts, searched
