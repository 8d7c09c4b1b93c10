"""Checkpoints written: a moment's heads, signed outside of any transaction, then appended."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from seedvault.domain.audit import GENESIS, ChainHead
from seedvault.domain.ceremony import SigningKey
from seedvault.domain.checkpoint import AT_ONCE, USUAL, Checkpoint, Pace, SignedCheckpoint
from seedvault.domain.errors import SealBroken, StorageUnavailable
from seedvault.service.audit_ports import AuditVault
from seedvault.service.ports import Clock, Stale
from seedvault.service.records import RecordSigner

_ATTEMPTS = 20  # each lost one means that another process wrote a checkpoint


@dataclass(frozen=True, slots=True)
class _Moment:
    """Where the log stood, and what the last checkpoint said."""

    before: SignedCheckpoint | None
    heads: tuple[ChainHead, ...]

    @property
    def uncovered(self) -> int:
        """How many events no checkpoint covers yet."""
        covered = self.before.checkpoint.events if self.before else 0
        return sum(head.sequence for head in self.heads) - covered


@dataclass(frozen=True, slots=True)
class WriteCheckpoint:
    """Sign where every chain ends. Any process and any thread may, at any time.

    Of two that try at once, one writes the next and the other looks again what is left to cover.
    """

    vault: AuditVault
    signer: RecordSigner
    clock: Clock

    def __call__(self, pace: Pace = USUAL) -> SignedCheckpoint | None:
        """The new checkpoint; None where none is due.

        Raises Conflict as `commit_checkpoint` does; SealBroken where the log is not the one that
        was signed before.
        """
        return self._settled(pace, None)

    def introduce(self, public_key: bytes) -> SignedCheckpoint:
        """A checkpoint by which the key in use names its successor, whatever else is new."""
        written = self._settled(None, public_key)
        if written is None:
            raise AssertionError("a checkpoint that is due whatever is new was not written")
        return written

    def _settled(self, pace: Pace | None, introduces: bytes | None) -> SignedCheckpoint | None:
        for _ in range(_ATTEMPTS):
            try:
                return self._attempt(pace, introduces)
            except Stale:
                continue
        raise StorageUnavailable(
            "others wrote checkpoints faster than this one could be signed",
            unchanged="No checkpoint was written.",
            remedy="Theirs cover the log.",
        )

    def _attempt(self, pace: Pace | None, introduces: bytes | None) -> SignedCheckpoint | None:
        found = self._look()
        if pace is not None and not self._is_due(found, pace):
            return None
        stated = self._state(found, introduces)
        signed = SignedCheckpoint(stated, self.signer.sign(stated.statement()))
        with self.vault.transaction() as transaction:
            transaction.commit_checkpoint(signed)
        return signed

    def _is_due(self, found: _Moment, pace: Pace) -> bool:
        last = found.before.checkpoint if found.before else None
        if last is not None and last.signer.name != self.signer.name:
            pace = AT_ONCE  # a new key is known to nobody before it has signed
        return pace.is_due(found.uncovered, last.at if last else None, self.clock())

    def _look(self) -> _Moment:
        with self.vault.snapshot():  # else a head could be of before the checkpoint before
            before = self.vault.last_checkpoint()
            heads = sorted(self.vault.heads(), key=lambda head: head.chain)
            if before is not None:
                self._check(before.checkpoint.heads, f"checkpoint {before.checkpoint.number}")
            self._check(heads, "the chain's head")
            return _Moment(before, tuple(heads))

    def _check(self, heads: Sequence[ChainHead], of: str) -> None:
        """The HSM's signature must not cover up that the log is not the one it signed before."""
        for head in heads:
            if self.vault.digest_at(head.chain, head.sequence) != head.digest:
                raise SealBroken(
                    f"event {head.sequence} of chain {head.chain} is not the one that {of} says: "
                    "the audit log was cut off or rewritten",
                    unchanged="No checkpoint was signed.",
                    remedy="Keep the database as evidence: seedvault audit verify --export FILE",
                )

    def _state(self, found: _Moment, introduces: bytes | None) -> Checkpoint:
        before = found.before.checkpoint if found.before else None
        public_key = self.signer.public_key
        signer = SigningKey(self.signer.name, hashlib.sha256(public_key).hexdigest())
        if introduces is None and (before is None or before.signer != signer):
            introduces = public_key  # so that every key stands in the log it signed
        return Checkpoint(
            self.vault.identity.vault_id,
            self.vault.identity.epoch,
            before.number + 1 if before else 1,
            self.clock(),
            before.digest if before else GENESIS,
            signer,
            introduces,
            found.heads,
        )
