"""An opened seed file: one pass over its tokens, and what was found out on the way."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from importers.errors import ImporterError
from importers.header import Header, TransportKey
from importers.model import SeedRecord, WarningCode


@dataclass(frozen=True, slots=True)
class Warned:
    """How often a file gave a warning."""

    code: WarningCode
    count: int


@dataclass(frozen=True, slots=True)
class Refused:
    """One record that cannot be taken over, in a file that otherwise can."""

    error: ImporterError


class Reading(Protocol):
    """What a format's reader keeps up to date while it yields records.

    It yields `Refused` for what is wrong with one record, and raises what is wrong with the file.
    """

    @property
    def position(self) -> int: ...

    @property
    def signed(self) -> bool: ...

    @property
    def warnings(self) -> Counter[WarningCode]: ...

    def records(self) -> Iterator[SeedRecord | Refused]: ...


class SeedFile:
    """An iterator of `SeedRecord`, in file order, once, in constant memory.

    Every record was authenticated as far as the file allows before it is yielded; an error is
    raised at the first that was not, or at the end for a file cut off. Whoever takes records
    stages them and makes them visible only after the last one. For the sake of constant memory
    serials are not remembered: two records with one serial are the taker's to refuse.

    Where the operator said `skip_bad`, a refused record is handed to `on_refusal` instead, which
    may raise to stop.

    `signer` says whose signature over the whole file was verified before anything was read; None
    where the operator named no certificate.

    `transport_key` decrypts the records' seeds; None in a plain file. Close the file, or use it in
    a `with`, to wipe that key.
    """

    def __init__(
        self,
        header: Header,
        transport_key: TransportKey | None,
        reading: Reading,
        *,
        skip_bad: bool = False,
    ) -> None:
        self.header = header
        self.transport_key = transport_key
        self.signer: str | None = None
        self.on_refusal: Callable[[ImporterError], None] = _pass_over if skip_bad else _stop
        self._reading = reading
        self._records = self._accepted()

    def __iter__(self) -> Iterator[SeedRecord]:
        return self._records

    def _accepted(self) -> Iterator[SeedRecord]:
        for record in self._reading.records():
            if isinstance(record, Refused):
                self.on_refusal(record.error)
            else:
                yield record

    @property
    def position(self) -> int:
        """Octets of the file read so far."""
        return self._reading.position

    @property
    def signed(self) -> bool:
        """Whether it carries a signature; without a `signer` known after the last record only."""
        return self.signer is not None or self._reading.signed

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


def _stop(error: ImporterError) -> None:
    raise error


def _pass_over(_error: ImporterError) -> None:
    pass
