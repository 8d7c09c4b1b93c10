"""Whatever a maker's file holds: seed records or an ImporterError come out, and nothing else."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from importers import (
    FORMATS,
    Digest,
    Encoding,
    HotpParameters,
    ImporterError,
    Instructions,
    Kind,
    Limits,
    SeedRecord,
    TotpParameters,
)
from tests.unit.importers.vendor import FORMS, VECTORS, opened

SMALL = Limits(package_octets=20_000, value_octets=1_000, records=100)
SAMPLES = sorted(VECTORS.glob("*/sample.*"))
IDS = [known.id for known in FORMATS]
WORDS = (
    b",", b";", b"\t", b":", b'"', b'""', b"\n", b"\r", b"#", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf",
    b"{", b"}", b"[", b"]", b"=", b"<", b">", b"</", b"<!--", b"&#0;", b"-1", b"9" * 40,
    b"1.23E+11", b"(des:", b"sccMode=T;", b"LOGGING START", b"# version: 2", b"null",
    b"totp", b"\\ud800", "\u202e\u0661".encode(), b" ", b"hotp", b"yubico",
)  # fmt: skip
instructions = st.builds(
    Instructions,
    format=st.none() | st.sampled_from([*IDS, "none"]),
    kind=st.none() | st.sampled_from(Kind),
    digest=st.none() | st.sampled_from(Digest),
    digits=st.none() | st.integers(5, 10),
    step_s=st.none() | st.integers(0, 121),
    encoding=st.none() | st.sampled_from(Encoding),
    skip_bad=st.booleans(),
    allow_short=st.booleans(),
)


def check(octets: bytes, said: Instructions) -> None:
    """Read the file to its end, or to a refusal that can be shown."""
    try:
        file = opened(octets, said, limits=SMALL)
        file.on_refusal = lambda error: assert_printable(error) if said.skip_bad else stop(error)
        for record in file:
            assert isinstance(record, SeedRecord)
            assert record.serial.isprintable()
            if isinstance(record.parameters, HotpParameters | TotpParameters):
                assert 6 <= record.parameters.digits <= 9
    except ImporterError as error:
        assert_printable(error)


def assert_printable(error: ImporterError) -> None:
    assert str(error).isprintable()


def stop(error: ImporterError) -> None:
    raise error


@given(st.binary(max_size=300), instructions)
@example(b"", Instructions(format="linotp"))
def test_any_octets(octets: bytes, said: Instructions) -> None:
    check(octets, said)


@given(st.text(max_size=300), st.sampled_from(["utf-8", "utf-16"]), instructions)
def test_any_text(text: str, encoding: str, said: Instructions) -> None:
    check(text.encode(encoding, "replace"), said)


@given(st.lists(st.lists(st.text(max_size=20), max_size=8), max_size=5), instructions)
def test_any_columns(rows: list[list[str]], said: Instructions) -> None:
    check("\n".join(",".join(row) for row in rows).encode("utf-8", "replace"), said)


@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(SAMPLES).map(lambda path: path.read_bytes()),
    st.lists(
        st.tuples(st.integers(0, 5_000), st.integers(0, 40), st.sampled_from(WORDS)), max_size=4
    ),
    instructions,
)
def test_a_sample_with_pieces_replaced(
    good: bytes, cuts: list[tuple[int, int, bytes]], said: Instructions
) -> None:
    octets = good
    for at, length, word in cuts:
        start = at % (len(octets) + 1)
        octets = octets[:start] + word + octets[start + length :]
    check(octets, said)


@settings(max_examples=300)
@given(
    st.sampled_from(SAMPLES).map(lambda path: path.read_bytes()),
    st.integers(0, 5_000),
    st.integers(1, 255),
    instructions,
)
def test_a_sample_with_one_octet_changed(
    good: bytes, at: int, difference: int, said: Instructions
) -> None:
    octets = bytearray(good)
    octets[at % len(octets)] ^= difference
    check(bytes(octets), said)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["value", "secretKey", "serialNumber", "timeIntervalInSeconds", "a"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
def test_any_json(value: object) -> None:
    check(json.dumps(value).encode(), Instructions(format="entra-json", skip_bad=True))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_a_sample_cut_off_anywhere(path: Path) -> None:
    good, id_ = path.read_bytes(), path.parent.name
    said = FORMS.get(id_, Instructions(format=id_))
    for at in range(0, len(good), 7):
        check(good[:at], said)
