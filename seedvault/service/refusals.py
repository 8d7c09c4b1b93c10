"""Denied operations are events too."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from seedvault.domain.audit import AuditEvent
from seedvault.domain.errors import NotAllowed
from seedvault.service.ports import Vault


@contextmanager
def denial_on_record(vault: Vault, event: AuditEvent) -> Iterator[None]:
    """A block that does what was asked for; if that is not allowed, `event` says so, and why."""
    try:
        yield
    except NotAllowed as denied:
        with vault.transaction() as transaction:
            transaction.commit(replace(event, detail=f"{event.detail}: {denied.what}"))
        raise
