"""Every file in a format's invalid/ is refused with the error that its name begins with."""

from pathlib import Path

import pytest

from importers import (
    ImporterError,
    Instructions,
    LimitExceeded,
    Malformed,
    UnknownFormat,
    Unsupported,
)
from tests.unit.importers.vendor import FORMS, HEX, SILENT, VECTORS, refusal

ERRORS = {
    "limitexceeded": LimitExceeded,
    "malformed": Malformed,
    "unknownformat": UnknownFormat,
    "unsupported": Unsupported,
}
INVALID = sorted(
    path for path in VECTORS.glob("*/invalid/*") if not path.is_relative_to(VECTORS / "rfc6030")
)


def refused(path: Path) -> ImporterError:
    format_ = path.parent.parent.name
    said = FORMS.get(format_, Instructions(format=format_))
    if path.name.startswith("unknownformat") or format_ == "unread":
        said = SILENT
    return refusal(path.read_bytes(), said)


def name(path: Path) -> str:
    return f"{path.parent.parent.name}-{path.stem}"


@pytest.mark.parametrize("path", INVALID, ids=name)
def test_an_invalid_file_is_refused_with_its_error(path: Path) -> None:
    assert type(refused(path)) is ERRORS[path.stem.partition("-")[0]]


@pytest.mark.parametrize("path", INVALID, ids=name)
def test_a_refusal_tells_no_seed_of_the_file(path: Path) -> None:
    error = refused(path)
    told = f"{error!s} {error!r} {error.remedy}".casefold()
    for secret in (HEX[:12], "gezdgnbv", "mtizndu2", "abcdef23", "0001020304", "0123456789ab"):
        assert secret not in told


@pytest.mark.parametrize("path", INVALID, ids=name)
def test_a_refusal_can_be_printed_and_names_file_and_remedy(path: Path) -> None:
    error = refused(path)
    assert error.name == "batch"
    assert error.remedy
    assert str(error).isprintable()
