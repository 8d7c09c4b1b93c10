"""Errors read as one message: where, what, what follows, what to do."""

import pytest

from importers import KeyMissing, Malformed, Place, WrongKey, read_key_file
from tests.support.pskc_maker import Order, Tokens
from tests.unit.importers.reading import figure, made, refused


def test_a_message_names_file_line_path_serial_reason_and_remedy() -> None:
    place = Place("batch.pskc", 12, "/KeyContainer/KeyPackage", "GALT10000001")
    error = Malformed("ResponseFormat is missing", place, "Ask for it.")
    assert str(error) == (
        "batch.pskc, line 12, /KeyContainer/KeyPackage, serial GALT10000001: "
        "ResponseFormat is missing. The whole file is refused. Ask for it."
    )


def test_a_message_leaves_out_what_is_not_known() -> None:
    assert str(Malformed("it is empty", Place("batch.pskc"))).startswith("batch.pskc: it is empty.")


def test_an_error_carries_its_place() -> None:
    error = Malformed("x", Place("batch.pskc", 3, "/KeyContainer", "S1"))
    assert (error.name, error.line, error.path, error.serial) == (
        "batch.pskc",
        3,
        "/KeyContainer",
        "S1",
    )


def test_every_error_has_a_remedy() -> None:
    assert Malformed("x", Place("batch.pskc")).remedy == Malformed.default_remedy


def test_a_missing_key_names_its_option() -> None:
    key = b"k" * 16
    error = refused(made(Order((Tokens(1),), key=key)))
    assert isinstance(error, KeyMissing)
    assert error.remedy == "Give its key: --key-file."


def test_a_missing_passphrase_names_its_option() -> None:
    error = refused(figure(7))
    assert isinstance(error, KeyMissing)
    assert error.remedy == "Give the passphrase: --passphrase-file."


def test_text_that_is_no_key_may_be_a_passphrase() -> None:
    with pytest.raises(WrongKey) as caught:
        read_key_file(b"correct horse")
    assert "--passphrase-file" in caught.value.remedy


def test_xml_that_is_cut_off_is_to_be_transferred_again() -> None:
    error = refused(figure(3)[:-20])
    assert error.remedy.startswith("Transfer the file again, and compare its size and hash")


def test_a_short_seed_of_a_key_package_names_the_option() -> None:
    error = refused(made(Order((Tokens(1),), seed=lambda _: b"s" * 12)))
    assert "--allow-short" in error.remedy
