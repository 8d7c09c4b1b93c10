"""Value MACs come before any decryption; a wrong key is told from a wrong value."""

import pytest

from importers import IntegrityFailure, PreSharedKey, WrongKey
from tests.support.pskc_maker import Fault, Order, Tokens
from tests.unit.importers.reading import made, opened, until_refused

KEY = b"k" * 16


def broken(count: int, fault: Fault, at: int = 0) -> bytes:
    return made(Order((Tokens(count),), key=KEY, fault=fault, fault_at=at))


@pytest.mark.parametrize("at", [1, 7, 300, 499])
def test_one_wrong_value_mac_among_many_names_its_serial(at: int) -> None:
    records, error = until_refused(opened(broken(500, Fault.BAD_MAC, at), PreSharedKey(KEY)))
    assert type(error) is IntegrityFailure
    assert len(records) == at
    assert error.serial == f"GALT{10_000_000 + at}"
    assert (error.path or "").endswith("/Secret/ValueMAC")
    assert error.line is not None


def test_a_wrong_first_value_mac_among_good_ones_is_no_wrong_key() -> None:
    records, error = until_refused(opened(broken(500, Fault.BAD_MAC), PreSharedKey(KEY)))
    assert type(error) is IntegrityFailure
    assert records == []
    assert "the first of 1 among 10 key packages looked at" in error.reason


def test_wrong_value_macs_after_good_ones_are_counted() -> None:
    good = made(Order((Tokens(3),), key=KEY))
    bad = made(Order((Tokens(20, first_serial=5),), key=KEY, fault=Fault.EVERY_MAC_BAD))
    end, start = good.index(b"</KeyContainer>"), bad.index(b"  <KeyPackage>")
    _, error = until_refused(opened(good[:end] + bad[start:], PreSharedKey(KEY)))
    assert type(error) is IntegrityFailure
    assert "the first of 10 among 13 key packages" in error.reason
    assert error.serial == "GALT00000005"


@pytest.mark.parametrize(("count", "looked_at"), [(1, 1), (4, 4), (10, 10), (500, 10)])
def test_value_macs_of_which_none_is_right_mean_a_wrong_key(count: int, looked_at: int) -> None:
    records, error = until_refused(opened(broken(count, Fault.EVERY_MAC_BAD), PreSharedKey(KEY)))
    assert type(error) is WrongKey
    assert records == []
    assert f"not one of the {looked_at} value MACs" in error.reason


def test_a_wrong_value_mac_outweighs_that_the_file_is_cut_off_after_it() -> None:
    octets = broken(5, Fault.EVERY_MAC_BAD)
    _, error = until_refused(opened(octets[:-300], PreSharedKey(KEY)))
    assert type(error) is WrongKey


@pytest.mark.parametrize("at", [0, 3])
def test_a_stripped_value_mac_is_an_integrity_failure(at: int) -> None:
    records, error = until_refused(opened(broken(9, Fault.STRIPPED_MAC, at), PreSharedKey(KEY)))
    assert type(error) is IntegrityFailure
    assert len(records) == at
    assert "missing" in error.reason
    assert error.serial == f"GALT{10_000_000 + at}"


def test_a_shortened_value_mac_is_wrong() -> None:
    text = made(Order((Tokens(1),), key=KEY)).decode()
    start, end = text.index("<ValueMAC>") + 10, text.index("</ValueMAC>")
    shortened = text[:start] + text[start : start + 16] + text[end:]
    _, error = until_refused(opened(shortened, PreSharedKey(KEY)))
    assert type(error) is WrongKey
