"""Denied operations are events too."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.errors import Conflict, NotAllowed
from seedvault.service.decide import Case
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


@contextmanager
def conflict_on_record(case: Case, asked: str) -> Iterator[None]:
    """A block that changes a token; if its state forbids what was `asked`, that is on record."""
    try:
        yield
    except Conflict as conflict:
        case.record(case.event(EventKind.TOKEN_REFUSED, f"{asked}: {conflict.what}"))
        raise
