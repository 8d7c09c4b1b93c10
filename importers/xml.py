"""Hardened streaming XML: expat walks a grammar of `Rule`s and yields one `Capture` a record.

No DOCTYPE, hence no entity beyond XML's own five; three encodings; exact paths of (namespace,
name) from the root; nothing that the grammar does not know passes unseen. Memory is bounded by
one chunk and one record.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn
from xml.parsers import expat

from importers.capture import BETWEEN, Capture
from importers.errors import ImporterError, LimitExceeded, Malformed, Place, Unsupported
from importers.model import WarningCode
from importers.rules import Again, Kind, Rule
from importers.source import Source

__all__ = ["Capture", "Root", "Walker", "peek_root"]

_ENCODINGS = frozenset({"utf-8", "utf-16", "iso-8859-1"})
_SHOWN = 80  # characters of a foreign name that an error repeats
_AGAIN = "Transfer the file again, and compare its size and hash with the maker's."
_MOST_FORKS = 15  # further records from one: a device of more than 16 keys was never seen
_MOST_PASSED_BY = 1_000  # elements and attributes warned of up to the end of a record
_MOST_UNKNOWN = 10  # names noted of a record; one is enough to forbid its use


@dataclass(frozen=True, slots=True)
class Root:
    """A document's first element: its name, "namespace local", and its Version attribute."""

    name: str
    version: str | None
    line: int


def peek_root(source: Source) -> Root | None:
    """The first element of a document, from its head alone; None where it starts later."""
    parser = hardened(source)
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
            raise not_well_formed(flaw, source, "nothing was read before it") from None
    return found[0] if found else None


class Walker:
    """One pass over one `document`, written down as rules.

    `serial` is the rule of the element that names a record, for errors. A `lenient` walk ignores
    unknown elements and attributes with a warning, as RFC 6030 section 1.2 asks for minor versions
    to come; else they are refused.

    What is wrong within a record becomes that record's fault, and the walk goes on. Raised is what
    is wrong around the records, with the file as XML, and what exceeds a limit.
    """

    def __init__(self, source: Source, document: Rule, serial: Rule, *, lenient: bool) -> None:
        self._source = source
        self._limits = source.limits
        self._longest = source.limits.value_octets
        self._serial = serial
        self._lenient = lenient
        self._rule = document
        self._rules = 1 + sum(1 for _ in document.below())
        self._skipped = 0  # elements open inside a skipped one, itself included
        self._pieces: list[str] = []  # text: what stands between elements, then the open one's
        self._text_from = 0  # where in it the open element's text begins
        self._record_from = 0  # and where the open record does
        self._ready: list[Capture] = []
        self._forks: list[tuple[Capture, Rule]] = []  # the open record's, before the current one
        self._fed = 0  # octets shown to expat
        self._passed_by = 0  # elements and attributes warned of since the last record ended
        self._mark = 0  # octet at which the last record ended
        self._last: Capture | None = None
        self._last_line = 0
        self.container = Capture(source, serial, self._rules)
        self._catch(self.container)
        self._parser = hardened(source)
        self._parser.buffer_text = True
        self._starts = self._start
        self._look()

    def captures(self) -> Iterator[Capture]:
        """Each record, in file order. What is wrong is raised after all that stands before it."""
        for chunk in self._source.chunks():
            yield from self._feed(chunk)
            self._bound()
        yield from self._feed(b"", last=True)

    def _feed(self, octets: bytes, *, last: bool = False) -> Iterator[Capture]:
        yield from self._release(self._parse(octets, last=last))

    def _release(self, error: ImporterError | None) -> Iterator[Capture]:
        yield from self._ready
        self._ready.clear()
        if error is not None:
            raise error from None

    def _parse(self, octets: bytes, *, last: bool = False) -> ImporterError | None:
        """Show octets to expat. What is wrong with them is to be raised after what is `_ready`."""
        self._fed += len(octets)
        try:
            self._parser.Parse(octets, last)
            if last:
                self._blank_only(self._rule)
        except expat.ExpatError as flaw:
            return not_well_formed(flaw, self._source, self._last_good())
        except ImporterError as refusal:
            return refusal
        return None

    # The two handlers below run some forty times a key package: they are lean on purpose.

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        rule = self._rule.children.get(name) or self._special(name, attributes)
        if rule is None:
            return
        number = rule.number
        if self._lines[number] and not self._again(rule):
            return
        self._lines[number] = self._parser.CurrentLineNumber
        if attributes:
            self._capture.attributes[rule] = attributes
            if not rule.attributes.issuperset(attributes):
                self._foreign(rule, attributes)
        self._rule = rule
        self._text_from = len(self._pieces)

    def _end(self, _name: str) -> None:
        rule = self._rule
        self._rule = rule.parent or rule
        if rule.is_text:
            pieces = self._pieces
            # Nearly always one piece; several where a comment or an entity stands between them.
            one = len(pieces) - self._text_from == 1
            text = self._texts[rule.number] = pieces.pop() if one else self._joined()
            if len(text) > self._longest:
                self._exceeded(f"{rule.local} is too long", rule)
        elif rule.ends_specially:
            self._finish(rule)

    def _joined(self) -> str:
        text = "".join(self._pieces[self._text_from :])
        del self._pieces[self._text_from :]
        return text

    def _catch(self, capture: Capture) -> None:
        self._capture, self._lines, self._texts = capture, capture.lines, capture.texts

    def _finish(self, rule: Rule) -> None:
        if not rule.is_record:
            self._collect(rule)
            return
        here = self._parser.CurrentByteIndex
        if here - self._mark > self._limits.package_octets:
            self._too_large(rule)
        self._blank_only(rule)
        self._mark = here
        self._passed_by = 0
        if self._forks:
            self._ready.extend(self._related())
        else:
            self._ready.append(self._capture)
        self._last, self._last_line = self._capture, self._parser.CurrentLineNumber
        self._catch(self.container)
        self._rule = rule.then or self._rule

    def _collect(self, rule: Rule) -> None:
        """Add one more text to a list."""
        text, earlier = self._joined(), self._texts[rule.number]
        whole = text if earlier is None else f"{earlier}{BETWEEN}{text}"
        if len(whole) > self._longest:
            self._exceeded(f"{rule.local} is too long", rule)
        self._texts[rule.number] = whole

    def _related(self) -> list[Capture]:
        """The records forked from one; a single one with the fault where there is any."""
        captures = [*(capture for capture, _ in self._forks), self._capture]
        for capture, rule in self._forks:
            capture.adopt(self._capture, rule)  # what stood behind the element they differ in
        self._forks.clear()
        for capture in captures:
            if capture.fault is not None:
                return [capture]
        return captures

    def _special(self, name: str, attributes: dict[str, str]) -> Rule | None:
        """Begin a record; any other element is refused or not looked into, and None."""
        rule = self._rule.specials.get(name)
        if rule is None:
            self._unknown(self._rule, name)
            return None
        if rule.is_record:
            self._record_from = len(self._pieces)
            self._catch(Capture(self._source, self._serial, self._rules))
            return rule
        if rule.kind is Kind.NAMED:
            one = rule.children.get(attributes.get("Name", ""))
            if one is None:
                self._blame(Unsupported, f"{rule.local} of that Name is not read here", rule)
                self._look_away()
            return one
        if rule.kind is Kind.REFUSED:
            self._blame(Unsupported, f"{rule.local} is not read here", rule)
            self._look_away()
        elif not self._lines[rule.number] or self._again(rule):
            self._lines[rule.number] = self._parser.CurrentLineNumber
            self._look_away()
        return None

    def _unknown(self, parent: Rule, name: str) -> None:
        if parent.noting:
            self._note(f"{parent.path}/{shown(name)}")
        elif parent.is_leaf or not self._lenient:
            self._blame(Malformed, f"{shown(name)} does not belong here", parent)
        else:
            self._warn(WarningCode.UNKNOWN_ELEMENT, parent)
        self._look_away()

    def _warn(self, code: WarningCode, rule: Rule) -> None:
        self._capture.warnings[code] += 1
        self._passed_by += 1
        if self._passed_by > _MOST_PASSED_BY:
            self._exceeded(f"more than {_MOST_PASSED_BY} unknown elements and attributes", rule)

    def _note(self, path: str) -> None:
        if len(self._capture.unknown) < _MOST_UNKNOWN:
            self._capture.unknown.append(path)

    def _again(self, rule: Rule) -> bool:
        """Whether a further element of one name at one place is read; if not, look away."""
        match rule.again:
            case Again.READ:
                return True
            case Again.RECORD:
                self._fork(rule)
                return True
            case Again.MALFORMED:
                self._blame(Malformed, f"{rule.local} stands there twice", rule)
            case Again.WARNED:
                self._warn(WarningCode.FURTHER_NAME, rule)
        self._look_away()
        return False

    def _fork(self, rule: Rule) -> None:
        if len(self._forks) == _MOST_FORKS:
            self._exceeded(f"more than {_MOST_FORKS + 1} elements {rule.local}", rule)
        self._forks.append((self._capture, rule))
        capture = Capture(self._source, self._serial, self._rules)
        capture.adopt(self._capture, rule)
        capture.forked = True
        self._catch(capture)

    def _foreign(self, rule: Rule, attributes: dict[str, str]) -> None:
        for name in attributes.keys() - rule.attributes:
            if rule.noting:
                self._note(f"{rule.path}/@{shown(name)}")
                continue
            if " " in name:
                continue  # another namespace's, such as xsi:schemaLocation
            if not self._lenient:
                self._blame(Malformed, f"{shown(name)} is no attribute of {rule.local}", rule)
            self._warn(WarningCode.UNKNOWN_ELEMENT, rule)

    def _blank_only(self, rule: Rule) -> None:
        """Between elements stands white space only, up to and within the record just read."""
        if "".join(self._pieces).strip(" \t\r\n"):
            if "".join(self._pieces[: self._record_from]).strip(" \t\r\n"):
                self._catch(self.container)  # it stands around the record, not within
            self._blame(Malformed, "text stands where elements belong", rule)
        self._pieces.clear()

    def _look(self) -> None:
        self._parser.StartElementHandler = self._starts
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._pieces.append

    def _look_away(self) -> None:
        """See nothing of the element that has just been opened, until it ends."""
        self._skipped = 1
        self._parser.StartElementHandler = self._skip_start
        self._parser.EndElementHandler = self._skip_end
        self._parser.CharacterDataHandler = None

    def _skip_start(self, _name: str, _attributes: dict[str, str]) -> None:
        self._skipped += 1
        limit = self._limits.depth
        if self._rule.depth + self._skipped > limit:
            self._exceeded(f"elements are nested deeper than {limit}", self._rule)

    def _skip_end(self, _name: str) -> None:
        self._skipped -= 1
        if not self._skipped:
            self._look()

    def _bound(self) -> None:
        if self._fed - self._mark > self._limits.package_octets:
            self._too_large(self._rule)

    def _too_large(self, rule: Rule) -> NoReturn:
        limit = self._limits.package_octets
        self._exceeded(f"no key package ends within {limit} octets", rule)

    def _last_good(self) -> str:
        if self._last is None:
            return "no key package was read whole before it"
        named = self._last.serial or "without a serial"
        line = self._source.line(self._last_line)
        return f"the last key package read whole is {named}, ending on line {line}"

    def _blame(self, error: type[ImporterError], reason: str, rule: Rule) -> None:
        """Note the fault of the open record, the first one; outside of records raise it."""
        if self._capture is self.container:
            raise error(reason, self._here(rule))
        if self._capture.fault is None:
            self._capture.fault = error(reason, self._here(rule))

    def _exceeded(self, reason: str, rule: Rule) -> NoReturn:
        raise LimitExceeded(reason, self._here(rule))

    def _here(self, rule: Rule) -> Place:
        line = self._source.line(self._parser.CurrentLineNumber)
        return Place(self._source.name, line, rule.path, self._capture.serial)


def hardened(source: Source) -> expat.XMLParserType:
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


def not_well_formed(flaw: expat.ExpatError, source: Source, last: str) -> Malformed:
    """The refusal of what is no XML; `last` says how far it was read."""
    what = expat.errors.messages[flaw.code]
    place = Place(source.name, source.line(flaw.lineno))
    return Malformed(f"not well-formed XML, or cut off ({what}); {last}", place, _AGAIN)


def shown(name: str) -> str:
    """A foreign name, short enough and safe to print."""
    return ascii(name[:_SHOWN])
