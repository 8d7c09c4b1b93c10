"""The seed of an encrypted file never becomes a Python object: the process's memory is read.

A child is given ciphertexts only. All canary seeds begin with the same ten random octets,
which the child never sees, so few needles find them all, in every usual encoding.
"""

import pytest

from hsm import Cipher
from tests.support.importing import SEEDS, found_in_child
from tests.support.memory import needs_proc_mem
from tests.support.softhsm import vault_location

pytestmark = needs_proc_mem


def _found(way: str, cipher: Cipher = Cipher.AES_128_CBC) -> tuple[dict[str, int], int]:
    return found_in_child(way, cipher, vault_location("memory"))


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
