"""Authenex's SQL dump: one INSERT a token, HOTP of 6 digits."""

import re

from importers.assembly import Assembler, Habits
from importers.entries import Entries, no_key, open_entries
from importers.entry import Entry, Field
from importers.errors import Malformed, Place, UnknownFormat
from importers.format import Feature, FieldNote, Format
from importers.instructions import Instructions
from importers.seed_file import Refused, SeedFile
from importers.source import Source
from importers.text import head_lines, lines
from importers.unlock import Unlock

_TITLE = "Authenex SQL"
_MARKER = "AUTHENEXDB"
# Every INSERT but one that is plainly into another table: no token is passed over in silence.
_INSERT = re.compile(r"\bINSERT\b(?! INTO (?!OTP\b)\w+ ?(?:\(|VALUES))", re.ASCII | re.IGNORECASE)
_VALUE = r"'?([^',()\"]*)'?"
_ROW = re.compile(
    rf"INSERT INTO OTP ?(?:\([^()']*\) ?)?VALUES ?\( ?{_VALUE} ?, ?{_VALUE} ?"
    r"(?:,[^()]*)?\) ?;?",
    re.ASCII | re.IGNORECASE,
)
_LABELS = {Field.SERIAL: "first value (serial)", Field.SEED: "second value (seed)"}


def marks(source: Source) -> bool:
    """Whether the first line is Authenex's."""
    head = head_lines(source)
    return bool(head) and head[0].text.strip().startswith(_MARKER)


def open_authenex(source: Source, unlock: Unlock | None, instructions: Instructions) -> SeedFile:
    """The file, read up to its first token."""
    no_key(source, unlock)
    if not marks(source):
        raise UnknownFormat(f"its first line is not {_MARKER}", Place(source.name))
    return open_entries(source, _TITLE, _entries(source), Assembler(Habits(), instructions))


def _entries(source: Source) -> Entries:
    for line in lines(source):
        text = " ".join(line.text.split())
        if not _INSERT.search(text):
            continue
        row = _ROW.fullmatch(text)
        if row is None:
            reason = "the statement is not one INSERT of a serial and a seed"
            yield Refused(Malformed(reason, Place(source.name, line.number)))
            continue
        texts = {Field.TYPE: "hotp", Field.SERIAL: row[1], Field.SEED: row[2]}
        yield Entry(source.name, line.number, texts, _LABELS)


FORMAT = Format(
    id="authenex-sql",
    title=_TITLE,
    makers="Authenex",
    known_by=f"the first line {_MARKER}",
    protection="none: the seeds stand in the clear",
    features=frozenset({Feature.HOTP}),
    fields=(
        FieldNote("first value", "the serial"),
        FieldNote("second value", "the seed", "hexadecimal"),
    ),
    open=open_authenex,
    quirks=("HOTP of 6 digits from counter 0 on.", "Other statements are passed over."),
    refused=("An INSERT of several tokens, or over several lines.",),
)
