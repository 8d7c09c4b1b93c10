"""The database with all that any use case asks of it."""

from contextlib import AbstractContextManager
from typing import Protocol

from seedvault.service.audit_ports import AuditVault, CheckpointTransaction
from seedvault.service.backup_ports import BackupVault
from seedvault.service.challenge_ports import ChallengeTransaction, ChallengeVault
from seedvault.service.clock_ports import TimeTransaction, TimeVault
from seedvault.service.transport_ports import TransportTransaction, TransportVault


class WholeTransaction(
    TimeTransaction, TransportTransaction, CheckpointTransaction, ChallengeTransaction, Protocol
):
    """A write transaction of any kind."""


class WholeVault(TimeVault, TransportVault, AuditVault, ChallengeVault, BackupVault, Protocol):
    """Every port of the database."""

    def transaction(self) -> AbstractContextManager[WholeTransaction]: ...
