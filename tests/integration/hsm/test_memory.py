"""The seed of an encrypted file never becomes a Python object: the process's memory is read.

A child is given ciphertexts only. All canary seeds begin with the same ten random octets,
which the child never sees, so few needles find them all, in every usual encoding.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hsm import Cipher, Mode
from tests.support.encrypting import encrypt, fresh_key
from tests.support.memory import count, needs_proc_mem, regions, spellings
from tests.support.softhsm import TEST_PIN, store, vault_location

SEEDS = 200
ROOT = Path(__file__).parents[3]
CHILD = Path(__file__).with_name("importing_child.py")

pytestmark = needs_proc_mem


def _found(way: str, cipher: Cipher = Cipher.AES_128_CBC) -> tuple[dict[str, int], int]:
    """How often each needle lies in a child that imported in this `way`; octets searched."""
    marker, key, location = os.urandom(10), fresh_key(cipher), vault_location("memory")
    rest = 14 if cipher.mode is Mode.KEY_WRAP else 10
    ciphertexts = [encrypt(cipher, key, marker + os.urandom(rest)).hex() for _ in range(SEEDS)]
    # Key wraps work on half a block at a time.
    needles = spellings(marker) | {"register": marker[:8]}
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
        child.stdin.write(
            "\n".join([f"{way} {cipher.name}", where, key.hex(), *ciphertexts]) + "\n"
        )
        child.stdin.flush()
        assert child.stdout.readline().strip() == str(SEEDS)
        counts, searched = count(regions(child.pid), needles)
        child.stdin.write("\n")
        child.stdin.flush()
    return counts, searched


@pytest.mark.parametrize(
    "cipher",
    [
        Cipher.AES_128_CBC,
        Cipher.DES3_CBC,
        Cipher.CAMELLIA_256_CBC,
        Cipher.AES_256_GCM,
        Cipher.AES_256_KW,
        Cipher.AES_128_KWP,
        Cipher.DES3_KW,
        Cipher.CAMELLIA_128_KW,
        Cipher.RSA_1_5,
        Cipher.RSA_OAEP_SHA1,
    ],
)
def test_no_seed_of_200_imported_ones_lies_in_memory(cipher: Cipher) -> None:
    counts, searched = _found("narrow", cipher)

    assert sum(counts.values()) == 0, counts
    assert searched > 5_000_000  # a Python process with SoftHSM has more: it was really read


def test_no_seed_of_200_handed_on_ones_lies_in_memory() -> None:
    counts, _ = _found("handing-on")

    assert sum(counts.values()) == 0, counts


def test_seeds_that_a_careless_import_keeps_are_found() -> None:
    counts, _ = _found("careless")

    assert counts["raw"] >= SEEDS
