"""Microsoft Graph's JSON of hardware OATH devices, as Entra ID takes them in."""

import re

from importers.assembly import Assembler, Habits
from importers.entries import Entries, no_key, open_entries
from importers.entry import Entry, Field
from importers.errors import Malformed, Place, UnknownFormat
from importers.format import Feature, FieldNote, Format
from importers.instructions import Encoding, Instructions
from importers.records_json import JsonObject, objects
from importers.seed_file import Refused, SeedFile
from importers.source import Source
from importers.text import head_text
from importers.unlock import Unlock

_TITLE = "Microsoft Graph JSON"
_ARRAY = "value"
_MARKER = re.compile(r'"secretKey"\s*:')
_NAMES = {
    "serialNumber": Field.SERIAL,
    "secretKey": Field.SEED,
    "timeIntervalInSeconds": Field.STEP,
    "hashFunction": Field.HASH,
    "manufacturer": Field.MANUFACTURER,
    "model": Field.MODEL,
}
_LABELS = {field: name for name, field in _NAMES.items()}


def marks(source: Source) -> bool:
    """Whether the file is JSON with secret keys of Graph's name in its head."""
    head = head_text(source).lstrip()
    return head.startswith(("{", "[")) and _MARKER.search(head) is not None


def open_graph(source: Source, unlock: Unlock | None, instructions: Instructions) -> SeedFile:
    """The file, read up to its first token."""
    no_key(source, unlock)
    if not marks(source):
        raise UnknownFormat("it is no JSON with a secretKey", Place(source.name))
    if instructions.encoding not in {None, Encoding.BASE32}:
        raise Malformed(
            f"{_TITLE} spells seeds in base32", Place(source.name), "Leave out --encoding."
        )
    assembler = Assembler(Habits(), instructions, Encoding.BASE32)
    return open_entries(source, _TITLE, _entries(source), assembler)


def _entries(source: Source) -> Entries:
    for found in objects(source, _ARRAY):
        yield _entry(found, source.name)


def _entry(found: JsonObject, name: str) -> Entry | Refused:
    texts = {Field.TYPE: "totp", Field.DIGITS: "6"}
    for member, value in found.members.items():
        field = _NAMES.get(member)
        if field is None or value is None:
            continue  # assignTo, displayName and what else Graph says of a device
        number = field is Field.STEP and isinstance(value, int) and not isinstance(value, bool)
        if not isinstance(value, str) and not number:
            place = Place(name, found.line, member)
            return Refused(Malformed("the value is of another kind than it should be", place))
        texts[field] = str(value)
    return Entry(name, found.line, texts, _LABELS)


FORMAT = Format(
    id="entra-json",
    title=_TITLE,
    makers="makers who deliver for Microsoft Entra ID",
    known_by='JSON with the name "secretKey"',
    protection="none: the seeds stand in the clear",
    features=frozenset({Feature.TOTP, Feature.SHA2}),
    fields=(
        FieldNote("serialNumber", "the serial"),
        FieldNote("secretKey", "the seed", "base32, padded or not"),
        FieldNote("timeIntervalInSeconds", "time step; 30 where it is absent", "seconds"),
        FieldNote("hashFunction", "hmacsha1 or hmacsha256; SHA-1 where it is absent"),
        FieldNote("manufacturer", "who made the token"),
        FieldNote("model", "its model"),
    ),
    open=open_graph,
    quirks=(
        "One object, an array of them, or an array in the member value: all read.",
        "Always 6 digits.",
        "To whom Graph assigns a device is not read: it names users by id.",
    ),
)
