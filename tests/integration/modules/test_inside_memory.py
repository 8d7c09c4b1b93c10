"""Tier A: nothing of an imported seed lies in the process when the module has done its work.

These modules keep their keys in this process's memory, as hardware does not. NSS and SoftHSM
overwrite what they destroyed, so what is searched for would be ours. opencryptoki's software does
not: there the seeds are found raw, in its own heap, and never as anything that Python made of them.
"""

import pytest

from hsm import Cipher, Tier
from tests.integration.modules.conftest import MatrixVault
from tests.integration.modules.expectations import Expected
from tests.support.importing import SEEDS, found_in_child
from tests.support.memory import needs_proc_mem

pytestmark = needs_proc_mem


@pytest.mark.parametrize("cipher", [Cipher.AES_256_CBC, Cipher.DES3_CBC])
def test_no_seed_of_200_lies_in_memory_but_where_the_module_leaves_it(
    vault: MatrixVault, expected: Expected, cipher: Cipher
) -> None:
    way = "inside" if expected.tier is Tier.INSIDE else "narrow"

    counts, searched = found_in_child(way, cipher, vault.location)

    spelt = sum(found for how, found in counts.items() if how not in {"raw", "register"})
    assert spelt == 0, counts
    assert (counts["raw"] == 0) is expected.wipes, counts
    assert searched > 5_000_000  # a Python process has more: it was really read


def test_seeds_that_a_careless_import_keeps_are_found(vault: MatrixVault) -> None:
    counts, _ = found_in_child("careless", Cipher.AES_128_CBC, vault.location)

    assert counts["raw"] >= SEEDS
