"""Canonical XML 1.0 and its exclusive form, written from parser events in constant memory.

For documents without a DOCTYPE, without comments, over the whole document less its Signature: what
an enveloped XML signature hashes (XML Signature section 6.6.4). Whoever imports what was hashed
here, octet for octet, imports what was signed: a mistake in this module refuses a good file, and
cannot let a bad one through.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import NoReturn
from xml.parsers import expat

from importers.errors import ImporterError, LimitExceeded, Malformed, Place
from importers.source import Source
from importers.xml import hardened, not_well_formed

DS = "http://www.w3.org/2000/09/xmldsig#"
_SIGNATURE = [DS, "Signature"]
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"})
_IN_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"}
)


class Method(Enum):
    """Which namespace declarations are written; the value is its identifier in a Transform."""

    INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
    EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


@dataclass(frozen=True, slots=True)
class Form:
    """A canonical form. `inclusive` names prefixes that the exclusive form treats as the other
    does (its PrefixList); "" is the default namespace.
    """

    method: Method
    inclusive: frozenset[str] = frozenset()


class Part(Enum):
    """What of a document is written."""

    WITHOUT_SIGNATURE = auto()  # all but the Signature that is a child of the root
    SIGNATURE = auto()  # the root's tags, and in them its Signature and nothing else


@dataclass(frozen=True, slots=True)
class _Scope:
    """The namespaces known inside one open element, and those that were written out."""

    known: dict[str, str]
    written: dict[str, str]


class Canonical:
    """One pass over a source. Raises for a DOCTYPE, two Signatures, or one that is misplaced."""

    def __init__(self, source: Source, form: Form, part: Part) -> None:
        self.signature_line: int | None = None
        self.shift = 0  # lines that the source is ahead of the canonical text at the first child
        self._source = source
        self._form = form
        self._part = part
        self._declared: dict[str, str] = {}
        self._scopes = [_Scope({}, {})]
        self._tags: list[str] = []  # the open elements' names, as written
        self._in_signature = False
        self._out: list[str] = []
        self._stirred = False  # whether the chunk at hand held the end of anything
        self._begun = False  # whether the root was met
        self._children = 0
        self._lines = 0  # line breaks in what was handed on
        self._parser = hardened(source)
        self._parser.namespace_prefixes = True
        self._parser.ordered_attributes = True
        self._parser.buffer_text = True
        self._parser.StartNamespaceDeclHandler = self._namespace
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.ProcessingInstructionHandler = self._instruction

    def octets(self) -> Iterator[bytes]:
        """The canonical text in UTF-8, piece by piece."""
        stalled = 0
        for chunk in self._source.chunks():
            yield self._parsed(chunk)
            # A comment or a tag is held by the parser until it ends.
            stalled = 0 if self._stirred else stalled + len(chunk)
            self._stirred = False
            if stalled > self._source.limits.package_octets:
                self._refuse(
                    LimitExceeded, f"no tag or comment ends within {stalled} octets of its start"
                )
        yield self._parsed(b"")

    def _parsed(self, chunk: bytes) -> bytes:
        try:
            self._parser.Parse(chunk, not chunk)
        except expat.ExpatError as flaw:
            raise not_well_formed(flaw, self._source, "nothing was read from it") from None
        text = "".join(self._out)
        self._out.clear()
        self._lines += text.count("\n")
        return text.encode()

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        self._declared[prefix or ""] = uri or ""

    def _start(self, name: str, attributes: list[str]) -> None:
        self._stirred = True
        if len(self._tags) == 1:
            self._child()
        names = name.split(" ")
        if names[:2] == _SIGNATURE:
            self._enter_signature()
        limit = self._source.limits.depth
        if len(self._tags) >= limit:
            self._refuse(LimitExceeded, f"elements are nested deeper than {limit}")
        self._open(names, attributes)

    def _child(self) -> None:
        self._children += 1
        if self._children == 1:
            written = self._lines + sum(piece.count("\n") for piece in self._out)
            self.shift = self._parser.CurrentLineNumber - 1 - written

    def _enter_signature(self) -> None:
        if len(self._tags) != 1:
            self._refuse(Malformed, "a Signature stands elsewhere than directly in the root")
        if self.signature_line is not None:
            self._refuse(Malformed, "there is more than one Signature")
        self.signature_line = self._line()
        self._in_signature = True

    def _open(self, names: list[str], attributes: list[str]) -> None:
        scope = self._scopes[-1]
        known = {**scope.known, **self._declared} if self._declared else scope.known
        prefix, tag = _qualified(names)
        if not (self._writes() or not self._tags):
            self._scopes.append(_Scope(known, scope.written))
        else:
            prefixes, written_attributes = _attributes(attributes)
            wanted = self._wanted({prefix, *prefixes}, known)
            fresh = {
                each: known.get(each, "")
                for each in sorted(wanted)
                if known.get(each, "") != scope.written.get(each, "")
            }
            written = {**scope.written, **fresh} if fresh else scope.written
            self._scopes.append(_Scope(known, written))
            namespaces = "".join(_declaration(*each) for each in fresh.items())
            self._out.append(f"<{tag}{namespaces}{written_attributes}>")
        self._tags.append(tag)
        self._declared.clear()
        self._begun = True

    def _wanted(self, used: set[str], known: dict[str, str]) -> set[str]:
        """The prefixes whose declaration is to be in force on an element."""
        if self._form.method is Method.INCLUSIVE:
            wanted = set(self._declared)
        else:
            wanted = used | (self._form.inclusive & {"", *known})
        return wanted - {"xml"}

    def _end(self, _name: str) -> None:
        self._stirred = True
        tag = self._tags.pop()
        self._scopes.pop()
        if self._writes() or not self._tags:
            self._out.append(f"</{tag}>")
        if len(self._tags) == 1:
            self._in_signature = False

    def _text(self, text: str) -> None:
        self._stirred = True
        if self._writes():
            self._out.append(text.translate(_IN_TEXT))

    def _instruction(self, target: str, words: str) -> None:
        self._stirred = True
        if not self._writes():
            return
        instruction = f"<?{target} {words}?>" if words else f"<?{target}?>"
        if not self._tags:
            instruction = f"\n{instruction}" if self._begun else f"{instruction}\n"
        self._out.append(instruction)

    def _writes(self) -> bool:
        return self._in_signature is (self._part is Part.SIGNATURE)

    def _line(self) -> int:
        return self._source.line(self._parser.CurrentLineNumber)

    def _refuse(self, error: type[ImporterError], reason: str) -> NoReturn:
        raise error(reason, Place(self._source.name, self._line()))


def _qualified(names: list[str]) -> tuple[str, str]:
    """A name's prefix, and the name as written; `names` is its namespace, local name, prefix."""
    if len(names) < 3:
        return "", names[-1]
    return names[2], f"{names[2]}:{names[1]}"


def _attributes(attributes: list[str]) -> tuple[set[str], str]:
    """The prefixes that attributes use, and the attributes as written, in canonical order."""
    if not attributes:
        return set(), ""
    prefixes: set[str] = set()
    ordered: list[tuple[str, str, str]] = []
    for name, text in zip(attributes[::2], attributes[1::2], strict=True):
        names = name.split(" ")
        prefix, qualified = _qualified(names)
        if prefix:
            prefixes.add(prefix)
        written = f' {qualified}="{text.translate(_IN_ATTRIBUTE)}"'
        ordered.append((names[0] if prefix else "", names[min(1, len(names) - 1)], written))
    return prefixes, "".join(written for _, _, written in sorted(ordered))


def _declaration(prefix: str, uri: str) -> str:
    name = f"xmlns:{prefix}" if prefix else "xmlns"
    return f' {name}="{uri.translate(_IN_ATTRIBUTE)}"'
