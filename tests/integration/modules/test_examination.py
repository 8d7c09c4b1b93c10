"""Each real module is found to be what it is known to be, before any key is made on it."""

import pytest

from hsm import Location, Policy, Tier, examine, initialise
from hsm.connection import Connection
from tests.integration.modules.expectations import Expected
from tests.support.objects import count_objects
from tests.support.softhsm import pin


def test_the_examination_finds_what_the_module_is_known_to_be(
    place: tuple[str, Location], expected: Expected
) -> None:
    report = examine(place[1], pin())

    assert report.is_fit
    assert report.wrapping is not None
    assert report.wrapping.format is expected.format
    assert (report.import_tier, report.verify_tier) == (expected.tier, Tier.INSIDE)
    assert set(report.weaknesses) == expected.weaknesses
    assert report.facts.is_software


def test_the_examination_leaves_nothing_behind(place: tuple[str, Location]) -> None:
    connection = Connection(place[1], pin())
    before = count_objects(connection)

    examine(place[1], pin())

    assert count_objects(connection) == before
    connection.close()


def test_no_key_is_made_on_a_module_whose_weaknesses_nobody_accepted(
    place: tuple[str, Location], expected: Expected
) -> None:
    if not expected.weaknesses:
        assert examine(place[1], pin()).weaknesses == ()
        return
    connection = Connection(place[1], pin())
    before = count_objects(connection)

    with pytest.raises(Policy) as refused:
        initialise(place[1], pin(), None)

    assert all(each.meaning in str(refused.value) for each in expected.weaknesses)
    assert count_objects(connection) == before
    connection.close()
