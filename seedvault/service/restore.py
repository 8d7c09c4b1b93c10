"""A vault out of a backup, and one that came to an earlier state by a replica's promotion."""

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from seedvault.domain.audit import SERIAL_CHAINS, check_chain
from seedvault.domain.backup import BackupHeader, statement
from seedvault.domain.errors import FileRefused, HsmUnavailable, NotAllowed
from seedvault.domain.names import legible
from seedvault.domain.trust import Verifies, fingerprint
from seedvault.service.approval import check_second_person
from seedvault.service.backup_ports import BackupInbox, Conclusion, OpenedBackup, Tell
from seedvault.service.evidence import Evidence
from seedvault.service.ports import Clock
from seedvault.service.put_back import Origin, PutBack, Restored
from seedvault.service.restore_ports import (
    Connect,
    RestorableDatabase,
    Restoration,
    RestoringHsm,
)

_UNCHANGED = "Nothing was restored."


@dataclass(frozen=True, slots=True)
class Order:
    """Who does it, who agreed, and whose signatures are believed beside the HSM's.

    `unsigned` takes a backup that nobody can vouch for.
    """

    actor: str
    approved_by: str
    public_keys: Sequence[bytes] = ()
    unsigned: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class RestoreVault:
    """Put a backup in the place of a vault that is gone. `connect` is None where the HSM is, too.

    All of it, or nothing: it becomes visible with the commit.
    """

    database: RestorableDatabase
    inbox: BackupInbox
    connect: Connect | None
    verifies: Verifies
    clock: Clock

    def __call__(self, path: Path, order: Order, evidence: Evidence, tell: Tell) -> Restored:
        """Raises Conflict where there is a vault, FileRefused for what is no whole backup of one.

        NotAllowed where nothing vouches for it, ClockUntrusted where the clock is behind.
        """
        check_second_person(order.approved_by, order.actor, unchanged=_UNCHANGED)
        with ExitStack() as held:
            hsm: RestoringHsm | None = None

            def work(restoration: Restoration) -> Restored:
                nonlocal hsm
                backup = held.enter_context(self.inbox.opened(path))
                if self.connect is not None:
                    hsm = held.enter_context(self.connect(backup.header))
                origin = self._load(restoration, backup, hsm, path, order)
                settle = _put_back(tell, order)
                return settle(restoration, hsm, evidence, origin, self.clock())

            restored = self.database.restored(work)
            _remember(hsm, restored, order)
        return restored

    def _load(
        self,
        restoration: Restoration,
        backup: OpenedBackup,
        hsm: RestoringHsm | None,
        path: Path,
        order: Order,
    ) -> Origin:
        header = backup.header
        restoration.load(header.schema, backup.tables())
        conclusion = backup.conclude()
        known = [*order.public_keys, *([hsm.public_key] if hsm else [])]
        signed = self._vouched(header, conclusion, known, order)
        _check_identity(restoration, header)
        _check_chains(restoration, header)
        words = (
            f"restored from {legible(path.name)} of {header.taken_at:%Y-%m-%dT%H:%M:%SZ}, "
            f"lines' SHA-256 {conclusion.digest.hex()}, {signed}"
        )
        return Origin(words, header.taken_at, known)

    def _vouched(
        self, header: BackupHeader, end: Conclusion, known: Sequence[bytes], order: Order
    ) -> str:
        """By whose signature it is believed, in words."""
        named = header.signer.public_key_sha256
        for key in known:
            if fingerprint(key) == named:
                if not self.verifies(key, statement(end.digest), end.signature):
                    raise FileRefused(
                        f"the backup is not what {header.signer.name} signed: it was altered",
                        unchanged=_UNCHANGED,
                        remedy="Keep it as evidence, and take another.",
                    )
                return f"signed by {header.signer.name}"
        if order.unsigned:
            return "its signature NOT verified"
        raise NotAllowed(
            f"the backup says that it was signed by {header.signer.name} with the public key of "
            f"SHA-256 {named[:16]}..., which is not the one in this HSM: nothing vouches for it, "
            "and anybody could have written it",
            unchanged=_UNCHANGED,
            remedy=f"Name the key's file, {header.signer.name}.pem beside the records of "
            "ceremonies: --public-key. Without it: --unsigned",
        )


@dataclass(frozen=True, slots=True)
class PromoteVault:
    """Say that the vault that is there is an earlier state: of a replica that was promoted."""

    database: RestorableDatabase
    hsm: RestoringHsm
    clock: Clock

    def __call__(self, order: Order, evidence: Evidence, tell: Tell) -> Restored:
        """Floors are raised in place; whoever had opened the vault writes nothing more."""
        check_second_person(order.approved_by, order.actor, unchanged="Nothing was changed.")
        known = [*order.public_keys, self.hsm.public_key]
        origin = Origin("promoted where it is", public_keys=known)
        settle = _put_back(tell, order)
        restored = self.database.promoted(
            lambda restoration: settle(restoration, self.hsm, evidence, origin, self.clock())
        )
        _remember(self.hsm, restored, order)
        return restored


def _put_back(tell: Tell, order: Order) -> PutBack:
    return PutBack(tell, order.actor, order.approved_by, order.dry_run)


def _remember(hsm: RestoringHsm | None, restored: Restored, order: Order) -> None:
    """Where the HSM fails now, whoever opens the keys next raises its epoch."""
    if hsm is not None and not order.dry_run:
        with suppress(HsmUnavailable):
            hsm.memory.remember(restored.epoch)


def _check_identity(restoration: Restoration, header: BackupHeader) -> None:
    identity = restoration.identity
    if (identity.vault_id, identity.epoch) != (header.vault_id, header.epoch):
        raise FileRefused(
            f"the backup calls itself one of vault {header.vault_id}, and holds another",
            unchanged=_UNCHANGED,
            remedy="It was not written by seedvault backup: take another.",
        )


def _check_chains(restoration: Restoration, header: BackupHeader) -> None:
    """Every link, and the ends that were signed."""
    heads = {head.chain: head for head in restoration.heads()}
    if heads != {head.chain: head for head in header.heads}:
        raise _broken("its chains do not end where its header says")
    for chain in sorted({*range(SERIAL_CHAINS + 1), *restoration.chain_numbers()}):
        for found in check_chain(chain, restoration.chain(chain), heads.get(chain)):
            raise _broken(f"chain {found.chain}, event {found.sequence}: {found.what}")


def _broken(what: str) -> FileRefused:
    return FileRefused(
        f"the audit log in the backup is not whole: {what}",
        unchanged=_UNCHANGED,
        remedy="Keep it as evidence, and take an older one.",
    )
