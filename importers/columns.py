"""Hardened columns: which delimiter and layout a whole file keeps to, then one `Entry` a row.

A file is judged by its head and held to that: no row is ever read by rules of its own. The
columns of a row stand in errors by number and meaning, as in "column 2 (seed)".
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from importers import spelling
from importers.assembly import Assembler, Habits, is_known
from importers.entries import Entries, no_key, open_entries
from importers.entry import Entry, Field
from importers.errors import Malformed, Place, UnknownFormat
from importers.instructions import Encoding, Instructions
from importers.model import MAX_SEED
from importers.seed_file import Refused, SeedFile
from importers.source import Source
from importers.text import Line, head_lines, lines
from importers.unlock import Unlock

Cells = tuple[str, ...]
Layout = tuple[Field | None, ...]  # None: a column that is not looked into
LayoutOf = Callable[[Cells], Layout | None]
Texts = dict[Field, str]

BLANKS = None  # as a delimiter: any white space
_EMPTY = " \t,;"  # all that a spreadsheet leaves of an empty row
_SHORTEST = 10  # octets of a text that may be a seed
_ENCODINGS = {
    Encoding.HEX: "hexadecimal",
    Encoding.BASE32: "base32",
    Encoding.BASE64: "base64",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a head is of a dialect; if only in part, on which line it first is not."""

    fits: bool
    misfit: int = 0


@dataclass(frozen=True, slots=True)
class Dialect:
    """A text format of one token a row.

    `layout` tells what the columns of a row mean, None for a row of another dialect; `heading`
    does so for all rows by the first one. `marker` starts the first line of every file of the
    dialect; `ignored` start lines that are no rows. `says` is what the format itself settles;
    `adapt` turns a row's own words into ours, and raises ValueError where it cannot.
    Seeds are spelt in the one of `encodings` that the whole head is in; the operator may name
    another where `any_encoding`. `serial_at` and `type_at`: in which columns, from 0, a row that
    no layout fits would have them.
    """

    id: str
    title: str
    layout: LayoutOf = lambda _cells: None
    heading: LayoutOf | None = None
    habits: Habits = Habits()  # noqa: RUF009 - frozen
    says: tuple[tuple[Field, str], ...] = ()
    adapt: Callable[[Texts], Texts] | None = None
    marker: str | None = None
    ignored: tuple[str, ...] = ("#",)
    delimiters: tuple[str | None, ...] = (",", ";", "\t")
    encodings: tuple[Encoding, ...] = (Encoding.HEX,)
    any_encoding: bool = True
    serial_at: int = 0
    type_at: int | None = None

    def judge(self, source: Source, instructions: Instructions) -> Verdict:
        """Whether the head is of this dialect, from its first row to its last."""
        fit = self._fit(source)
        encodings = _encodings(self, instructions)
        if fit is None or not any(_is_seed(seed, encodings) for seed in fit.seeds):
            return Verdict(fits=False)
        return Verdict(fits=not fit.misfit, misfit=fit.misfit)

    def marks(self, source: Source) -> bool:
        """Whether its first line says so, where the dialect has a marker or a heading."""
        return self._fit(source) is not None

    def open(self, source: Source, unlock: Unlock | None, instructions: Instructions) -> SeedFile:
        """The file, read up to its first token. Raises UnknownFormat where no row fits."""
        no_key(source, unlock)
        fit = self._fit(source)
        if fit is None:
            raise self._unfit(source)
        encoding = _encoding(self, fit, source, instructions)
        assembler = Assembler(self.habits, instructions, encoding)
        return open_entries(source, self.title, self._entries(source, fit), assembler)

    def _fit(self, source: Source) -> "_Fit | None":
        """How this dialect reads the head; the delimiter that fits most rows, then columns."""
        head = head_lines(source)
        if self.marker is not None and not (head and _begins(head[0].text, self.marker)):
            return None
        rows = [line for line in head if self._is_row(line)]
        fits = [_Fit.of(self, delimiter, rows) for delimiter in self.delimiters]
        return max((fit for fit in fits if fit.rows), key=lambda fit: fit.rank, default=None)

    def _is_row(self, line: Line) -> bool:
        text = line.text.strip(_EMPTY)
        return bool(text) and not text.startswith(self.ignored)

    def _entries(self, source: Source, fit: "_Fit") -> Entries:
        heading = fit.heading
        for line in lines(source):
            if not self._is_row(line):
                continue
            if heading is not None:
                heading = None
                continue
            yield self._entry(line, fit, source.name)

    def _entry(self, line: Line, fit: "_Fit", name: str) -> Entry | Refused:
        try:
            row = cells(line.text, fit.delimiter)
            layout = fit.layout(row)
            texts = {} if layout is None else self._texts(layout, row)
        except ValueError as flaw:
            return Refused(Malformed(str(flaw), Place(name, line.number)))
        if layout is None:
            place = Place(name, line.number)
            reason = f"the columns are not those of {self.title}"
            return Refused(self._misfit(row, place) or Malformed(reason, place))
        return Entry(name, line.number, texts, _labels(layout))

    def _unfit(self, source: Source) -> Malformed | UnknownFormat:
        """Why no row fits: a row with a seed in it is one of ours all the same."""
        for line in head_lines(source):
            for delimiter in self.delimiters:
                row = _split(line, delimiter) if self._is_row(line) else None
                if row and any(_is_seed(cell, self.encodings) for cell in row):
                    misfit = self._misfit(row, Place(source.name, line.number))
                    if misfit is not None:
                        return misfit
        return UnknownFormat(f"it is no file of {self.title}", Place(source.name))

    def _misfit(self, row: Cells, place: Place) -> Malformed | None:
        """What a row lacks, where the dialect has a column for the type; None where it is more."""
        at = self.type_at
        if at is None or len(row) <= self.serial_at:
            return None
        if not row[self.serial_at]:
            return Malformed("the serial is missing", place)
        if len(row) <= at or is_known(row[at]):
            return None
        try:
            serial = spelling.serial(row[self.serial_at])
        except ValueError:
            return None
        place = replace(place, path=f"column {at + 1} (type)", serial=serial)
        return Malformed("the type is not known", place, "Correct it, or leave this token out.")

    def _texts(self, layout: Layout, row: Cells) -> Texts:
        columns = zip(layout, row, strict=False)  # columns left out at the end are absent
        texts = {what: text for what, text in columns if what is not None and text}
        texts |= dict(self.says)
        return texts if self.adapt is None else self.adapt(texts)


@dataclass(frozen=True, slots=True)
class _Fit:
    """How a dialect reads a head: `rows` fit it; `misfit` is the first line that does not."""

    delimiter: str | None
    layout: LayoutOf
    heading: Layout | None = None
    rows: int = 0
    misfit: int = 0
    columns: int = 0
    seeds: list[str] = field(default_factory=list, repr=False)

    @classmethod
    def of(cls, dialect: Dialect, delimiter: str | None, head: list[Line]) -> "_Fit":
        rows = [(line.number, _split(line, delimiter)) for line in head]
        if dialect.heading is None:
            return cls(delimiter, dialect.layout)._judged(rows)
        first = rows[0][1] if rows else None
        heading = None if first is None else dialect.heading(first)
        if heading is None:
            return cls(delimiter, dialect.layout)
        # A heading alone is enough to know the format by: then the file is empty, not foreign.
        return cls(delimiter, _fixed(heading), heading, rows=1)._judged(rows[1:])

    def _judged(self, rows: list[tuple[int, Cells | None]]) -> "_Fit":
        fitting = misfit = columns = 0
        seeds = []
        for number, row in rows:
            layout = None if row is None else self.layout(row)
            if row is None or layout is None:
                misfit = misfit or number
                continue
            fitting += 1
            columns += len(row)
            seeds += [text for what, text in zip(layout, row, strict=False) if what is Field.SEED]
        return replace(self, rows=self.rows + fitting, misfit=misfit, columns=columns, seeds=seeds)

    @property
    def rank(self) -> tuple[int, int]:
        return self.rows, self.columns


def cells(text: str, delimiter: str | None) -> Cells:
    """The columns of a row, trimmed, without those that are empty at its end.

    Raises ValueError for quotes that do not enclose one column of this line.
    """
    if delimiter is None:
        return tuple(text.split())
    if '"' in text:
        try:
            row = next(csv.reader([text], delimiter=delimiter, strict=True))
        except csv.Error:
            raise ValueError("its quotes do not enclose columns of one line") from None
    else:
        row = text.split(delimiter)
    row = [cell.strip() for cell in row]
    while row and not row[-1]:
        row.pop()
    return tuple(row)


def _split(line: Line, delimiter: str | None) -> Cells | None:
    try:
        return cells(line.text, delimiter)
    except ValueError:
        return None


def _fixed(heading: Layout) -> LayoutOf:
    """Every row has at most the heading's columns."""
    return lambda row: heading if len(row) <= len(heading) else None


@lru_cache(maxsize=64)
def _labels(layout: Layout) -> dict[Field, str]:
    return {
        what: f"column {at} ({what.value})" for at, what in enumerate(layout, 1) if what is not None
    }


def _begins(text: str, marker: str) -> bool:
    """Whether the text starts with these words, not within one of its own."""
    words = " ".join(text.casefold().split())
    return words.startswith(marker) and not words[len(marker) : len(marker) + 1].isalnum()


def _encodings(dialect: Dialect, instructions: Instructions) -> tuple[Encoding, ...]:
    """Those that the seeds may be in; none where operator and format contradict each other."""
    said = instructions.encoding
    if said is None:
        return dialect.encodings
    return (said,) if dialect.any_encoding or said in dialect.encodings else ()


def _encoding(dialect: Dialect, fit: _Fit, source: Source, instructions: Instructions) -> Encoding:
    possible = _encodings(dialect, instructions)
    place = Place(source.name)
    if not possible:
        raise Malformed(
            f"{dialect.title} spells seeds in {_ENCODINGS[dialect.encodings[0]]}",
            place,
            "Leave out --encoding, or check that this is the file meant.",
        )
    if len(possible) == 1:
        return possible[0]
    fitting = [one for one in possible if _all_spelt(fit.seeds, one)]
    if len(fitting) != 1:
        names = " or ".join(_ENCODINGS[one] for one in possible)
        found = "every one could be either" if fitting else "no one fits all"
        raise Malformed(
            f"the seeds are in {names}, and {found}",
            place,
            "Look it up in the maker's letter, and say it by --encoding.",
        )
    return fitting[0]


def _all_spelt(seeds: list[str], encoding: Encoding) -> bool:
    return all(spelling.length(seed, encoding) is not None for seed in seeds)


def _is_seed(text: str, encodings: tuple[Encoding, ...]) -> bool:
    lengths = (spelling.length(text, encoding) for encoding in encodings)
    return any(length is not None and _SHORTEST <= length <= MAX_SEED for length in lengths)
