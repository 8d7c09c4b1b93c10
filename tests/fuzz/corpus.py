"""Where fuzzing starts: all files of tests/vectors, one reader a folder, and some made here."""

import gzip
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO

import pyzipper  # type: ignore[import-untyped]  # ships no types

from tests.fuzz.setups import PHRASE, VECTORS, Setup
from tests.support.pskc_maker import Hotp, Order, Tokens, write_pskc

MADE = "made"
# Each of these starts a process; tests/integration/importers reads them.
_NOT_READ_HERE = {"gnupg"}
_TOKEN = re.compile(rb"[A-Za-z0-9_:#./+=-]{2,60}")


@dataclass(slots=True)
class Entry:
    """A file to start from, and the setups that got records out of it or of what became of it."""

    reader: str
    octets: bytes
    good: list[Setup] = field(default_factory=list)


def readers() -> list[str]:
    """Every folder of tests/vectors that is fuzzed, and what is made here."""
    folders = {path.name for path in VECTORS.iterdir() if path.is_dir()}
    return [*sorted(folders - _NOT_READ_HERE), MADE]


def entries(reader: str | None = None) -> list[Entry]:
    """The corpus, or one reader's part of it."""
    return [
        entry
        for name in readers()
        if reader in {None, name}
        for entry in (_made() if name == MADE else _folder(name))
    ]


def words(corpus: list[Entry]) -> list[bytes]:
    """Every word of the corpus, to put where another stood."""
    found = {word for entry in corpus for word in _TOKEN.findall(entry.octets[: 16 << 10])}
    return sorted(found)


def _folder(name: str) -> Iterator[Entry]:
    for path in sorted((VECTORS / name).rglob("*")):
        if path.is_file() and path.suffix not in {".md", ".pem"}:
            yield Entry(name, path.read_bytes())


def _made() -> Iterator[Entry]:
    plain = _pskc(Order((Tokens(3), Tokens(2, Hotp()))))
    yield Entry(MADE, plain)
    yield Entry(MADE, _pskc(Order((Tokens(5),), key=b"k" * 16)))
    yield Entry(MADE, plain.decode().replace("UTF-8", "UTF-16").encode("utf-16"))
    yield Entry(MADE, gzip.compress(plain))
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as members:
        members.writestr("batch.pskc", plain)
    yield Entry(MADE, archive.getvalue())
    encrypted = BytesIO()
    with pyzipper.AESZipFile(encrypted, "w", encryption=pyzipper.WZ_AES) as members:
        members.setpassword(PHRASE.encode())
        members.writestr("batch.pskc", plain)
    yield Entry(MADE, encrypted.getvalue())


def _pskc(order: Order) -> bytes:
    target = BytesIO()
    write_pskc(order, target)
    return target.getvalue()
