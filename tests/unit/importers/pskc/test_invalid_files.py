"""Every file in invalid/ is refused with the error that its name begins with."""

from pathlib import Path

import pytest

from importers import (
    ImporterError,
    IntegrityFailure,
    Malformed,
    PreSharedKey,
    UnknownFormat,
    Unsupported,
    WrongKey,
)
from tests.unit.importers.reading import RFC_KEY, VECTORS, refused

ERRORS = {
    "integrity": IntegrityFailure,
    "malformed": Malformed,
    "unknownformat": UnknownFormat,
    "unsupported": Unsupported,
    "wrongkey": WrongKey,
}
INVALID = sorted((VECTORS / "invalid").iterdir())


def refusal(path: Path) -> ImporterError:
    content = path.read_bytes()
    protected = b"<MACMethod" in content or b"<EncryptionKey>" in content
    return refused(content, PreSharedKey(RFC_KEY) if protected else None)


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_an_invalid_file_is_refused_with_its_error(path: Path) -> None:
    assert type(refusal(path)) is ERRORS[path.stem.partition("-")[0]]


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_a_refusal_tells_no_value_of_the_file(path: Path) -> None:
    told = f"{refusal(path)!s} {refusal(path)!r}"
    for secret in ("MTIzNDU2", "1234567890123456", "AAECAwQF", "Su+Nv", "3132333435"):
        assert secret not in told


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_a_refusal_names_file_and_remedy(path: Path) -> None:
    error = refusal(path)
    assert error.name == "batch.pskc"
    assert error.remedy
    assert error.line is not None
    assert error.line >= 1
