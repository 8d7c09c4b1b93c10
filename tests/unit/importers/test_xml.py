"""Nothing in a document passes unseen, and nothing in it costs more than its limits allow."""

import time

import pytest

from importers import (
    LimitExceeded,
    Limits,
    Malformed,
    Unsupported,
    WarningCode,
    open_seed_file,
)
from tests.support.pskc_maker import Fault, Order, Tokens
from tests.unit.importers.reading import changed, figure, made, opened, read, refused, until_refused

SERIAL = "987654321"


@pytest.mark.parametrize(
    "cut", ["9876<!-- a -->54321", "9876<?a b?>54321", "9876<![CDATA[54321]]>"]
)
def test_a_value_with_a_comment_in_it_is_joined_never_cut(cut: str) -> None:
    assert read(changed(figure(3), SERIAL, cut))[0].serial == SERIAL


def test_a_seed_with_a_comment_in_it_is_joined_never_cut() -> None:
    record = read(changed(figure(3), "MTIzNDU2", "MTIz<!-- a -->NDU2"))[0]
    with record.seed.expose() as octets:  # type: ignore[union-attr] # a plain file
        assert bytes(octets) == b"12345678901234567890"


def test_character_references_are_resolved() -> None:
    assert read(changed(figure(3), SERIAL, "98765&#52;321"))[0].serial == SERIAL


def test_any_prefix_may_stand_for_the_namespace() -> None:
    text = figure(3).replace("</", "</p:").replace("<", "<p:").replace("<p:/p:", "</p:")
    text = text.replace("<p:?", "<?").replace("xmlns=", "xmlns:p=")
    assert read(text)[0].serial == SERIAL


def test_what_extensions_hold_is_ignored() -> None:
    inner = f"<KeyPackage><a>{'<b>x</b>' * 9}</a></KeyPackage>"
    text = changed(figure(3), "</DeviceInfo>", f"<Extensions>{inner}</Extensions></DeviceInfo>")
    assert len(read(text)) == 1


@pytest.mark.parametrize("end", ["</DeviceInfo>", "</Data>", "</KeyPackage>", "</KeyContainer>"])
def test_a_key_package_within_extensions_is_none(end: str) -> None:
    text = figure(3)
    package = text[text.index("<KeyPackage>") : text.index("</KeyContainer>")]
    text = changed(text, end, f"<Extensions>{package}</Extensions>{end}")
    assert [record.serial for record in read(text)] == [SERIAL]


def test_a_key_package_of_another_namespace_is_none() -> None:
    foreign = '<KeyPackage xmlns="urn:evil"><Key/></KeyPackage></KeyContainer>'
    error = refused(changed(figure(3), "</KeyContainer>", foreign))
    assert isinstance(error, Malformed)
    assert "'urn:evil KeyPackage' does not belong here" in error.reason


def test_an_element_without_a_namespace_is_not_pskcs() -> None:
    assert isinstance(refused(changed(figure(3), "<Issuer>", '<Issuer xmlns="">')), Malformed)


def test_an_entity_repeated_without_end_is_refused_with_its_doctype() -> None:
    doctype = f'<!DOCTYPE k [<!ENTITY a "{"a" * 50_000}">]><KeyContainer'
    text = changed(figure(3), "<KeyContainer", doctype)
    assert "DOCTYPE" in refused(changed(text, ">Issuer<", f">{'&a;' * 50_000}<")).reason


def test_extensions_may_stand_there_twice() -> None:
    twice = "<Extensions a='1'>x</Extensions><Extensions/>"
    assert len(read(changed(figure(3), "</DeviceInfo>", f"{twice}</DeviceInfo>"))) == 1


def test_attributes_of_other_namespaces_are_ignored() -> None:
    xsi = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"'
    assert len(read(changed(figure(3), ' Version="1.0"', f' Version="1.0"{xsi}'))) == 1


def test_deep_nesting_is_refused_even_where_it_is_not_looked_into() -> None:
    deep = f"<Extensions>{'<a>' * 30}{'</a>' * 30}</Extensions>"
    error = refused(changed(figure(3), "</Data>", f"{deep}</Data>"))
    assert isinstance(error, LimitExceeded)
    assert "deeper than 32" in error.reason


def test_a_huge_value_is_refused() -> None:
    text = changed(figure(3), ">Issuer<", f">{'x' * 70_000}<")
    assert "Issuer is too long" in refused(text).reason


@pytest.mark.parametrize("filler", ["<!--{}-->", "<Extensions>{}</Extensions>", "<Issuer a='{}'/>"])
def test_a_huge_key_package_is_refused_before_it_is_read_whole(filler: str) -> None:
    text = changed(figure(3), "<Issuer>", filler.format("x" * 2_000_000) + "<Issuer>")
    file = refused(text)
    assert isinstance(file, LimitExceeded)
    assert "1048576" in file.reason


def test_a_key_package_over_a_small_limit_is_refused_within_one_chunk() -> None:
    assert isinstance(refused(figure(3), limits=Limits(package_octets=500)), LimitExceeded)


def test_a_file_over_the_limit_is_refused() -> None:
    error = refused(figure(3), limits=Limits(max_bytes=100))
    assert "longer than 100 octets" in error.reason


def test_more_key_packages_than_allowed_are_refused() -> None:
    error = refused(made(Order((Tokens(3),))), limits=Limits(records=2))
    assert "more than 2 key packages" in error.reason


def test_a_doctype_is_refused_before_its_entities_cost_anything() -> None:
    entities = '<!ENTITY a0 "aaaaaaaaaa">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)
    )
    text = changed(figure(3), "<KeyContainer", f"<!DOCTYPE k [{entities}]><KeyContainer")
    started = time.process_time()
    error = refused(changed(text, ">Issuer<", ">&a11;<"))
    assert isinstance(error, Unsupported)
    assert "DOCTYPE" in error.reason
    assert time.process_time() - started < 1


def test_a_doctype_error_names_its_line() -> None:
    assert refused(made(Order((Tokens(1),), fault=Fault.DOCTYPE))).line == 2


def test_an_error_names_line_path_and_serial() -> None:
    error = refused(changed(figure(3), 'Length="8"', 'Length="20"'))
    assert (error.line, error.serial) == (18, SERIAL)
    assert error.path == "/KeyContainer/KeyPackage/Key/AlgorithmParameters/ResponseFormat"


def test_a_missing_element_is_placed_where_it_should_be() -> None:
    error = refused(changed(figure(3), f"<SerialNo>{SERIAL}</SerialNo>", ""))
    assert error.path == "/KeyContainer/KeyPackage/DeviceInfo/SerialNo"
    assert error.line == 6


@pytest.mark.parametrize("at", [200, 400, 900])
def test_a_file_cut_off_names_the_last_good_key_package(at: int) -> None:
    order = Order((Tokens(1_000),), fault=Fault.TRUNCATED, fault_at=at)
    records, error = until_refused(opened(made(order)))
    last = f"GALT{10_000_000 + at - 1}"
    assert records[-1].serial == last
    assert isinstance(error, Malformed)
    assert f"the last key package read whole is {last}, ending on line " in error.reason


def test_what_stands_before_an_error_is_yielded_first() -> None:
    records, _ = until_refused(opened(made(Order((Tokens(9),), fault=Fault.TRAILING_JUNK))))
    assert len(records) == 9


def test_text_after_the_last_key_package_is_refused() -> None:
    text = changed(figure(3), "</KeyContainer>", "junk</KeyContainer>")
    assert "text stands where elements belong" in refused(text).reason


def test_a_higher_minor_version_is_read_past_unknown_elements_with_a_warning() -> None:
    text = changed(figure(3), 'Version="1.0"', 'Version="01.2" Colour="red"')
    file = opened(changed(text, "<Issuer>", "<Colour><Deep/></Colour><Issuer>"))
    assert [record.serial for record in file] == [SERIAL]
    assert [(warned.code, warned.count) for warned in file.warnings] == [
        (WarningCode.UNKNOWN_ELEMENT, 2)
    ]
    assert file.header.format == "PSKC 1.2"


def test_a_higher_minor_version_still_has_no_element_within_a_value() -> None:
    text = changed(figure(3), 'Version="1.0"', 'Version="1.1"')
    assert isinstance(refused(changed(text, SERIAL, "9876<x/>54321")), Malformed)


def test_a_higher_minor_version_still_has_no_policy_that_is_dropped() -> None:
    text = changed(figure(3), 'Version="1.0"', 'Version="1.1"')
    policy = read(changed(text, "</Data>", "</Data><Policy><New/></Policy>"))[0].policy
    assert policy is not None
    assert policy.unknown


class Dripping:
    """A stream that gives a few octets at a time."""

    def __init__(self, octets: bytes, most: int) -> None:
        self._octets = octets
        self._most = most

    def read(self, size: int, /) -> bytes:
        size = min(size, self._most)
        taken, self._octets = self._octets[:size], self._octets[size:]
        return taken


@pytest.mark.parametrize("most", [1, 7, 100])
def test_a_file_that_comes_in_small_pieces_reads_the_same(most: int) -> None:
    source = Dripping(made(Order((Tokens(200),))), most)
    serials = [record.serial for record in open_seed_file(source, None, name="pipe")]
    assert serials == [f"GALT{number}" for number in range(10_000_000, 10_000_200)]
