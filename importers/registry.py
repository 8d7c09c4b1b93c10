"""Which reader a file's first octets ask for: by its content, never by its name."""

import re
from collections.abc import Callable

from importers import (
    authenex,
    deepnet_xml,
    entra_json,
    heading_csv,
    nexus,
    oath_csv,
    safenet_xml,
    safeword_dat,
    tagespasswort,
    yubico,
)
from importers.columns import Dialect
from importers.containers.wrapper import wrapper_of
from importers.errors import Malformed, Place, UnknownFormat, Unsupported
from importers.format import Format
from importers.instructions import Instructions
from importers.pskc.format import PSKC, READERS
from importers.seed_file import SeedFile
from importers.source import CHUNK, Source
from importers.text import head_text
from importers.unlock import Unlock
from importers.xml import Root, peek_root

FORMATS: tuple[Format, ...] = (
    PSKC,
    safenet_xml.FORMAT,
    safeword_dat.FORMAT,
    *heading_csv.FORMATS,
    entra_json.FORMAT,
    *oath_csv.FORMATS,
    *yubico.FORMATS,
    deepnet_xml.FORMAT,
    nexus.FORMAT,
    authenex.FORMAT,
    tagespasswort.FORMAT,
)
_BY_ID = {known.id: known for known in FORMATS}

_XML = {
    **dict.fromkeys(READERS, PSKC),
    safenet_xml.ROOT: safenet_xml.FORMAT,
    deepnet_xml.ROOT: deepnet_xml.FORMAT,
}
# Recognised by their root element, so that the refusal can name them, and the remedy.
_FROM_MAKER = "Ask the manufacturer for the same tokens as PSKC 1.0 (RFC 6030)."
_RSA = "SecurID tokens make no OATH codes: they work with RSA's own server only."
_XML_UNREAD = {
    "http://www.openauthentication.org/OATH/2006/08/PSKC SecretContainer": (
        "PSKC of draft 00",
        _FROM_MAKER,
    ),
    "urn:ietf:params:xml:ns:keyprov:pskc:1.0 KeyContainer": ("PSKC of draft 02", _FROM_MAKER),
    "TKNBatch": ("RSA SecurID (.sdtid)", _RSA),
}
# UTF-16 is known by its byte order mark only: without one its order would be a guess.
_XML_STARTS = (b"<", b"\xff\xfe<\x00", b"\xfe\xff\x00<")
_UTF16_STARTS = (b"<\x00", b"\x00<")

# Text that says in its first lines what it is; then text whose rows must tell.
_MARKED: tuple[tuple[str, Callable[[Source], bool]], ...] = (
    (safeword_dat.FORMAT.id, safeword_dat.marks),
    (authenex.FORMAT.id, authenex.marks),
    (entra_json.FORMAT.id, entra_json.marks),
    *((dialect.id, dialect.marks) for dialect in (yubico.LOG, oath_csv.PRIVACYIDEA_V2)),
    *((dialect.id, dialect.marks) for dialect in heading_csv.DIALECTS),
)
_UNMARKED: tuple[Dialect, ...] = tuple(
    dialect
    for dialect in (*oath_csv.DIALECTS, yubico.YKKSM, nexus.NEXUS, tagespasswort.TAGESPASSWORT)
    if dialect.marker is None
)
# OneSpan's .dpx, and the CSV of its blobs (248 octets each) that other servers take.
_DPX_SUFFIX = ".dpx"
_DPX_BLOB = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{496}(?![0-9A-Fa-f])", re.ASCII)
_SAY_IT = (
    "Check that this is the file meant; a text file's format can be said by --format, "
    "and how its seeds are spelt by --encoding."
)


def open_source(source: Source, unlock: Unlock | None, instructions: Instructions) -> SeedFile:
    """The file, opened by the reader for its format. Raises UnknownFormat where there is none."""
    return _format(source, instructions).open(source, unlock, instructions)


def _format(source: Source, instructions: Instructions) -> Format:
    """The format of the content, or the one that the operator names: then its reader checks."""
    place = Place(source.name)
    if not source.head and source.position < CHUNK:
        raise UnknownFormat("it is empty", place)
    wrapper = wrapper_of(source.head)
    if wrapper is not None:
        raise Unsupported(f"this is {wrapper.value}", place, wrapper.remedy)
    if source.head.startswith(_UTF16_STARTS):
        raise Unsupported("UTF-16 without a byte order mark", place)
    if instructions.format is not None:
        return _named(instructions.format, place)
    if source.head.startswith(_XML_STARTS):
        root = peek_root(source)
        if root is None:
            raise UnknownFormat("no XML element starts in its first octets", place)
        return _xml(root, source)
    return _text(source, instructions)


def _named(id_: str, place: Place) -> Format:
    found = _BY_ID.get(id_)
    if found is None:
        known = ", ".join(_BY_ID)
        raise UnknownFormat(
            f"there is no such format; known are {known}", place, "Correct --format."
        )
    return found


def _xml(root: Root, source: Source) -> Format:
    found = _XML.get(root.name)
    if found is not None:
        return found
    place = Place(source.name, root.line)
    if root.name in _XML_UNREAD:
        name, remedy = _XML_UNREAD[root.name]
        raise Unsupported(f"{name} is not read here", place, remedy)
    raise UnknownFormat("its root element is no seed file's known here", place)


def _text(source: Source, instructions: Instructions) -> Format:
    place = Place(source.name)
    try:
        head = head_text(source)
    except Malformed as flaw:
        raise UnknownFormat("it is neither XML nor text", flaw.place, flaw.remedy) from None
    for id_, marks in _MARKED:
        if marks(source):
            return _BY_ID[id_]
    verdicts = {dialect.id: dialect.judge(source, instructions) for dialect in _UNMARKED}
    fitting = [id_ for id_, verdict in verdicts.items() if verdict.fits]
    if len(fitting) == 1:
        return _BY_ID[fitting[0]]
    if fitting:
        raise UnknownFormat(
            f"its rows could be of {_listed(fitting)}",
            place,
            "Ask the maker for which of these it was made, and say it by --format.",
        )
    _refuse_dpx(source, head)
    furthest = max(verdict.misfit for verdict in verdicts.values())
    if furthest:
        partly = [id_ for id_, verdict in verdicts.items() if verdict.misfit == furthest]
        raise UnknownFormat(
            f"its rows are of {_listed(partly)}, but not this line",
            Place(source.name, furthest),
            "Correct the line, or remove it if it is a heading; or say the format by --format.",
        )
    raise UnknownFormat("it does not start like any seed file known here", place, _SAY_IT)


def _listed(ids: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(ids[:-1]), ids[-1])))


def _refuse_dpx(source: Source, head: str) -> None:
    # The suffix decides only how a file is refused that nothing here could read.
    if _DPX_BLOB.search(head) or source.name.casefold().endswith(_DPX_SUFFIX):
        raise Unsupported(
            "OneSpan (Vasco) DIGIPASS seeds are not read here",
            Place(source.name),
            "They open with OneSpan's own software and transport key only: ask for PSKC.",
        )
