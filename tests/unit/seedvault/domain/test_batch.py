"""Batches are called as they are printed, and found under any spelling of that."""

from dataclasses import replace

import pytest

from seedvault.domain.batch import Batch, Source, Tier, batch_number
from seedvault.domain.errors import InvalidInput
from tests.support.tokens import NOON

BATCH = Batch(
    number=7,
    source=Source("maker.xml", bytes(32), "PSKC 1.0", "AES-128-CBC"),
    tier=Tier.NARROW,
    imported_at=NOON,
    imported_by="ingrid",
    tokens=500,
    held=0,
)


def test_a_batch_is_named_by_its_number_in_four_digits() -> None:
    assert BATCH.name == "B-0007"


def test_the_ten_thousandth_batch_has_a_longer_name() -> None:
    assert replace(BATCH, number=10_000).name == "B-10000"


@pytest.mark.parametrize("name", ["B-0007", "b-7", "7", " B-7 ", "0007"])
def test_every_way_to_write_a_batch_is_understood(name: str) -> None:
    assert batch_number(name) == 7


@pytest.mark.parametrize(
    "name",
    ["", "B-", "B-0", "0", "-7", "B--7", "B-B-7", "7.0", "seven", "\u0667", "9" * 19, "9" * 5000],
)
def test_what_names_no_batch_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="not a batch name") as refused:
        batch_number(name)
    assert refused.value.remedy == "See: seedvault batch list"


def test_the_first_batch_is_number_1() -> None:
    assert batch_number("B-0001") == 1


def test_a_batch_number_has_at_most_the_digits_that_a_database_holds() -> None:
    assert batch_number("9" * 18) == 10**18 - 1


def test_a_batch_holds_no_more_than_it_says() -> None:
    assert (BATCH.quarantined, BATCH.refused, BATCH.exportable) == (0, 0, False)


@pytest.mark.parametrize(
    ("tier", "other", "worse"),
    [
        (Tier.HOST, Tier.NARROW, True),
        (Tier.NARROW, Tier.INSIDE, True),
        (Tier.NARROW, Tier.NARROW, False),
        (Tier.INSIDE, Tier.NARROW, False),
    ],
)
def test_the_host_is_a_worse_place_than_a_page_and_that_than_the_module(
    tier: Tier, other: Tier, worse: bool
) -> None:
    assert tier.is_below(other) is worse
