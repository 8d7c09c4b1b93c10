"""Opens signed files by a certificate, and lays hands on them first."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from importers import (
    ImporterError,
    Instructions,
    Limits,
    SeedFile,
    Unlock,
    open_seed_file,
)
from tests.support.pskc_maker import Order, Tokens
from tests.support.signing import (
    Maker,
    maker,
    signed,
)
from tests.unit.importers.reading import changed, made

KEY = b"k" * 16
PLAIN = changed(made(Order((Tokens(3),))).decode(), "<KeyContainer", '<KeyContainer Id="all"')
SIGNED = signed(PLAIN, maker())
DS = "{http://www.w3.org/2000/09/xmldsig#}"
C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
PSKC = "{urn:ietf:params:xml:ns:keyprov:pskc}"
SERIALS = ["GALT10000000", "GALT10000001", "GALT10000002"]
Tree = Any  # an lxml element: lxml ships no types


class Changing(BytesIO):
    """A file that someone writes to between two passes."""

    def __init__(self, content: bytes, then: bytes, after: int) -> None:
        super().__init__(content)
        self._then = then
        self._after = after

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._after -= 1
        if not self._after:
            super().seek(0)
            self.write(self._then)
        return super().seek(offset, whence)


def open_stream(
    stream: BytesIO, *by: Maker, unlock: Unlock | None = None, limits: Limits | None = None
) -> SeedFile:
    certificates = tuple(each.pem for each in by or (maker(),))
    return open_seed_file(
        stream,
        unlock,
        name="batch.pskc",
        limits=limits or Limits(),
        instructions=Instructions(signed_by=certificates),
    )


def opened(content: bytes, *by: Maker, unlock: Unlock | None = None) -> SeedFile:
    return open_stream(BytesIO(content), *by, unlock=unlock)


def refused(content: bytes, *by: Maker, limits: Limits | None = None) -> ImporterError:
    with pytest.raises(ImporterError) as caught:
        list(open_stream(BytesIO(content), *by, limits=limits))
    return caught.value


def serials(content: bytes, *by: Maker) -> list[str]:
    return [record.serial for record in opened(content, *by)]


def edited(content: bytes, change: Callable[[Tree], object]) -> bytes:
    """The document after something was done to its tree, its signature left as it was."""
    root = etree.fromstring(content)
    change(root)
    octets: bytes = etree.tostring(root)
    return octets


def replaced(old: str, new: str) -> bytes:
    return changed(SIGNED.decode(), old, new).encode()
