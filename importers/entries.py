"""A seed file in the clear whose reader gives one `Entry` a token."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from types import MappingProxyType

from importers.assembly import Assembler
from importers.entry import Entry
from importers.errors import ImporterError, IntegrityFailure, LimitExceeded, Malformed, Place
from importers.header import Header, Plain
from importers.model import SeedRecord, WarningCode
from importers.seed_file import Refused, SeedFile
from importers.source import Source
from importers.unlock import Unlock

Entries = Iterator[Entry | Refused]
_NONE: Mapping[WarningCode, int] = MappingProxyType({})


def no_key(source: Source, unlock: Unlock | None) -> None:
    """Raises IntegrityFailure where a key was given for a format that encrypts nothing."""
    if unlock is not None:
        raise IntegrityFailure(
            "a key was given, but nothing in this file is encrypted",
            Place(source.name),
            "If a plain file was ordered, give no key; else someone has replaced it.",
        )


def open_entries(
    source: Source,
    title: str,
    entries: Entries,
    assembler: Assembler,
    around: Mapping[WarningCode, int] = _NONE,
) -> SeedFile:
    """The file, read up to its first token. Raises Malformed where there is none.

    `around`: how often what was warned of that stands around the tokens; it may still grow.
    """
    assembler.check(Place(source.name))
    first = next(entries, None)
    if first is None:
        raise Malformed("there is no token in it", Place(source.name))
    # White space before an XML declaration is not allowed; before a row it means nothing.
    blank = source.leading_blank and source.head.startswith(b"<")
    warnings = (WarningCode.LEADING_BLANK,) if blank else ()
    header = Header(
        format=title, protection=Plain(), value_macs=None, warnings=(*warnings, *around)
    )
    reading = EntryReading(source, chain([first], entries), assembler, around)
    reading.noted.update(warnings)
    return SeedFile(header, None, reading, skip_bad=assembler.instructions.skip_bad)


class EntryReading:
    """The tokens of one file, one after the other."""

    def __init__(
        self,
        source: Source,
        entries: Entries,
        assembler: Assembler,
        around: Mapping[WarningCode, int],
    ) -> None:
        self.noted: Counter[WarningCode] = Counter()
        self._around = around
        self._source = source
        self._entries = entries
        self._assembler = assembler

    @property
    def position(self) -> int:
        """Octets of the file read so far."""
        return self._source.position

    @property
    def signed(self) -> bool:
        """Whether a signature was met so far; none of these formats' can be verified."""
        return self.noted[WarningCode.SIGNATURE_NOT_VERIFIED] > 0

    @property
    def warnings(self) -> Counter[WarningCode]:
        """The warnings of the tokens so far, and of what stands around them."""
        return self.noted + Counter(self._around)

    def records(self) -> Iterator[SeedRecord | Refused]:
        """Each token; `Refused` for one that cannot be taken over."""
        limit = self._source.limits.records
        for index, entry in enumerate(self._entries):
            if index >= limit:
                raise LimitExceeded(f"more than {index} tokens", Place(self._source.name))
            yield entry if isinstance(entry, Refused) else self._record(entry, index)

    def _record(self, entry: Entry, index: int) -> SeedRecord | Refused:
        try:
            record = self._assembler.record(entry, index)
        except ImporterError as error:
            return Refused(error)
        self.noted.update(entry.warnings)
        return record
