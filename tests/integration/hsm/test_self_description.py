"""What a module says of itself, read without a login."""

import pytest

from hsm import Location, describe
from hsm.self_description import is_software
from tests.support.softhsm import fresh_location, vault_location


def test_softhsm_says_that_it_is_softhsm_and_nothing_of_fips(location: Location) -> None:
    found = describe(location)

    assert (found.maker, found.is_software, found.says_fips) == ("SoftHSM", True, False)


def test_a_label_says_nothing_about_fips() -> None:
    assert not describe(vault_location("FIPS 140-3")).says_fips


def test_a_pkcs11_token_that_is_not_there_yet_has_a_library_all_the_same() -> None:
    assert describe(fresh_location("later")).maker == "SoftHSM"


@pytest.mark.parametrize(
    ("maker", "model", "software"),
    [
        ("SoftHSM project", "SoftHSM v2", True),
        ("Mozilla Foundation", "NSS 3", True),
        ("IBM", "IBM SoftTok", True),
        ("IBM", "EP11", False),
        ("SafeNet", "Luna K7", False),
    ],
)
def test_software_is_known_by_its_maker_and_ibms_by_its_model(
    maker: str, model: str, *, software: bool
) -> None:
    assert is_software(maker, model) is software
