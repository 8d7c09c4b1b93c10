"""Reads PSKC 1.0 (RFC 6030) from front to back: header, then one record a key package."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from importers.errors import ImporterError, LimitExceeded, Malformed, Place, Unsupported
from importers.header import Header
from importers.instructions import Instructions
from importers.model import SeedRecord, WarningCode
from importers.pskc import grammar
from importers.pskc.authentic import BadValueMac
from importers.pskc.package import RecordReader
from importers.pskc.protection import Keys, open_container
from importers.pskc.verdict import Verdict
from importers.seed_file import Refused, SeedFile
from importers.source import Source
from importers.template import LearningWalker
from importers.unlock import Unlock
from importers.xml import Capture, Root

_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})", re.ASCII)
_MAJOR = 1


def open_pskc(
    source: Source, root: Root, unlock: Unlock | None, instructions: Instructions
) -> SeedFile:
    """Read up to the end of the first key package, and open the container."""
    minor = _minor_version(source, root)
    walker = LearningWalker(source, grammar.DOCUMENT, grammar.SERIAL_NO, lenient=minor > 0)
    captures = walker.captures()
    first = next(captures, None)
    if first is None:
        place = walker.container.place(grammar.KEY_CONTAINER)
        raise Malformed("there is no KeyPackage", place)
    opened = open_container(walker.container, first, unlock, source.limits, instructions)
    if source.leading_blank:
        walker.container.warnings[WarningCode.LEADING_BLANK] += 1
    keys = opened.keys
    header = Header(
        format=f"PSKC {_MAJOR}.{minor}",
        protection=opened.protection,
        value_macs=opened.value_macs,
        warnings=tuple(walker.container.warnings),
    )
    packages = Packages(walker.container, chain([first], captures), keys)
    reading = PskcReading(source, packages, instructions)
    transport = None if keys is None else keys.transport
    return SeedFile(header, transport, reading, skip_bad=instructions.skip_bad)


def _minor_version(source: Source, root: Root) -> int:
    """A higher minor version is read leniently, a higher major refused (RFC 6030 section 1.2)."""
    place = Place(source.name, root.line, grammar.KEY_CONTAINER.path)
    match = _VERSION.fullmatch((root.version or "").strip())
    if match is None:
        raise Malformed("Version is missing, or not of the form 1.0", place)
    major, minor = int(match[1]), int(match[2])
    if major != _MAJOR:
        raise Unsupported(f"version {major}.{minor} is not read here, only {_MAJOR}.x", place)
    return minor


@dataclass(frozen=True, slots=True)
class Packages:
    """An opened container: what stands around its key packages, these, and what opens them."""

    container: Capture
    captures: Iterator[Capture]
    keys: Keys | None


class PskcReading:
    """The key packages of one container, authenticated one after the other."""

    def __init__(self, source: Source, packages: Packages, instructions: Instructions) -> None:
        self._source = source
        self._packages = packages
        self._skip_bad = instructions.skip_bad
        self._noted: Counter[WarningCode] = Counter()
        self._reader = RecordReader(packages.keys, instructions)
        self._verdict = Verdict(packages.keys)

    @property
    def position(self) -> int:
        """Octets of the file read so far."""
        return self._source.position

    @property
    def signed(self) -> bool:
        """Whether a Signature was met so far."""
        return self._packages.container.has(grammar.SIGNATURE)

    @property
    def warnings(self) -> Counter[WarningCode]:
        """The container's warnings and those of the packages so far."""
        noted = self._noted + Counter(self._packages.container.warnings)
        if self.signed:
            noted[WarningCode.SIGNATURE_NOT_VERIFIED] = 1
        return noted

    def records(self) -> Iterator[SeedRecord | Refused]:
        """Each key. A value MAC that is wrong ends it, unless bad records are to be skipped."""
        limit = self._source.limits.records
        for index, package in enumerate(self._packages.captures):
            if index >= limit:
                place = package.place(grammar.KEY_PACKAGE)
                raise LimitExceeded(f"more than {index} key packages", place)
            outcome = self._outcome(package, index)
            if package.warnings:
                self._noted.update(package.warnings)
            if outcome is not None:
                yield outcome
        self._verdict.end()

    def _outcome(self, package: Capture, index: int) -> SeedRecord | Refused | None:
        if package.fault is not None:
            return Refused(package.fault)
        if not package.has(grammar.KEY):
            # Legal: it describes a device only (RFC 6030 section 4.1).
            package.warnings[WarningCode.PACKAGE_WITHOUT_KEY] += 1
            return None
        try:
            record = self._reader.read(package, index)
        except BadValueMac as wrong:
            if not self._skip_bad:
                raise self._verdict.stop(wrong, self._packages.captures) from None
            self._verdict.go_on(wrong)
            return Refused(wrong)
        except ImporterError as error:
            return Refused(error)
        self._verdict.right += 1
        return record
