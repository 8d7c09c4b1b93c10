"""What comparing clocks needs of the database."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from seedvault.domain.clock import TimeOnRecord
from seedvault.service.ports import Transaction, Vault


class TimeTransaction(Transaction, Protocol):
    """A write transaction that may say which times on record were wrong."""

    def accept_time(self, now: datetime) -> None:
        """What is on record of later than `now` counts no more."""


class TimeVault(Vault, Protocol):
    """The database, and what it knows of the time."""

    def time_on_record(self) -> TimeOnRecord: ...
    def transaction(self) -> AbstractContextManager[TimeTransaction]: ...
