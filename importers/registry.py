"""Which reader a file's first octets ask for."""

from collections.abc import Callable

from importers.containers.wrapper import wrapper_of
from importers.errors import Place, UnknownFormat, Unsupported
from importers.instructions import Instructions
from importers.pskc.format import READERS
from importers.seed_file import SeedFile
from importers.source import Source
from importers.unlock import Unlock
from importers.xml import Root, peek_root

XmlReader = Callable[[Source, Root, Unlock | None, Instructions], SeedFile]

_XML_READERS: dict[str, XmlReader] = {**READERS}

# Recognised by their root element, so that the refusal can name them.
_XML_UNREAD = {
    "http://www.openauthentication.org/OATH/2006/08/PSKC SecretContainer": "PSKC of draft 00",
    "urn:ietf:params:xml:ns:keyprov:container KeyContainer": "draft PSKC (ActivIdentity)",
    "urn:ietf:params:xml:ns:keyprov:container:1.0 KeyContainer": "draft PSKC (ActivIdentity)",
    "urn:ietf:params:xml:ns:keyprov:pskc:1.0 KeyContainer": "PSKC of draft 02",
    "Tokens": "SafeNet token XML",
    "TKNBatch": "RSA SecurID",
}
# UTF-16 is known by its byte order mark only: without one its order would be a guess.
_XML_STARTS = (b"<", b"\xff\xfe<\x00", b"\xfe\xff\x00<")
_UTF16_STARTS = (b"<\x00", b"\x00<")


def open_source(source: Source, unlock: Unlock | None, instructions: Instructions) -> SeedFile:
    """The file, opened by the reader for its format. Raises UnknownFormat where there is none."""
    place = Place(source.name)
    wrapper = wrapper_of(source.head)
    if wrapper is not None:
        raise Unsupported(f"this is {wrapper.value}", place, "Unwrap it, and import what is in it.")
    if source.head.startswith(_UTF16_STARTS):
        raise Unsupported("UTF-16 without a byte order mark", place)
    if not source.head.startswith(_XML_STARTS):
        raise UnknownFormat("it does not start like any seed file known here", place)
    root = peek_root(source)
    if root is None:
        raise UnknownFormat("no XML element starts in its first octets", place)
    return _xml_reader(root, source)(source, root, unlock, instructions)


def _xml_reader(root: Root, source: Source) -> XmlReader:
    reader = _XML_READERS.get(root.name)
    if reader is not None:
        return reader
    place = Place(source.name, root.line)
    if root.name in _XML_UNREAD:
        raise Unsupported(f"{_XML_UNREAD[root.name]} is not read here", place)
    raise UnknownFormat("its root element is no seed file's known here", place)
