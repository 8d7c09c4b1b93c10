"""Putting a vault back: the use cases with what they need."""

# ruff: noqa: PLC0415 - adapters are imported when they are first used

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from seedvault.config import Settings
from seedvault.domain.errors import HsmUnavailable
from seedvault.service.audit_evidence import AuditEvidence
from seedvault.service.restore import PromoteVault, RestoreVault
from seedvault.wiring import places
from seedvault.wiring.auditing import export_readers
from seedvault.wiring.clock import system_clock
from seedvault.wiring.strangers import refuse_strangers

if TYPE_CHECKING:
    from seedvault.domain.backup import BackupHeader
    from seedvault.service.restore_ports import RestoringHsm
    from seedvault.wiring import Application


def restore_vault(settings: Settings, identity: bytes, *, hsm_lost: bool) -> RestoreVault:
    """`identity` is a private key's file. Raises InvalidInput where it holds none."""
    from seedvault.archive import BackupFile, identities_of
    from seedvault.keys import verifies
    from seedvault.storage import SqlPlace

    refuse_strangers()
    return RestoreVault(
        SqlPlace(settings.database),
        BackupFile(identities_of(identity)),
        None if hsm_lost else _connecting(settings),
        verifies,
        system_clock,
    )


def promote_vault(application: "Application") -> PromoteVault:
    """Of a vault that need not be of the HSM's epoch."""
    from seedvault.keys.restoring import RestoringKeys
    from seedvault.storage import SqlPlace

    hsm = RestoringKeys(application.any_epochs_keystore(), application.vault.identity.vault_id)
    return PromoteVault(SqlPlace(application.settings.database), hsm, system_clock)


def audit_evidence(exports: Sequence[Path], actor: str, *, is_complete: bool) -> AuditEvidence:
    """The exported log in these files, in the order in which they were written.

    Raises InvalidInput where one cannot be read.
    """
    from seedvault.keys import verifies

    readers = export_readers(exports)
    return AuditEvidence(
        lambda: chain.from_iterable(readers), verifies, system_clock, actor, is_complete
    )


def _connecting(
    settings: Settings,
) -> "Callable[[BackupHeader], AbstractContextManager[RestoringHsm]]":
    @contextmanager
    def connect(header: "BackupHeader") -> "Iterator[RestoringHsm]":
        from seedvault.keys.restoring import restoring_keys

        if settings.module is None and not settings.hsm_home.is_dir():
            raise HsmUnavailable(
                f"{settings.hsm_home} is missing: the keys of this vault were in it",
                unchanged="Nothing was restored.",
                remedy="Bring it back from a backup. Is it lost? Restore without it, and bring "
                "the keys then: --hsm-lost, and seedvault key restore",
            )
        place = places.location(settings)
        if settings.require_fips:
            places.refuse_unapproved(place)
        with restoring_keys(place, places.pin(settings), header) as keys:
            yield keys

    return connect
