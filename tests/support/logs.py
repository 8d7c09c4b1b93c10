"""Audit logs for tests: in memory, with checkpoints that are signed."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.checkpoint import AT_ONCE, SignedCheckpoint
from seedvault.domain.names import Serial
from seedvault.service.checkpoints import WriteCheckpoint
from tests.support.checkpoints import Signer
from tests.support.fake_audit import FakeAuditVault
from tests.support.fakes import FixedClock
from tests.support.tokens import NOON, serial

EVERY_FIELD = AuditEvent(
    EventKind.CODE_ACCEPTED, NOON, "os:rp", serial(1), "alice", "B-0001", 7, "offset +0"
)
ODD = AuditEvent(
    EventKind.SEAL_BROKEN,
    NOON + timedelta(milliseconds=1),
    'os:"]\\',
    Serial("ÄÖ-ñ"),
    detail='a "quote", a \\, a ], a line\nand an emoji \U0001f511',
)
PLAIN = AuditEvent(EventKind.USER_ADDED, NOON, "os:ann", user="bob")


class Log:
    """A vault whose log grows, and whoever signs it."""

    def __init__(self) -> None:
        self.vault = FakeAuditVault()
        self.signer = Signer()
        self.clock = FixedClock()

    def write(self, *events: AuditEvent) -> None:
        """Commit these."""
        for event in events:
            with self.vault.transaction() as transaction:
                transaction.commit(event)

    def sign(self) -> SignedCheckpoint:
        """A checkpoint over what is there."""
        written = WriteCheckpoint(self.vault, self.signer, self.clock)(AT_ONCE)
        assert written is not None
        return written

    def grow(self, serials: Iterable[int]) -> None:
        """An event about each of these tokens."""
        self.write(*(replace(EVERY_FIELD, serial=serial(number)) for number in serials))


def some_log() -> Log:
    """A log of eleven events over several chains and three checkpoints, two events uncovered."""
    log = Log()
    log.write(PLAIN, EVERY_FIELD, ODD)
    log.sign()
    log.grow(range(1, 5))
    log.sign()
    log.write(PLAIN)
    log.grow([1])
    log.sign()
    log.grow([1, 2])
    return log
