"""An opened seed file: one pass, its warnings, its progress, and the end of its key."""

from importers import PreSharedKey, Warned, WarningCode
from importers.source import CHUNK
from tests.support.pskc_maker import Order, Tokens
from tests.unit.importers.reading import changed, figure, made, opened

KEY = b"k" * 16
SIGNATURE = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><a/></ds:Signature>'


def test_a_file_is_read_once() -> None:
    file = opened(figure(3))
    assert len(list(file)) == 1
    assert list(file) == []


def test_serials_are_not_remembered_so_one_that_stands_twice_is_yielded_twice() -> None:
    file = opened(made(Order((Tokens(1), Tokens(1)))))
    assert [record.serial for record in file] == ["GALT10000000", "GALT10000000"]


def test_a_signature_is_noted_after_the_last_record_and_warned_of() -> None:
    file = opened(changed(figure(3), "</KeyContainer>", f"{SIGNATURE}</KeyContainer>"))
    assert len(list(file)) == 1
    assert file.signed
    assert file.warnings == (Warned(WarningCode.SIGNATURE_NOT_VERIFIED, 1),)


def test_a_signature_in_pskcs_own_namespace_is_noted_as_well() -> None:
    file = opened(changed(figure(3), "</KeyContainer>", "<Signature/></KeyContainer>"))
    list(file)
    assert file.signed


def test_a_file_without_a_signature_is_not_signed() -> None:
    file = opened(figure(3))
    list(file)
    assert not file.signed


def test_warnings_are_counted_over_the_file() -> None:
    file = opened(made(Order((Tokens(7),), seed=lambda _: bytes(16))))
    list(file)
    assert file.warnings == (Warned(WarningCode.SEED_UNDER_160_BITS, 7),)


def test_the_position_advances_to_the_end_of_the_file() -> None:
    octets = made(Order((Tokens(500),)))
    file = opened(octets)
    assert file.position == CHUNK
    list(file)
    assert file.position == len(octets)


def test_leaving_a_file_wipes_its_transport_key() -> None:
    with opened(made(Order((Tokens(1),), key=KEY)), PreSharedKey(KEY)) as file:
        key = file.transport_key
    assert key is not None
    with key.expose() as octets:
        assert bytes(octets) == bytes(16)


def test_leaving_a_plain_file_needs_no_key() -> None:
    with opened(figure(3)) as file:
        assert file.transport_key is None
