"""Errors read as one message: where, what, what follows, what to do."""

from importers import Malformed, Place


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
