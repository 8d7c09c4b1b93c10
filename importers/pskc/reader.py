"""Reads PSKC 1.0 (RFC 6030) from front to back: header, then one record a key package."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice

from importers.errors import (
    ImporterError,
    IntegrityFailure,
    LimitExceeded,
    Malformed,
    Place,
    Unsupported,
    WrongKey,
)
from importers.header import Header
from importers.instructions import Instructions
from importers.model import SeedRecord, WarningCode
from importers.pskc import grammar
from importers.pskc.package import BadValueMac, encrypted_seed, read_record
from importers.pskc.profiles import Profiles
from importers.pskc.protection import Keys, open_container
from importers.seed_file import SeedFile
from importers.source import Source
from importers.template import LearningWalker
from importers.unlock import Unlock
from importers.xml import Capture, Root

_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})", re.ASCII)
_MAJOR = 1
# So many wrong value MACs and not one right: the key is another file's, not the values changed.
_LOOK_AHEAD = 10


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
    opened = open_container(walker.container, first, unlock, source.limits)
    if source.leading_blank:
        walker.container.warnings.append(WarningCode.LEADING_BLANK)
    keys = opened.keys
    header = Header(
        format=f"PSKC {_MAJOR}.{minor}",
        protection=opened.protection,
        value_macs=None if keys is None else keys.value_macs.algorithm,
        warnings=tuple(walker.container.warnings),
    )
    reading = PskcReading(source, walker.container, chain([first], captures), keys)
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


class PskcReading:
    """The key packages of one container, authenticated one after the other."""

    def __init__(
        self, source: Source, container: Capture, packages: Iterator[Capture], keys: Keys | None
    ) -> None:
        self._source = source
        self._container = container
        self._packages = packages
        self._keys = keys
        self._noted: Counter[WarningCode] = Counter()
        self._read = 0
        self._profiles = Profiles()

    @property
    def position(self) -> int:
        """Octets of the file read so far."""
        return self._source.position

    @property
    def signed(self) -> bool:
        """Whether a Signature was met so far."""
        return self._container.has(grammar.SIGNATURE)

    @property
    def warnings(self) -> Counter[WarningCode]:
        """The container's warnings and those of the packages so far."""
        noted = self._noted + Counter(self._container.warnings)
        if self.signed:
            noted[WarningCode.SIGNATURE_NOT_VERIFIED] = 1
        return noted

    def records(self) -> Iterator[SeedRecord]:
        """Each key package that holds a key. Raises at the first that is refused."""
        limit = self._source.limits.records
        for index, package in enumerate(self._packages):
            if index >= limit:
                place = package.place(grammar.KEY_PACKAGE)
                raise LimitExceeded(f"more than {index} key packages", place)
            if not package.has(grammar.KEY):
                # Legal: it describes a device only (RFC 6030 section 4.1).
                package.warnings.append(WarningCode.PACKAGE_WITHOUT_KEY)
                self._noted.update(package.warnings)
                continue
            try:
                record = read_record(package, index, self._keys, self._profiles)
            except BadValueMac as bad:
                raise self._verdict(bad) from None
            self._read += 1
            if package.warnings:
                self._noted.update(package.warnings)
            yield record

    def _verdict(self, first: BadValueMac) -> ImporterError:
        """Whether one value was changed or the key is wrong, by looking at the next few."""
        bad, looked_at = 1, 1
        for package in islice(self._packages_left(), _LOOK_AHEAD - 1):
            looked_at += 1
            bad += not self._matches(package)
        if self._read == 0 and bad == looked_at:
            return WrongKey(
                f"not one of the {looked_at} value MACs looked at is right: the key or "
                "passphrase given is another file's",
                first.place,
            )
        return IntegrityFailure(
            f"the value MAC is wrong, the first of {bad} among "
            f"{self._read + looked_at} key packages looked at",
            first.place,
        )

    def _packages_left(self) -> Iterator[Capture]:
        """What can still be read; a file cut off further on changes no verdict."""
        try:
            yield from self._packages
        except ImporterError:
            return

    def _matches(self, package: Capture) -> bool:
        assert self._keys is not None  # noqa: S101 - without keys no value MAC was wrong
        try:
            encrypted_seed(package, self._keys)
        except ImporterError:
            return False
        return True
