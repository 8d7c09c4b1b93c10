"""What PSKC's declaration says agrees with what its reader does."""

from io import BytesIO

import pytest

from importers import Instructions, Limits, PreSharedKey, UnknownFormat
from importers.pskc.format import PSKC
from importers.source import Source
from tests.unit.importers.reading import RFC_KEY, figure


def source(content: str) -> Source:
    return Source(BytesIO(content.encode()), "batch.pskc", Limits())


def test_the_declaration_opens_its_files() -> None:
    with PSKC.open(source(figure(6)), PreSharedKey(RFC_KEY), Instructions()) as file:
        assert [record.serial for record in file] == ["987654321"]


@pytest.mark.parametrize("content", ["<Tokens/>", "<KeyContainer/>", "<!-- nothing -->"])
def test_the_declaration_opens_no_other_file(content: str) -> None:
    with pytest.raises(UnknownFormat):
        PSKC.open(source(content), None, Instructions())


def test_no_field_is_described_twice() -> None:
    names = [field.name for field in PSKC.fields]
    assert len(names) == len(set(names))
