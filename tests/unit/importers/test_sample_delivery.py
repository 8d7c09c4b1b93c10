"""The sample in docs/samples is what its script makes, and what its README says."""

from pathlib import Path

import pytest

from docs.samples.delivery import KEY_FILE, SEED_FILE
from docs.samples.generate import generate
from importers import HotpParameters, TotpParameters, open_seed_file, read_key_file
from tests.support.pskc_maker import published_seed


@pytest.mark.parametrize("path", [SEED_FILE, KEY_FILE], ids=lambda path: path.name)
def test_making_the_sample_again_gives_the_same_octets(path: Path, tmp_path: Path) -> None:
    generate(tmp_path)
    assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_the_sample_holds_500_cards_and_5_event_based_tokens() -> None:
    with SEED_FILE.open("rb") as source:
        key = read_key_file(KEY_FILE.read_bytes())
        records = list(open_seed_file(source, key, name=SEED_FILE.name))
    kinds = [type(record.parameters) for record in records]
    assert kinds == [TotpParameters] * 500 + [HotpParameters] * 5
    assert (records[0].serial, records[500].serial) == ("GALT10000001", "GALT20000001")


def test_a_published_seed_is_20_octets_and_depends_on_the_serial() -> None:
    assert published_seed("GALT10000001").hex() == "93bcf0c2e54f1500321c4c0e6699de0bdf64dfaf"
    assert published_seed("GALT10000002") != published_seed("GALT10000001")
