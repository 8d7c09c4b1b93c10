"""Whatever a file holds: seed records or an ImporterError come out, and nothing else."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from importers import (
    HotpParameters,
    ImporterError,
    Instructions,
    Limits,
    Passphrase,
    PreSharedKey,
    SeedRecord,
    TotpParameters,
    Unlock,
)
from tests.support.pskc_maker import Hotp, Order, Tokens
from tests.unit.importers.pskc.test_draft import DRAFT
from tests.unit.importers.reading import figure, made, opened

KEY = b"k" * 16
SMALL = Limits(package_octets=20_000, value_octets=1_000, pbkdf2_iterations=2_000)
PLAIN = made(Order((Tokens(2), Tokens(2, Hotp()))))
PROTECTED = made(Order((Tokens(3),), key=KEY))
DERIVED = figure(7).encode()
POLICY = (
    b'<Policy><StartDate>2026-01-01T00:00:00Z</StartDate><PINPolicy PINUsageMode="Local"/>'
    b"<KeyUsage>OTP</KeyUsage><KeyUsage>CR</KeyUsage></Policy>"
)
RICH = PLAIN.replace(b"</Data>", b"</Data>" + POLICY).replace(
    b"</Key>", b"</Key><Key Id='x' Algorithm='pin'/>", 1
)
SKIP_BAD = Instructions(skip_bad=True, allow_short=True)
WORDS = (
    b"<", b">", b"/>", b"</", b'"', b"&amp;", b"&#0;", b"&x;", b"<!--", b"-->", b"<![CDATA[",
    b"]]>", b"<?a", b"<!DOCTYPE x>", b"KeyPackage", b"<Extensions>", b"\x00", b"\xff\xfe",
    b"9" * 40, b"-1", "\u202e\u0661".encode(), b"=", b"xmlns=''", b"Version='1.9'",
)  # fmt: skip


def check(octets: bytes, unlock: Unlock | None) -> None:
    """Read the file to its end, or to a refusal that can be shown."""
    assert refusal(octets, unlock).isprintable()


def check_skipping(octets: bytes, unlock: Unlock | None) -> None:
    """Read all of the file that can be read; each refusal can be shown."""
    refusals: list[ImporterError] = []
    try:
        file = opened(octets, unlock, limits=SMALL, instructions=SKIP_BAD)
        file.on_refusal = refusals.append
        assert all(record.serial.isprintable() for record in file)
    except ImporterError as error:
        refusals.append(error)
    assert all(str(error).isprintable() for error in refusals)


def refusal(octets: bytes, unlock: Unlock | None) -> str:
    try:
        for record in opened(octets, unlock, limits=SMALL):
            assert isinstance(record, SeedRecord)
            assert record.serial.isprintable()
            if isinstance(record.parameters, HotpParameters | TotpParameters):
                assert 6 <= record.parameters.digits <= 9
    except ImporterError as error:
        return str(error)
    return ""


def unlock_for(octets: bytes) -> Unlock | None:
    if b"DerivedKey" in octets:
        return Passphrase("qwerty")
    return PreSharedKey(KEY) if b"MACMethod" in octets else None


@given(st.binary(max_size=300))
@example(b"")
@example(b"<")
def test_any_octets(octets: bytes) -> None:
    check(octets, None)


@given(st.text(max_size=200), st.sampled_from(["utf-8", "utf-16"]))
def test_any_text_inside_an_element(text: str, encoding: str) -> None:
    check(f"<KeyContainer>{text}</KeyContainer>".encode(encoding, "replace"), None)


@settings(max_examples=300)
@given(
    st.sampled_from([PLAIN, PROTECTED, DERIVED, RICH, DRAFT.encode()]),
    st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(0, 60), st.sampled_from(WORDS)), max_size=4
    ),
)
def test_a_good_file_with_pieces_replaced(good: bytes, cuts: list[tuple[int, int, bytes]]) -> None:
    octets = good
    for at, length, word in cuts:
        start = at % len(octets)
        octets = octets[:start] + word + octets[start + length :]
    check(octets, unlock_for(octets))
    check_skipping(octets, unlock_for(octets))


@given(st.sampled_from([PLAIN, PROTECTED]), st.integers(0, 10_000), st.integers(1, 255))
def test_a_good_file_with_one_octet_changed(good: bytes, at: int, difference: int) -> None:
    octets = bytearray(good)
    octets[at % len(octets)] ^= difference
    check(bytes(octets), unlock_for(good))


@given(st.sampled_from([PLAIN, PROTECTED, DERIVED]), st.integers(0, 10_000))
def test_a_good_file_cut_off_anywhere(good: bytes, at: int) -> None:
    cut = good[: at % len(good)]
    check(cut, unlock_for(good))


@given(
    st.lists(
        st.sampled_from([b"<x/>", b"<Secret/>", b"<Key/>", b"junk", b"<Policy/>"]), max_size=3
    ),
    st.sampled_from([b"</Data>", b"</Key>", b"<Model>", b"<PlainValue>", b"</DeviceInfo>"]),
)
def test_a_fault_in_one_key_package_leaves_the_others(faults: list[bytes], place: bytes) -> None:
    octets = PLAIN.replace(place, b"".join(faults) + place, 1)
    file = opened(octets, None, instructions=SKIP_BAD)
    serials = [record.serial for record in file]
    assert serials[-3:] == ["GALT10000001", "GALT10000000", "GALT10000001"]


@given(st.text(max_size=80), st.sampled_from([b"Local", b"OTP", b"2026-01-01T00:00:00Z"]))
def test_any_text_in_a_policy_is_understood_or_forbids(text: str, value: bytes) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    octets = RICH.replace(value, escaped.encode("utf-8", "replace"), 1)
    check_skipping(octets, None)


@given(st.text(max_size=80))
def test_any_text_as_a_value(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").encode("utf-8", "replace")
    for value in (b"GALT10000000", b"Thales", b"HMAC-SHA1", b"30"):
        check(PLAIN.replace(value, escaped, 1), None)
