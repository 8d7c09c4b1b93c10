"""PSKC as a format among others."""

from importers.errors import Place, UnknownFormat
from importers.format import Feature, FieldNote, Format
from importers.instructions import Instructions
from importers.pskc import grammar
from importers.pskc.reader import open_pskc
from importers.seed_file import SeedFile
from importers.source import Source
from importers.unlock import Unlock
from importers.xml import peek_root


def _open(source: Source, unlock: Unlock | None, instructions: Instructions) -> SeedFile:
    root = peek_root(source)
    if root is None or root.name != grammar.ROOT:
        reason = "its root element is not PSKC's KeyContainer"
        raise UnknownFormat(reason, Place(source.name, None if root is None else root.line))
    return open_pskc(source, root, unlock, instructions)


FORMAT = Format(
    id="pskc",
    title="PSKC 1.0 (RFC 6030)",
    makers="makers that follow the standard",
    known_by="the root element KeyContainer in the namespace urn:ietf:params:xml:ns:keyprov:pskc",
    protection="values encrypted under a transport key or a passphrase, each with a value MAC",
    features=frozenset(
        {
            Feature.HOTP,
            Feature.TOTP,
            Feature.SHA2,
            Feature.COUNTER,
            Feature.DRIFT,
            Feature.DATES,
            Feature.ENCRYPTED,
            Feature.VALUE_MACS,
        }
    ),
    fields=(FieldNote("DeviceInfo/SerialNo", "the serial"),),
    open=_open,
)
