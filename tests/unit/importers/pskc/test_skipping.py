"""Where bad records are skipped: each is told, the rest is read, and a wrong key stops it all."""

import pytest

from importers import (
    ImporterError,
    IntegrityFailure,
    LimitExceeded,
    Malformed,
    PreSharedKey,
    Unsupported,
    WrongKey,
)
from tests.support.pskc_maker import Fault, Order, Tokens
from tests.unit.importers.reading import SKIP_BAD, made, opened, passed_over, read, until_refused

KEY = b"k" * 16
FIRST = 10_000_000
PLAIN = made(Order((Tokens(3),))).decode()
END = b"</KeyContainer>\n"
PIECES = PLAIN.split("  <KeyPackage>")


def second_changed(old: str, new: str) -> str:
    """Three key packages, the second changed."""
    assert old in PIECES[2]
    return "  <KeyPackage>".join([*PIECES[:2], PIECES[2].replace(old, new, 1), PIECES[3]])


def broken(good: int, bad: int, then: int) -> bytes:
    """So many good key packages, so many with wrong value MACs, and good ones again."""
    parts = ((good, Fault.NONE), (bad, Fault.EVERY_MAC_BAD), (then, Fault.NONE))
    packages = [_packages(FIRST + 10_000 * n, *part) for n, part in enumerate(parts)]
    head = made(Order((), key=KEY)).removesuffix(END)
    return b"".join([head, *packages, END])


def _packages(first: int, count: int, fault: Fault) -> bytes:
    octets = made(Order((Tokens(count, first_serial=first),), key=KEY, fault=fault))
    return octets[octets.find(b"  <KeyPackage>") :].removesuffix(END) if count else b""


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("<Model>", "<Colour/><Model>", Malformed),
        ("<Model>", "<Model>x</Model><Model>", Malformed),
        ("<Secret>", "<Secret/><Secret>", Malformed),
        ("</DeviceInfo>", "text</DeviceInfo>", Malformed),
        ("<Key Id=", "<Key Colour='red' Id=", Malformed),
        ("<SerialNo>", "<SerialNo><x/>", Malformed),
        ("</DeviceInfo>", "</DeviceInfo><KeyPackage><DeviceInfo/></KeyPackage>", Malformed),
        ("<Data>", "<KeyReference>x</KeyReference><Data>", Unsupported),
        ('Length="6"', 'Length="60"', Malformed),
        ("<PlainValue>30<", "<PlainValue>0x1e<", Malformed),
        ("pskc:totp", "pskc:motp", Unsupported),
        (':totp"', ":totp\" id='other'", Malformed),
    ],
)
def test_what_is_wrong_within_a_key_package_leaves_the_others(
    old: str, new: str, error: type[ImporterError]
) -> None:
    records, errors = passed_over(second_changed(old, new))
    assert [record.serial for record in records] == [f"GALT{FIRST}", f"GALT{FIRST + 2}"]
    assert [type(refusal) for refusal in errors] == [error]


def test_a_fault_is_told_with_the_serial_of_its_package_only() -> None:
    _, errors = passed_over(second_changed("<Model>", "<Colour/><Model>"))
    assert errors[0].serial == f"GALT{FIRST + 1}"
    assert (errors[0].path or "").endswith("/KeyPackage/DeviceInfo")


def test_the_first_fault_of_a_package_is_told() -> None:
    text = second_changed("<Model>", "<Colour/><Size/><Model>")
    assert "Colour" in passed_over(text)[1][0].reason


def test_without_the_instruction_the_first_bad_record_ends_it() -> None:
    records, error = until_refused(opened(second_changed("<Model>", "<Colour/><Model>")))
    assert len(records) == 1
    assert isinstance(error, Malformed)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("<KeyPackage>", "text<KeyPackage>", Malformed),
        ("<KeyPackage>", "<Colour/><KeyPackage>", Malformed),
        ("<Model>", "<Model>&x;", Malformed),
        ("<Model>", "</Model>", Malformed),
        ("OTP Display Card", "x" * 70_000, LimitExceeded),
    ],
)
def test_what_is_wrong_with_the_file_is_raised_all_the_same(
    old: str, new: str, error: type[ImporterError]
) -> None:
    at = PLAIN.index(old, PLAIN.index(f"GALT{FIRST}<"))
    text = PLAIN[:at] + PLAIN[at:].replace(old, new, 1)
    with pytest.raises(error):
        read(text, instructions=SKIP_BAD)


def test_a_file_cut_off_is_refused_whole() -> None:
    _, error = until_refused(opened(PLAIN[:-200], instructions=SKIP_BAD))
    assert isinstance(error, Malformed)


@pytest.mark.parametrize(("bad", "then"), [(1, 0), (1, 3), (2, 197), (9, 891)])
def test_few_wrong_value_macs_among_good_ones_are_skipped_and_told(bad: int, then: int) -> None:
    records, errors = passed_over(broken(3, bad, then), PreSharedKey(KEY))
    assert len(records) == 3 + then
    assert len(errors) == bad
    assert all(isinstance(error, IntegrityFailure) for error in errors)
    assert errors[0].serial == "GALT10010000"


@pytest.mark.parametrize(("bad", "then"), [(2, 0), (2, 194), (9, 880)])
def test_several_wrong_value_macs_over_one_percent_mean_a_wrong_key(bad: int, then: int) -> None:
    file = opened(broken(3, bad, then), PreSharedKey(KEY), instructions=SKIP_BAD)
    records, error = until_refused(file)
    assert type(error) is WrongKey
    assert len(records) == 3 + then
    assert f"{bad} of {3 + bad + then} value MACs" in error.reason
    assert error.serial == "GALT10010000"


def test_ten_wrong_value_macs_in_a_thousand_are_skipped() -> None:
    records, errors = passed_over(broken(990, 10, 5), PreSharedKey(KEY))
    assert (len(records), len(errors)) == (995, 10)


@pytest.mark.parametrize("good", [0, 1, 500, 989])
def test_ten_wrong_value_macs_over_one_percent_mean_a_wrong_key(good: int) -> None:
    file = opened(broken(good, 20, 20), PreSharedKey(KEY), instructions=SKIP_BAD)
    records, error = until_refused(file)
    assert type(error) is WrongKey
    assert len(records) == good
    assert f"10 of {good + 10} value MACs" in error.reason
    assert error.serial == "GALT10010000"


@pytest.mark.parametrize("count", [1, 9])
def test_a_few_value_macs_of_which_none_is_right_mean_a_wrong_key(count: int) -> None:
    octets = made(Order((Tokens(count),), key=KEY, fault=Fault.EVERY_MAC_BAD))
    records, error = until_refused(opened(octets, PreSharedKey(KEY), instructions=SKIP_BAD))
    assert type(error) is WrongKey
    assert records == []
    assert f"not one of the {count} value MACs" in error.reason
