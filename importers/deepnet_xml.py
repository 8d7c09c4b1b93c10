"""Deepnet's DualShield XML: a header that holds for all tokens, then serial and seed of each."""

from itertools import chain

from importers.assembly import Assembler, Habits
from importers.entries import no_key, open_entries
from importers.entry import Entry, Field
from importers.errors import Malformed, Place, UnknownFormat, Unsupported
from importers.format import Feature, FieldNote, Format
from importers.instructions import Encoding, Instructions
from importers.rules import Kind, Rule, document
from importers.seed_file import Refused, SeedFile
from importers.source import Source
from importers.unlock import Unlock
from importers.xml import Capture, Walker, peek_root

ROOT = "data"
_TITLE = "Deepnet DualShield XML"
_HEADER_NAMES = (
    "manufacturerCode",
    "productCode",
    "encrypt",
    "encode",
    "digits",
    "timeWindow",
    "crypto",
)
# Both as elements and as attributes: no schema was published.
_FIELDS = {name: Rule((name,), Kind.TEXT) for name in (*_HEADER_NAMES, "serial", "seed")}
_HEADER = Rule(
    ("header",),
    Kind.GROUP,
    tuple(_FIELDS[name] for name in _HEADER_NAMES),
    frozenset(_HEADER_NAMES),
)
_TOKEN = Rule(
    ("token",),
    Kind.RECORD,
    (_FIELDS["serial"], _FIELDS["seed"]),
    frozenset({"serial", "seed"}),
)
_DOCUMENT = document(Rule((ROOT,), Kind.GROUP, (_HEADER, Rule(("tokens",), Kind.GROUP, (_TOKEN,)))))
# Once a token was read, what holds for all of them can no longer change.
_AFTER = Rule(
    (ROOT,), Kind.GROUP, (Rule(("header",), Kind.REFUSED), Rule(("tokens",), Kind.REFUSED))
)
_AFTER.parent = _DOCUMENT
_TOKEN.then = Rule(("tokens",), Kind.GROUP, (_TOKEN,))
_TOKEN.then.parent = _AFTER
_ENCODINGS = {"hex": Encoding.HEX, "base64": Encoding.BASE64}
_LABELS = {
    Field.SERIAL: _FIELDS["serial"].path,
    Field.SEED: _FIELDS["seed"].path,
    Field.DIGITS: _FIELDS["digits"].path,
    Field.STEP: _FIELDS["timeWindow"].path,
    Field.HASH: _FIELDS["crypto"].path,
    Field.MANUFACTURER: _FIELDS["manufacturerCode"].path,
    Field.MODEL: _FIELDS["productCode"].path,
}


def open_deepnet(source: Source, unlock: Unlock | None, instructions: Instructions) -> SeedFile:
    """The file, read up to its first token. Raises Unsupported where seeds are encrypted."""
    root = peek_root(source)
    if root is None or root.name != ROOT:
        raise UnknownFormat(f"its root element is not {ROOT}", Place(source.name))
    walker = Walker(source, _DOCUMENT, _FIELDS["serial"], lenient=True)
    captures = walker.captures()
    first = next(captures, None)
    header = walker.container
    if not header.has(_HEADER):
        raise UnknownFormat("data without Deepnet's header", Place(source.name, root.line))
    encryption = _told(header, _HEADER, "encrypt") or "NONE"
    if encryption.casefold() != "none":
        raise Unsupported(
            "its seeds are encrypted, and the maker has not published how the key is used",
            header.place(_FIELDS["encrypt"]),
            "Ask Deepnet for the same tokens with encrypt NONE, or as PSKC.",
        )
    no_key(source, unlock)
    if first is None:
        raise Malformed("there is no token in it", Place(source.name))
    assembler = Assembler(Habits(kind=None), instructions, _encoding(header, instructions))

    entries = (_entry(capture, header, source.name) for capture in chain([first], captures))
    return open_entries(source, _TITLE, entries, assembler, header.warnings)


def _encoding(header: Capture, instructions: Instructions) -> Encoding:
    said = instructions.encoding
    word = _told(header, _HEADER, "encode")
    place = header.place(_FIELDS["encode"])
    told = None if word is None else _ENCODINGS.get(word.casefold())
    if word is not None and told is None:
        raise Unsupported("encode is neither HEX nor BASE64", place)
    if told is not None and said is not None and told is not said:
        raise Malformed("the file tells another encoding than the operator says", place)
    found = told or said
    if found is None:
        raise Malformed("encode is missing: how are seeds spelt?", place, "Say it by --encoding.")
    return found


def _entry(capture: Capture, header: Capture, name: str) -> Entry | Refused:
    if capture.fault is not None:
        return Refused(capture.fault)
    try:
        told = _token(capture, header)
    except Malformed as error:
        return Refused(error)
    texts = {field: text for field, text in told.items() if text is not None}
    entry = Entry(name, capture.line(_TOKEN), texts, _LABELS)
    entry.warnings.update(capture.warnings)
    return entry


def _token(capture: Capture, header: Capture) -> dict[Field, str | None]:
    step = _told(header, _HEADER, "timeWindow")
    runs_by_time = step is not None and step.strip("0") != ""
    return {
        # What runs by events has no time window; what has one of 0 seconds says as little.
        Field.TYPE: "totp" if runs_by_time else None,
        Field.STEP: step if runs_by_time else None,
        Field.DIGITS: _told(header, _HEADER, "digits"),
        Field.HASH: _told(header, _HEADER, "crypto"),
        Field.MANUFACTURER: _told(header, _HEADER, "manufacturerCode"),
        Field.MODEL: _told(header, _HEADER, "productCode"),
        Field.SERIAL: _told(capture, _TOKEN, "serial"),
        Field.SEED: _told(capture, _TOKEN, "seed"),
    }


def _told(capture: Capture, around: Rule, name: str) -> str | None:
    """What stands in the element of this name, or in the attribute; None where in neither."""
    inside, attribute = capture.text(_FIELDS[name]), capture.attribute(around, name)
    if inside is not None and attribute is not None:
        raise Malformed(f"{name} stands there twice", capture.place(around))
    found = inside if attribute is None else attribute
    return None if found is None else found.strip() or None


FORMAT = Format(
    id="deepnet-xml",
    title=_TITLE,
    makers="Deepnet (SafeID)",
    known_by="the root element data, without a namespace, with header and tokens",
    protection="none where encrypt is NONE; files with encrypt AES256 are refused",
    features=frozenset({Feature.HOTP, Feature.TOTP, Feature.SHA2}),
    fields=(
        FieldNote("header/manufacturerCode", "the maker"),
        FieldNote("header/productCode", "the model"),
        FieldNote("header/encode", "how seeds are spelt", "HEX or BASE64"),
        FieldNote("header/digits", "length of a code"),
        FieldNote("header/timeWindow", "time step; a token that has one is TOTP", "seconds"),
        FieldNote("header/crypto", "the hash", "HmacSHA1, HmacSHA256 or HmacSHA512"),
        FieldNote("token/serial", "the serial"),
        FieldNote("token/seed", "the seed"),
    ),
    open=open_deepnet,
    quirks=(
        "Elements and attributes are both read.",
        "Without a timeWindow nothing says how the tokens count: --type must.",
    ),
    refused=("encrypt AES256: how its key is used is not published.",),
)
