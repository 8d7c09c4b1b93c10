"""A walker that learns: a record that looks like one read before is read without expat.

The records of a batch are alike but for a few values. So a record that expat has read becomes a
`Template`: a pattern of its markup, word for word, with a group in the place of each value. What
matches has the same elements at the same places, and the groups are its values. And since every
record is balanced, the document is as well-formed without it as with it: expat sees only what
matches no template, and between that a comment with as many line ends as were passed over.

Records, lines and errors are exactly those of `Walker`: tests/property/importers/test_template.py
holds the two together.
"""

import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass

from importers.capture import Capture
from importers.rules import Rule
from importers.source import Source
from importers.xml import Walker

# Octets are looked at as latin-1: a character for each, so that both have the same offsets.
_START_TAG = re.compile(r"""<(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""")
_ATTRIBUTE = re.compile(r"""\s([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_TEXT = re.compile(r"([^<>&\r]*)</")
_END_TAG = re.compile(rb"</[^\s<>]+>")
# What may stand in the place of a value. ASCII only: the encoding does not matter. No "<" and no
# "&": no markup. No ">": no "]]>". No line end but those learnt: the lines after it stay known.
_LINE = r"[\t -%'-;=?-~]*+"
_ATTRIBUTE_VALUE = re.compile(r"[ !#-%(-;=?-~]*+")

# A pattern takes 0.5 us an octet to compile: as long as expat takes for some 25 records.
_LESSONS, _LESSON_OCTETS = 16, 8 << 10
# So many octets more than were recalled may be tried in vain; from then on it is expat alone.
_CREDIT = 128 << 10


@dataclass(frozen=True, slots=True)
class Value:
    """Where in a record's text a value stands: that of an element, or of its `attribute`."""

    start: int
    end: int
    rule: Rule
    attribute: str | None
    pattern: str


@dataclass(frozen=True, slots=True)
class Shape:
    """What all records that one template fits have in common: everything but values."""

    within: Rule
    markup: tuple[str, ...]  # before, between and after the values
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A record that expat has just read: its octets, from the end of the record before it.

    `tags`: where in `text` the start tag of which element begins. `line`: the one on which `text`
    begins. `height`: how many lines end in it. `within`: the rule of what surrounds the record.
    """

    text: str
    tags: Mapping[int, Rule]
    capture: Capture
    line: int
    height: int
    within: Rule

    def values(self) -> list[Value] | None:
        """The values, in file order; None where markup stands within one, or before the record."""
        values: list[Value] = []
        for start, rule in self.tags.items():
            if rule.is_record and self.text[:start].strip():
                return None
            tag = _START_TAG.match(self.text, start)
            assert tag is not None  # noqa: S101 - expat saw it begin here, and end
            values += self._attributes(tag, rule)
            if not rule.is_text or tag[0].endswith("/>"):
                continue
            text = _TEXT.match(self.text, tag.end())
            if text is None:
                return None
            if text[1].isascii():  # else it stands for itself, like markup: a maker's name
                pattern = "\n".join([_LINE] * (1 + text[1].count("\n")))
                values.append(Value(*text.span(1), rule, None, pattern))
        return values

    def _attributes(self, tag: re.Match[str], rule: Rule) -> Iterator[Value]:
        if rule.is_named:
            return  # which rule it is depends on them: they are as good as markup
        known = self.capture.attributes.get(rule, {})
        for found in _ATTRIBUTE.finditer(tag[0]):
            name, quoted = found[1], found.lastindex or 0
            if name in known and _ATTRIBUTE_VALUE.fullmatch(found[quoted]):
                start, end = (tag.start() + offset for offset in found.span(quoted))
                yield Value(start, end, rule, name, _ATTRIBUTE_VALUE.pattern)

    def shape(self, values: list[Value]) -> Shape:
        """What is left of the record without its values."""
        starts = [*(value.start for value in values), len(self.text)]
        ends = [0, *(value.end for value in values)]
        markup = (self.text[end:start] for end, start in zip(ends, starts, strict=True))
        return Shape(self.within, tuple(markup), tuple(value.pattern for value in values))

    def attributes(self, values: list[Value]) -> dict[int, str]:
        """The values of attributes, by their place among all."""
        return {
            place: self.text[value.start : value.end]
            for place, value in enumerate(values)
            if value.attribute is not None
        }


class Template:
    """The pattern of a shape, and what to make of a match.

    `fixed`: the attributes that have not varied yet. They stand for themselves: an algorithm is as
    good as markup, and the fewer groups, the faster.
    """

    __slots__ = ("_attributes", "_line", "_model", "_texts", "fixed", "height", "pattern", "within")

    def __init__(
        self, lesson: Lesson, shape: Shape, values: list[Value], fixed: dict[int, str]
    ) -> None:
        self.within = shape.within
        self.height = lesson.height
        self.fixed = fixed
        self._line = lesson.line
        self._texts: list[tuple[int, int]] = []  # a group, from 0, and the number of its rule
        self._attributes: list[tuple[int, Rule, str]] = []
        capture = lesson.capture
        # Without the values of the record learnt from: one may be a seed.
        self._model = capture.again(capture.texts.copy(), capture.attributes, 0)
        parts = [re.escape(shape.markup[0])]
        group = 0
        for place, value in enumerate(values):
            if place in fixed:
                parts.append(re.escape(fixed[place]))
            else:
                parts.append(f"({value.pattern})")
                self._assign(group, value)
                group += 1
            parts.append(re.escape(shape.markup[place + 1]))
        self.pattern = re.compile("".join(parts))

    def _assign(self, group: int, value: Value) -> None:
        if value.attribute is not None:
            self._attributes.append((group, value.rule, value.attribute))
        else:
            self._texts.append((group, value.rule.number))
            self._model.texts[value.rule.number] = None

    def capture(self, match: re.Match[str], line: int) -> Capture:
        """What a walker would have captured, had it read the match, which begins on `line`."""
        groups = match.groups()
        texts = self._model.texts.copy()
        for group, number in self._texts:
            texts[number] = groups[group]
        attributes = self._model.attributes.copy()
        for group, rule, name in self._attributes:
            attributes[rule] = {**attributes[rule], name: groups[group]}
        return self._model.again(texts, attributes, line - self._line)


class LearningWalker(Walker):
    """A `Walker` that gives the same, sooner."""

    def __init__(self, source: Source, document: Rule, serial: Rule, *, lenient: bool) -> None:
        super().__init__(source, document, serial, lenient=lenient)
        # So neither a record nor any value in it is longer than it may be.
        self._longest_match = min(self._limits.package_octets, self._limits.value_octets)
        self._end_tag = b""  # of a record; unknown until one was read
        self._templates: dict[Shape, Template] = {}
        self._lessons = _LESSONS
        self._credit = _CREDIT
        self._tags: dict[int, Rule] = {}
        self._studied_from = 0

    def captures(self) -> Iterator[Capture]:
        """Each record, in file order. What is wrong is raised after all that stands before it."""
        for chunk in self._source.chunks():
            at = yield from self._record_by_record(chunk)
            yield from self._feed(chunk[at:])
            self._bound()
            self._end_tag = self._end_tag or self._last_end_tag(chunk)
        yield from self._feed(b"", last=True)

    def _last_end_tag(self, chunk: bytes) -> bytes:
        """The end tag of the last record that ended in the chunk just fed, if it has one."""
        start = self._mark - self._fed + len(chunk)
        tag = _END_TAG.match(chunk, start) if self._last and start >= 0 else None
        return tag[0] if tag else b""

    def _record_by_record(self, chunk: bytes) -> Generator[Capture, None, int]:
        """Take what ends in a chunk in pieces that should be records; up to where, is returned."""
        text, at = chunk.decode("latin-1"), 0
        while self._end_tag and self._credit > 0:
            found = chunk.find(self._end_tag, at)
            if found < 0:
                break
            end = found + len(self._end_tag)
            if self._is_between_records():
                yield from self._study(chunk[at:end])
            else:
                yield from self._feed(chunk[at:end])
            at = end
            if self._is_between_records():
                at = yield from self._recall(text, at)
        return at

    def _is_between_records(self) -> bool:
        """Whether expat stands right behind the end tag: only if it was no comment's, say."""
        return self._mark + len(self._end_tag) == self._fed

    def _recall(self, text: str, at: int) -> Generator[Capture, None, int]:
        """Take, without expat, the records from `at` on that fit a template; up to where."""
        begun, line = at, self._last_line
        while template := self._fitting(text, at):
            while match := template.pattern.match(text, at, at + self._longest_match):
                self._last = template.capture(match, line)
                at, line = match.end(), line + template.height
                yield self._last
        if at > begun:
            self._credit += at - begun
            self._pass_over(line - self._last_line)
        return at

    def _fitting(self, text: str, at: int) -> Template | None:
        end = at + self._longest_match
        for template in self._templates.values():
            if template.within is self._rule and template.pattern.match(text, at, end):
                return template
        return None

    def _pass_over(self, lines: int) -> None:
        """Let expat count the lines that it has not seen, and the limits start from here."""
        comment = b"<!--%b-->" % (b"\n" * lines)
        self._parser.Parse(comment)
        self._fed += len(comment)
        self._mark = self._fed - len(self._end_tag)
        self._last_line += lines
        self._passed_by = 0

    def _study(self, octets: bytes) -> Iterator[Capture]:
        """Let expat read what should be one record, and learn from it if it is."""
        self._credit -= len(octets)
        if self._lessons == 0 or len(octets) > _LESSON_OCTETS:
            yield from self._feed(octets)
            return
        within, line, self._studied_from = self._rule, self._last_line, self._fed
        self._tags = {}
        self._starts = self._start_and_mark
        self._look()
        error = self._parse(octets)
        if self._is_between_records() and self._rule is within and self._has_one_sound_record():
            height = self._last_line - line
            text = octets.decode("latin-1")
            self._learn(Lesson(text, self._tags, self._ready[0], line, height, within))
        yield from self._release(error)

    def _has_one_sound_record(self) -> bool:
        """Whether what expat has just read can be learned from."""
        return len(self._ready) == 1 and self._ready[0].fault is None

    def _start_and_mark(self, name: str, attributes: dict[str, str]) -> None:
        above = self._rule
        self._start(name, attributes)
        if self._rule is not above:  # else it is not looked into
            self._tags[self._parser.CurrentByteIndex - self._studied_from] = self._rule

    def _finish(self, rule: Rule) -> None:
        super()._finish(rule)
        if rule.is_record and self._starts == self._start_and_mark:
            self._starts = self._start
            self._look()

    def _learn(self, lesson: Lesson) -> None:
        values = lesson.values()
        if values is None:
            return
        shape, fixed = lesson.shape(values), lesson.attributes(values)
        if shape in self._templates:
            fixed = dict(fixed.items() & self._templates[shape].fixed.items())
        self._templates[shape] = Template(lesson, shape, values, fixed)
        self._lessons -= 1
