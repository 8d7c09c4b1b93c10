"""Hardened streaming XML: expat walks a grammar of `Rule`s and yields one `Capture` a record.

No DOCTYPE, hence no entity beyond XML's own five; three encodings; exact paths of (namespace,
name) from the root; nothing that the grammar does not know passes unseen. Memory is bounded by
one chunk and one record.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn, TypeVar
from xml.parsers import expat

from importers import lexical
from importers.errors import ImporterError, LimitExceeded, Malformed, Place, Unsupported
from importers.model import WarningCode
from importers.rules import Again, Kind, Rule
from importers.source import Source

_ENCODINGS = frozenset({"utf-8", "utf-16", "iso-8859-1"})
_SHOWN = 80  # characters of a foreign name that an error repeats

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Root:
    """A document's first element: its name, "namespace local", and its Version attribute."""

    name: str
    version: str | None
    line: int


class Capture:
    """What was found, by the rule it matched: the texts, attributes and lines of one record."""

    __slots__ = ("_attributes", "_serial", "_source", "lines", "texts", "warnings")

    def __init__(self, source: Source, serial: Rule) -> None:
        self.texts: dict[Rule, str] = {}
        self.lines: dict[Rule, int] = {}  # counted from the start of the source's head
        self.warnings: list[WarningCode] = []
        self._attributes: dict[tuple[Rule, str], str] = {}
        self._source = source
        self._serial = serial

    def has(self, rule: Rule) -> bool:
        """Whether the element stood there."""
        return rule in self.lines

    def parsed(self, rule: Rule, parse: Callable[[str], T]) -> T | None:
        """The element's text as `parse` reads it; Malformed where it raises ValueError."""
        text = self.texts.get(rule)
        if text is None:
            return None
        try:
            return parse(text)
        except ValueError as flaw:
            raise Malformed(f"{rule.local} cannot be read: {flaw}", self.place(rule)) from None

    def attribute(self, rule: Rule, *names: str) -> str | None:
        """The attribute under any of its names; Malformed where they contradict each other."""
        found = {self._attributes[rule, name] for name in names if (rule, name) in self._attributes}
        if len(found) > 1:
            raise Malformed(f"{' and '.join(names)} contradict each other", self.place(rule))
        return found.pop() if found else None

    def note(self, rule: Rule, name: str, text: str) -> None:
        """Keep an attribute."""
        self._attributes[rule, name] = text

    def place(self, rule: Rule) -> Place:
        """Where the element stands; where it is absent, where the nearest one around it does."""
        nearest: Rule | None = rule
        while nearest is not None and nearest not in self.lines:
            nearest = nearest.parent
        line = None if nearest is None else self.line(nearest)
        return Place(self._source.name, line, rule.path, self.serial)

    def line(self, rule: Rule) -> int:
        """The line, from 1, on which the element's start tag ends."""
        return self._source.line(self.lines[rule])

    @property
    def serial(self) -> str | None:
        """The record's serial, where it was read already and can be shown."""
        try:
            return lexical.serial(self.texts.get(self._serial, ""))
        except ValueError:
            return None


def peek_root(source: Source) -> Root | None:
    """The first element of a document, from its head alone; None where it starts later."""
    parser = _hardened(source)
    found: list[Root] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if not found:
            line = source.line(parser.CurrentLineNumber)
            found.append(Root(name, attributes.get("Version"), line))

    parser.StartElementHandler = start
    try:
        parser.Parse(source.head)
    except expat.ExpatError as flaw:
        if not found:
            raise _not_well_formed(flaw, source, "nothing was read before it") from None
    return found[0] if found else None


class Walker:
    """One pass over one `document`, written down as rules.

    `serial` is the rule of the element that names a record, for errors. A `lenient` walk ignores
    unknown elements and attributes with a warning, as RFC 6030 section 1.2 asks for minor versions
    to come; else they are refused.
    """

    def __init__(self, source: Source, document: Rule, serial: Rule, *, lenient: bool) -> None:
        self._source = source
        self._limits = source.limits
        self._serial = serial
        self._lenient = lenient
        self._rule = document
        self._stack: list[Rule] = []
        self._skipped = 0  # elements open inside a skipped one, itself included
        self._pieces: list[str] = []
        self._ready: list[Capture] = []
        self._mark = 0  # octet at which the last record ended
        self._last: Capture | None = None
        self._last_line = 0
        self.container = self._capture = Capture(source, serial)
        self._parser = _hardened(source)
        self._parser.buffer_text = True
        self._parser.CharacterDataHandler = self._pieces.append
        self._look()

    def captures(self) -> Iterator[Capture]:
        """Each record, in file order. What is wrong is raised after all that stands before it."""
        fed = 0
        for chunk in self._source.chunks():
            fed += len(chunk)
            yield from self._feed(chunk, fed)
        yield from self._feed(b"", fed)

    def _feed(self, chunk: bytes, fed: int) -> Iterator[Capture]:
        error: ImporterError | None = None
        try:
            self._parser.Parse(chunk, not chunk)
            self._bound(fed)
        except expat.ExpatError as flaw:
            error = _not_well_formed(flaw, self._source, self._last_good())
        except ImporterError as refusal:
            error = refusal
        yield from self._ready
        self._ready.clear()
        if error is not None:
            raise error from None

    # The two handlers below run some thirty times a key package: they are lean on purpose.

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        parent = self._rule
        if self._pieces:
            self._blank_only(parent)
        rule = parent.children.get(name)
        if rule is None:
            self._unknown(parent, name)
            return
        if rule.is_special:
            self._enter(rule)
        lines = self._capture.lines
        if rule in lines:
            self._repeated(rule)
            return
        lines[rule] = self._parser.CurrentLineNumber
        if attributes:
            self._note(rule, attributes)
        if rule.is_skipped:
            self._skip()
            return
        self._stack.append(parent)
        self._rule = rule

    def _end(self, _name: str) -> None:
        rule = self._rule
        if rule.is_text:
            text = "".join(self._pieces)
            self._pieces.clear()
            if len(text) > self._limits.value_octets:
                self._refuse(LimitExceeded, f"{rule.local} is too long", rule)
            self._capture.texts[rule] = text
        elif self._pieces:
            self._blank_only(rule)
        self._rule = self._stack.pop()
        if rule.kind is Kind.RECORD:
            self._finish(rule)

    def _enter(self, rule: Rule) -> None:
        if rule.kind is Kind.REFUSED:
            self._refuse(Unsupported, f"{rule.local} is not read here", rule)
        self._capture = Capture(self._source, self._serial)

    def _finish(self, rule: Rule) -> None:
        here = self._parser.CurrentByteIndex
        if here - self._mark > self._limits.package_octets:
            self._too_large(rule)
        self._mark = here
        self._ready.append(self._capture)
        self._last, self._last_line = self._capture, self._parser.CurrentLineNumber
        self._capture = self.container
        self._rule = rule.then or self._rule

    def _unknown(self, parent: Rule, name: str) -> None:
        shown = name.rpartition(" ")[2][:_SHOWN]
        if parent.kind is Kind.CLOSED:
            self._refuse(Unsupported, f"{parent.local} holds {shown}, not enforced here", parent)
        if not self._lenient:
            self._refuse(Malformed, f"{_shown(name)} does not belong here", parent)
        self._capture.warnings.append(WarningCode.UNKNOWN_ELEMENT)
        self._skip()

    def _repeated(self, rule: Rule) -> None:
        match rule.again:
            case Again.MALFORMED:
                self._refuse(Malformed, f"{rule.local} stands there twice", rule)
            case Again.UNSUPPORTED:
                self._refuse(Unsupported, f"more than one {rule.local} is not read here", rule)
            case Again.WARNED:
                self._capture.warnings.append(WarningCode.FURTHER_NAME)
        self._skip()

    def _note(self, rule: Rule, attributes: dict[str, str]) -> None:
        for name, text in attributes.items():
            if name in rule.attributes:
                self._capture.note(rule, name, text)
            elif rule.kind is Kind.CLOSED:
                self._refuse(Unsupported, f"{rule.local} has {_shown(name)}, not enforced", rule)
            elif " " in name:
                continue  # another namespace's, such as xsi:schemaLocation
            elif not self._lenient:
                self._refuse(Malformed, f"{_shown(name)} is no attribute of {rule.local}", rule)
            else:
                self._capture.warnings.append(WarningCode.UNKNOWN_ELEMENT)

    def _blank_only(self, rule: Rule) -> None:
        if "".join(self._pieces).strip(" \t\r\n"):
            self._refuse(Malformed, f"{rule.local} holds text where elements belong", rule)
        self._pieces.clear()

    def _look(self) -> None:
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def _skip(self) -> None:
        """Look away until the element that has just been opened ends."""
        self._skipped = 1
        self._parser.StartElementHandler = self._skip_start
        self._parser.EndElementHandler = self._skip_end

    def _skip_start(self, _name: str, _attributes: dict[str, str]) -> None:
        self._pieces.clear()
        self._skipped += 1
        if len(self._stack) + self._skipped > self._limits.depth:
            limit = self._limits.depth
            self._refuse(LimitExceeded, f"elements are nested deeper than {limit}", self._rule)

    def _skip_end(self, _name: str) -> None:
        self._pieces.clear()
        self._skipped -= 1
        if not self._skipped:
            self._look()

    def _bound(self, fed: int) -> None:
        if fed - self._mark > self._limits.package_octets:
            self._too_large(self._rule)

    def _too_large(self, rule: Rule) -> NoReturn:
        limit = self._limits.package_octets
        self._refuse(LimitExceeded, f"no key package ends within {limit} octets", rule)

    def _last_good(self) -> str:
        if self._last is None:
            return "no key package was read whole before it"
        named = self._last.serial or "without a serial"
        line = self._source.line(self._last_line)
        return f"the last key package read whole is {named}, ending on line {line}"

    def _refuse(self, error: type[ImporterError], reason: str, rule: Rule) -> NoReturn:
        line = self._source.line(self._parser.CurrentLineNumber)
        raise error(reason, Place(self._source.name, line, rule.path, self._capture.serial))


def _hardened(source: Source) -> expat.XMLParserType:
    """A parser that refuses DOCTYPE before any entity, and all but three encodings."""
    parser = expat.ParserCreate(namespace_separator=" ")

    def doctype(*_: object) -> NoReturn:
        raise Unsupported("a DOCTYPE is refused, before anything in it is read", here())

    def declaration(_version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.casefold() not in _ENCODINGS:
            raise Unsupported("the encoding is none of UTF-8, UTF-16 and ISO-8859-1", here())

    def here() -> Place:
        return Place(source.name, source.line(parser.CurrentLineNumber))

    parser.StartDoctypeDeclHandler = doctype
    parser.XmlDeclHandler = declaration
    return parser


def _not_well_formed(flaw: expat.ExpatError, source: Source, last: str) -> Malformed:
    what = expat.errors.messages[flaw.code]
    place = Place(source.name, source.line(flaw.lineno))
    return Malformed(f"not well-formed XML, or cut off ({what}); {last}", place)


def _shown(name: str) -> str:
    """A foreign name, short enough and safe to print."""
    return ascii(name[:_SHOWN])
