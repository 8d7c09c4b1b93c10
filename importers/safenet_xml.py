"""SafeNet's token XML (eToken PASS, SafeWord Alpine): event tokens of 6 digits."""

from types import MappingProxyType

from importers.assembly import Assembler, Habits
from importers.entries import Entries, no_key, open_entries
from importers.entry import Entry, Field
from importers.errors import Place, UnknownFormat
from importers.format import Feature, FieldNote, Format
from importers.instructions import Instructions
from importers.model import Digest
from importers.rules import Again, Kind, Rule, document
from importers.seed_file import Refused, SeedFile
from importers.source import Source
from importers.unlock import Unlock
from importers.xml import Capture, Walker, peek_root

ROOT = "Tokens"
_TITLE = "SafeNet token XML"


def _text(name: str) -> Rule:
    return Rule((name,), Kind.TEXT)


_SEED = _text("Seed")
_MOVING_FACTOR = _text("MovingFactor")
_APPLICATION = Rule(
    ("Application",),
    Kind.GROUP,
    (_SEED, _MOVING_FACTOR),
    frozenset({"ConnectorID"}),
    again=Again.MALFORMED,  # two seeds, and nothing says which makes the codes
)
_PRODUCT_NAME = _text("ProductName")
_TOKEN = Rule(
    ("Token",),
    Kind.RECORD,
    (
        _text("CaseModel"),
        _text("Model"),
        _text("ProductionDate"),
        _PRODUCT_NAME,
        Rule(("Applications",), Kind.GROUP, (_APPLICATION,)),
    ),
    frozenset({"serial"}),
)
_DOCUMENT = document(Rule((ROOT,), Kind.GROUP, (_TOKEN,)))
_LABELS = {
    Field.SERIAL: f"{_TOKEN.path}/@serial",
    Field.SEED: _SEED.path,
    Field.COUNTER: _MOVING_FACTOR.path,
    Field.MODEL: _PRODUCT_NAME.path,
}


def open_safenet(source: Source, unlock: Unlock | None, instructions: Instructions) -> SeedFile:
    """The file, read up to its first token."""
    no_key(source, unlock)
    root = peek_root(source)
    if root is None or root.name != ROOT:
        raise UnknownFormat(f"its root element is not {ROOT}", Place(source.name))
    # Other importers take 64 hexadecimal digits for SHA-256; no file says so itself.
    habits = Habits(digests=MappingProxyType({32: Digest.SHA256}))
    # There is no schema: what is not known is passed over with a warning.
    walker = Walker(source, _DOCUMENT, _TOKEN, lenient=True)
    assembler = Assembler(habits, instructions)
    entries = _entries(walker, source.name)
    return open_entries(source, _TITLE, entries, assembler, walker.container.warnings)


def _entries(walker: Walker, name: str) -> Entries:
    for capture in walker.captures():
        yield Refused(capture.fault) if capture.fault else _entry(capture, name)


def _entry(capture: Capture, name: str) -> Entry:
    texts = {Field.TYPE: "hotp", Field.SERIAL: capture.attribute(_TOKEN, "serial")}
    for field, rule in (
        (Field.SEED, _SEED),
        (Field.COUNTER, _MOVING_FACTOR),
        (Field.MODEL, _PRODUCT_NAME),
    ):
        texts[field] = capture.text(rule)
    told = {field: text for field, text in texts.items() if text is not None}
    entry = Entry(name, capture.line(_TOKEN), told, _LABELS)
    entry.warnings.update(capture.warnings)
    return entry


FORMAT = Format(
    id="safenet-xml",
    title=_TITLE,
    makers="SafeNet, Aladdin (eToken PASS, SafeWord Alpine)",
    known_by="the root element Tokens, without a namespace",
    protection="none: the seeds stand in the clear",
    features=frozenset({Feature.HOTP, Feature.SHA2, Feature.COUNTER}),
    fields=(
        FieldNote("Token/@serial", "the serial"),
        FieldNote("ProductName", "the model"),
        FieldNote("Application/Seed", "the seed", "hexadecimal"),
        FieldNote("Application/MovingFactor", "the next counter; 0 where it is absent"),
    ),
    open=open_safenet,
    quirks=(
        "Always HOTP, of 6 digits unless --digits says another length.",
        "A seed of 64 hexadecimal digits is taken for SHA-256 unless --hash says another.",
        "Such a file may be named .dat, as SafeWord's other one is: its content decides.",
    ),
    refused=("A token with two applications.", "A token without a seed."),
)
