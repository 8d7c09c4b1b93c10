"""An opened seed file: one pass over its tokens, and what was found out on the way."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from importers.header import Header, TransportKey
from importers.model import SeedRecord, WarningCode


@dataclass(frozen=True, slots=True)
class Warned:
    """How often a file gave a warning."""

    code: WarningCode
    count: int


class Reading(Protocol):
    """What a format's reader keeps up to date while it yields records."""

    @property
    def position(self) -> int: ...

    @property
    def signed(self) -> bool: ...

    @property
    def warnings(self) -> Counter[WarningCode]: ...

    def records(self) -> Iterator[SeedRecord]: ...


class SeedFile:
    """An iterator of `SeedRecord`, in file order, once, in constant memory.

    Every record was authenticated as far as the file allows before it is yielded; an error is
    raised at the first that was not, or at the end for a file cut off. Whoever takes records
    stages them and makes them visible only after the last one. For the sake of constant memory
    serials are not remembered: two records with one serial are the taker's to refuse.

    `transport_key` decrypts the records' seeds; None in a plain file. Close the file, or use it in
    a `with`, to wipe that key.
    """

    def __init__(
        self, header: Header, transport_key: TransportKey | None, reading: Reading
    ) -> None:
        self.header = header
        self.transport_key = transport_key
        self._reading = reading
        self._records = reading.records()

    def __iter__(self) -> Iterator[SeedRecord]:
        return self._records

    @property
    def position(self) -> int:
        """Octets of the file read so far."""
        return self._reading.position

    @property
    def signed(self) -> bool:
        """Whether it carries a signature, which is not verified; known after the last record."""
        return self._reading.signed

    @property
    def warnings(self) -> tuple[Warned, ...]:
        """Every warning so far and how often; complete after the last record."""
        return tuple(Warned(code, count) for code, count in self._reading.warnings.items())

    def close(self) -> None:
        """Wipe the transport key."""
        if self.transport_key is not None:
            self.transport_key.wipe()

    def __enter__(self) -> "SeedFile":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
