"""Walks a file with the walker that learns and with the one that does not, and compares."""

from dataclasses import dataclass
from io import BytesIO

import pytest

from importers import ImporterError, Limits
from importers import source as source_module
from importers.pskc import grammar
from importers.rules import Rule
from importers.source import Source
from importers.template import LearningWalker, Template
from importers.xml import Capture, Walker

NO_LIMITS = Limits()
HEAD, CHUNK = 1_500, 20_000  # octets: learning begins behind the head
# What a template may take neither for a value nor for markup that it knows.
PIECES = (
    b"<", b">", b"&", b"]]>", b"]]", b"&amp;", b"&#10;", b"<!--", b"-->", b"<!---->",
    b"<!--</KeyPackage>-->", b"<![CDATA[a]]>", b"<![CDATA[</KeyPackage>]]>", b"<?a </KeyPackage>?>",
    b"\n", b"\r\n", b"\r", b"\t", b'"', b"'", b" ", b"=", b"/", b"\x00", b"\x0b", b"\x7f", b"\xff",
    b"\xc3\xbc", b"\xef\xbf\xbf", b"\xef\xbb\xbf", b"a", b"a:", b"0" * 9_000, b"<a>" * 40,
    b"<KeyPackage/>", b"<KeyPackage></KeyPackage>", b"</KeyPackage>", b"</KeyPackage >",
    b"<KeyPackage>", b"</KeyContainer>", b"<Extensions/>",
    b"<Extensions><KeyPackage></KeyPackage></Extensions>", b"<Issuer/>", b"<Issuer>a</Issuer>",
    b"<FriendlyName>a</FriendlyName>", b"<New/>", b"<Policy/>", b"<EncryptionKey/>",
    b"<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/>", b" Id='a'", b' a="<"', b" a='&lt;'",
    b" xmlns='urn:b'", b" xmlns:c='urn:c' c:d=''", b" xml:lang='de'", b"<!DOCTYPE a>",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Walk:
    """One way to walk a document."""

    document: Rule = grammar.DOCUMENT
    serial: Rule = grammar.SERIAL_NO
    limits: Limits = NO_LIMITS
    lenient: bool = False

    def told(self, kind: type[Walker], octets: bytes) -> list[object]:
        """All that a walk tells: each capture, and then the container or the error."""
        told: list[object] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(source_module, "CHUNK", HEAD)
            try:
                source = Source(BytesIO(octets), "batch.pskc", self.limits)
                patch.setattr(source_module, "CHUNK", CHUNK)
                walker = kind(source, self.document, self.serial, lenient=self.lenient)
                for capture in walker.captures():
                    told.append((source.position, *self._all_of(capture)))
                    capture.warnings.clear()  # as its reader may: it is the reader's from here on
                told.append(self._all_of(walker.container))
            except ImporterError as error:
                told.append((type(error), error.reason, error.place))
        return told

    def _all_of(self, capture: Capture) -> tuple[object, ...]:
        rules = self.document.below()
        lines = {rule: capture.line(rule) for rule in rules if capture.has(rule)}
        return lines, capture.texts, capture.attributes, dict(capture.warnings), capture.serial


PSKC = Walk()


def both(octets: bytes, walk: Walk = PSKC) -> list[object]:
    """All that both walkers tell, which must be the same."""
    told = walk.told(LearningWalker, octets)
    assert told == walk.told(Walker, octets)
    return told


def recalled(octets: bytes, walk: Walk = PSKC) -> int:
    """How many records were read without expat."""
    count = 0
    capture = Template.capture

    def counted(*arguments: object) -> Capture:
        nonlocal count
        count += 1
        return capture(*arguments)  # type: ignore[arg-type]  # whatever it was called with

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "capture", counted)
        walk.told(LearningWalker, octets)
    return count
