"""A batch is handed on: a seed file for another verifier, encrypted under that one's key."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.batch import Batch
from seedvault.domain.errors import NotAllowed
from seedvault.domain.oath import HotpParameters, TotpParameters
from seedvault.domain.token import Bound, InStock, Token
from seedvault.service.approval import check_second_person
from seedvault.service.decide import Case, broken_on_record
from seedvault.service.lookup import batch_of
from seedvault.service.ports import Clock, Handler, Keys, ListedToken, TokenFilter, Vault
from seedvault.service.seed_files import Outbox, OutgoingFile, Recipient

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Handover:
    """What is to be handed on: a batch, to whom, as which file; and who else agreed to it."""

    batch: str
    recipient: Recipient
    path: Path
    approved_by: str | None = None


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What was handed on. `left_out` counts what cannot be: see `_may_leave`."""

    batch: Batch
    tokens: int
    left_out: int


@dataclass(frozen=True, slots=True)
class HandOver:
    """Write a batch's seeds to a file, each on record before the file is there."""

    vault: Vault
    keys: Keys
    outbox: Outbox
    clock: Clock

    def __call__(self, order: Handover, actor: str, *, dry_run: bool = False) -> HandedOver:
        """Raises NotAllowed where the batch was not imported as exportable, Conflict where the file
        is there already; then nothing is written. The file appears whole, or not at all.
        """
        batch = self._allowed(order, actor, dry_run=dry_run)
        self.outbox.check(order.path)
        if dry_run:
            return self._foreseen(batch, actor)
        with (
            self.keys.handing_on(order.recipient) as hands,
            self.outbox.writing(order.path, order.recipient, hands.mac_key) as file,
        ):
            done = self._write(batch, order, hands, file, actor)
            self._record(
                EventKind.BATCH_EXPORTED, batch, actor, f"{done.tokens} tokens, {_to(order)}"
            )
        return done

    def _allowed(self, order: Handover, actor: str, *, dry_run: bool) -> Batch:
        batch = batch_of(self.vault, order.batch)
        if not batch.exportable:
            if not dry_run:
                detail = f"not exportable, {_to(order)}"
                self._record(EventKind.EXPORT_REFUSED, batch, actor, detail)
            raise NotAllowed(
                f"{batch.name} was not imported as exportable: its seeds never leave the HSM",
                unchanged="Nothing was handed on.",
                remedy="Ask the maker for a file of the recipient's own.",
            )
        if order.approved_by is not None:
            check_second_person(order.approved_by, actor, unchanged="Nothing was handed on.")
        return batch

    def _write(
        self, batch: Batch, order: Handover, hands: Handler, file: OutgoingFile, actor: str
    ) -> HandedOver:
        tokens = left_out = 0
        for case in self._cases(batch, actor):
            token = case.stored.token
            case.check_seal()
            if not _may_leave(token):
                left_out += 1
                continue
            file.add(token, hands.hand_on(case.stored))
            case.record(case.event(EventKind.TOKEN_EXPORTED, _to(order)))
            tokens += 1
        return HandedOver(batch, tokens, left_out)

    def _foreseen(self, batch: Batch, actor: str) -> HandedOver:
        tokens = left_out = 0
        for case in self._cases(batch, actor):
            self.keys.check(case.stored)
            leaves = _may_leave(case.stored.token)
            tokens, left_out = tokens + leaves, left_out + (not leaves)
        return HandedOver(batch, tokens, left_out)

    def _cases(self, batch: Batch, actor: str) -> Iterator[Case]:
        wanted = TokenFilter(batch=batch.number, limit=_PAGE)
        while page := self._page(wanted, batch, actor):
            for listed in page:
                serial = listed.token.device.serial
                yield Case.read(self.vault, self.keys, serial, actor, self.clock())
            wanted = TokenFilter(batch=batch.number, after=serial, limit=_PAGE)

    def _page(self, wanted: TokenFilter, batch: Batch, actor: str) -> list[ListedToken]:
        event = AuditEvent(EventKind.SEAL_BROKEN, self.clock(), actor, batch=batch.name)
        with broken_on_record(self.vault, event):
            return self.vault.listed(wanted)

    def _record(self, kind: EventKind, batch: Batch, actor: str, detail: str) -> None:
        event = AuditEvent(kind, self.clock(), actor, batch=batch.name, detail=detail)
        with self.vault.transaction() as transaction:
            transaction.commit(event)


def _may_leave(token: Token) -> bool:
    """Whether a seed file can say all that holds for the token.

    A policy that is not enforced here would be lost on the way, and PSKC has no words for a token
    that is suspended or revoked, nor for a clock that starts elsewhere than in 1970. Keys that
    answer challenges are read and not written.
    """
    if not isinstance(token, InStock | Bound):
        return False
    parameters = token.device.parameters
    if isinstance(parameters, TotpParameters):
        return not parameters.t0_s
    return isinstance(parameters, HotpParameters)


def _to(order: Handover) -> str:
    approved = f", approved by {order.approved_by}" if order.approved_by else ""
    return f"to {order.recipient.name}, {order.recipient.means}{approved}"
