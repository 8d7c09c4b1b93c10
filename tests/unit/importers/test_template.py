"""What looks like a record read before is read without expat, and to no other end."""

import re
from io import BytesIO
from itertools import count

import pytest

from importers import Limits
from importers.pskc import grammar
from importers.rules import Kind, Rule, document
from importers.source import Source
from importers.template import LearningWalker
from tests.support.pskc_maker import PSKC, Hotp, Order, Tokens, Totp
from tests.unit.importers.reading import made
from tests.unit.importers.walking import PIECES, Walk, both, recalled

KEY = b"k" * 16
BATCH = made(Order((Tokens(40, Hotp()),)))
OPENING, *PACKAGES = re.split(rb"(?<=</KeyPackage>)", BATCH)
"""The opening ends with the first package; the last of the others is what stands after them."""


def spots(package: bytes) -> list[tuple[int, int]]:
    """Where to put a piece: at every edge of markup, within every value, in its place."""
    edges = [found.start() for found in re.finditer(rb"[<>\"=]|(?<=[>\"]) *", package)]
    values = [found.span(1) for found in re.finditer(rb"[>\"]([^<>\"]+)[<\"]", package)]
    inside = (end - 1 for _, end in values)
    return sorted({*((at, at) for at in [*edges, *inside]), *values})


def bare(number: int) -> bytes:
    """A key package with one of everything that a template knows, and nothing else."""
    return (
        b"\n<KeyPackage Id='p'><Key Id=\"%d\"><Issuer>ab\ncd</Issuer><Data><Secret>"
        b"<PlainValue>MTIz%d</PlainValue></Secret></Data></Key></KeyPackage>"
    ) % (number, number)


def around(*odd: bytes) -> bytes:
    """Some key packages to learn from, the odd ones, then more of either."""
    packages = [*map(bare, range(1_000, 1_016)), odd[0], bare(2_000), *odd, bare(2_001), odd[0]]
    return b"<KeyContainer xmlns='%b'>%b\n</KeyContainer>" % (PSKC.encode(), b"".join(packages))


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_no_piece_of_xml_in_any_place_is_read_otherwise(piece: bytes) -> None:
    packages = [bare(number) for number in range(3_000, 3_003)]
    for start, end in spots(packages[0]):
        both(around(*(package[:start] + piece + package[end:] for package in packages)))


@pytest.mark.parametrize("octets", [399, 400, 401])
def test_the_limit_of_a_key_package_is_exact_after_those_that_were_recalled(octets: int) -> None:
    package = bare(3_000)
    filler = b"<!--%b-->" % (b"x" * (octets - len(package) - 7))
    told = both(
        around(package.replace(b"<Key ", filler + b"<Key ")),
        Walk(limits=Limits(package_octets=400)),
    )
    assert len(told) == (17 if octets > 400 else 22)


def test_most_of_a_batch_is_read_without_expat() -> None:
    assert recalled(BATCH) > 30


def test_key_packages_of_several_kinds_are_remembered_side_by_side() -> None:
    kinds = [Tokens(1, kind) for kind in (Totp(), Hotp(counter=5), Totp(8), Hotp())]
    octets = made(Order(tuple(kinds * 20), key=KEY))
    both(octets)
    assert recalled(octets) > 50


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"UTF-8", b"ISO-8859-1"),
        (b"Thales", "Société".encode()),
        (b"\n", b"\r\n"),
        (b"\n", b""),
        (b"</PlainValue>", b"\n    </PlainValue>"),
        (b"</DeviceInfo>", b"<Extensions><a>b</a></Extensions></DeviceInfo>"),
        (b"<Model>", b"<!-- a comment --><Model>"),
        (b"<SerialNo>", b"<SerialNo xml:lang='a>b'>"),
        (b"<Model>OTP Display Card</Model>", b"<Model/>"),
    ],
)
def test_what_is_the_same_in_every_key_package_hinders_nothing(old: bytes, new: bytes) -> None:
    octets = BATCH.replace(old, new)
    both(octets)
    assert recalled(octets) > 20


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"UTF-8", b"UTF-16"),
        (b"Thales", b"A&amp;B"),
        (b"Thales", b"A<!---->B"),
        (b"<KeyPackage>", b"<Extensions/><KeyPackage>"),
        (b"</KeyPackage>", b"</KeyPackage\n>"),
        (b"</DeviceInfo>", b"<Extensions><KeyPackage>a</KeyPackage></Extensions></DeviceInfo>"),
        (b"</Data>", b"</Data><Extensions>" + b"a" * 9_000 + b"</Extensions>"),
    ],
    ids=ascii,
)
def test_what_could_be_mistaken_is_not_learnt(old: bytes, new: bytes) -> None:
    octets = BATCH.replace(old, new)
    if new == b"UTF-16":
        octets = octets.decode().encode("utf-16")
    both(octets)
    assert recalled(octets) == 0


def test_a_record_longer_than_a_value_may_be_is_left_to_expat() -> None:
    walk = Walk(limits=Limits(value_octets=len(PACKAGES[0]) - 1))
    both(BATCH, walk)
    assert recalled(BATCH, walk) == 0


@pytest.mark.parametrize(
    ("limit", "refusal"),
    [("value_octets", "Issuer is too long"), ("package_octets", "no key package ends within")],
)
def test_what_is_too_long_is_refused_though_it_looks_like_the_last(
    limit: str, refusal: str
) -> None:
    package = bare(3_000)
    walk = Walk(limits=Limits(**{limit: 2 * len(package)}))
    octets = around(package, package.replace(b"cd<", b"c" * 3 * len(package) + b"<"))
    assert refusal in str(both(octets, walk)[-1])
    assert recalled(octets, walk) > 2


def test_a_namespace_is_never_taken_for_a_value() -> None:
    numbers = count()
    foreign = re.sub(
        b"<Issuer>", lambda _: b"<Issuer xmlns:a='urn:%d' a:b=''>" % next(numbers), around(bare(1))
    )
    both(foreign)
    assert recalled(foreign) == 0


def test_records_that_are_not_alike_are_soon_left_to_expat() -> None:
    numbers = count()
    many = made(Order((Tokens(400, Hotp()),))).removeprefix(OPENING)
    unlike = re.sub(b"<Model>", lambda _: b"<!--%d--><Model>" % next(numbers), many)
    octets = b"".join([OPENING, *PACKAGES[:6], unlike.partition(b"</KeyContainer>")[0], *PACKAGES])
    both(octets)
    assert 0 < recalled(octets) < 6


def test_the_container_may_end_in_another_way_than_it_went_on() -> None:
    signature = b"<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'><KeyPackage/></Signature>"
    told = both(BATCH.replace(b"</KeyContainer>", signature + b"</KeyContainer>"))
    assert len(told) == 41


def test_what_looks_alike_elsewhere_is_not_taken_for_the_same() -> None:
    values = [Rule(("b",), Kind.TEXT) for _ in range(2)]
    records = [Rule(("a",), Kind.RECORD, (value,)) for value in values]
    groups = [Rule((f"g{n}",), Kind.GROUP, (record,)) for n, record in enumerate(records)]
    top = document(Rule(("r",), Kind.GROUP, tuple(groups)))
    batch = "".join(f"<a><b>{number}</b></a>" for number in range(400))
    octets = f"<r><g0>{batch}</g0><g1>{batch}</g1></r>".encode()
    walk = Walk(top, values[0])
    assert len(both(octets, walk)) == 801
    assert recalled(octets, walk) > 400


def test_no_seed_stays_in_a_template() -> None:
    octets = made(Order((Tokens(200, Hotp()),)))
    source = Source(BytesIO(octets), "batch.pskc", Limits())
    walker = LearningWalker(source, grammar.DOCUMENT, grammar.SERIAL_NO, lenient=False)
    seeds = {capture.text(grammar.PLAIN_VALUE) for capture in walker.captures()}
    templates = list(walker._templates.values())
    assert templates
    for template in templates:
        assert not seeds & set(template._model.texts)
        assert not any(str(seed) in template.pattern.pattern for seed in seeds)
