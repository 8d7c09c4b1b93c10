"""Checkpoints are written when they are due, over one moment, by whoever comes first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from seedvault.domain.audit import GENESIS
from seedvault.domain.checkpoint import AT_ONCE, USUAL, SignedCheckpoint
from seedvault.domain.errors import Conflict, HsmUnavailable, SealBroken, StorageUnavailable
from seedvault.service.audit_export import CopyToSyslog
from seedvault.service.checkpoints import WriteCheckpoint
from seedvault.service.covering import Copy, CoverLog, FollowLog, to_syslog
from tests.support.checkpoints import Signer
from tests.support.fake_audit import FakeAuditTransaction, FakeAuditVault
from tests.support.logs import PLAIN, Log


@pytest.fixture
def log() -> Log:
    made = Log()
    made.write(PLAIN)
    return made


def write(log: Log) -> WriteCheckpoint:
    return WriteCheckpoint(log.vault, log.signer, log.clock)


def test_the_first_checkpoint_introduces_its_own_key(log: Log) -> None:
    first = log.sign().checkpoint
    assert (first.number, first.previous) == (1, GENESIS)
    assert first.introduces == log.signer.public_key
    assert (first.vault_id, first.epoch) == (log.vault.identity.vault_id, log.vault.identity.epoch)


def test_the_next_follows_it_and_introduces_nothing(log: Log) -> None:
    first = log.sign().checkpoint
    log.write(PLAIN)
    second = log.sign().checkpoint
    assert (second.number, second.previous) == (2, first.digest)
    assert second.introduces is None
    assert list(second.heads) == log.vault.heads()


def test_nothing_new_is_not_signed_again(log: Log) -> None:
    log.sign()
    assert write(log)(AT_ONCE) is None


def test_within_a_second_the_next_waits(log: Log) -> None:
    log.sign()
    log.write(PLAIN)
    assert write(log)(USUAL) is None
    log.clock.advance(timedelta(seconds=1))
    assert write(log)(USUAL) is not None


def test_a_new_key_does_not_wait(log: Log) -> None:
    log.sign()
    log.write(PLAIN)
    log.signer = Signer("c2")
    written = write(log)(USUAL)
    assert written is not None
    assert written.checkpoint.introduces == log.signer.public_key


def test_a_successor_is_introduced_whatever_else_is_new(log: Log) -> None:
    log.sign()
    successor = Signer("c2")
    introduced = write(log).introduce(successor.public_key).checkpoint
    assert introduced.introduces == successor.public_key
    assert introduced.signer == log.signer.key


class _Beaten(FakeAuditVault):
    """Another process writes a checkpoint before each of ours, `times`."""

    def __init__(self, log: Log, times: int) -> None:
        super().__init__()
        self._log, self._times = log, times
        self.__dict__.update(log.vault.__dict__)

    @contextmanager
    def transaction(self) -> Iterator[FakeAuditTransaction]:
        if self._times:
            self._times -= 1
            self._log.sign()
            self._log.write(PLAIN)
        with super().transaction() as transaction:
            yield transaction


def test_who_comes_second_looks_again_and_follows_the_first(log: Log) -> None:
    vault = _Beaten(log, times=1)
    written = WriteCheckpoint(vault, log.signer, log.clock)(AT_ONCE)
    assert written is not None
    assert [each.checkpoint.number for each in vault.signed] == [1, 2]
    assert written.checkpoint.previous == vault.signed[0].checkpoint.digest


def test_who_is_always_second_gives_up(log: Log) -> None:
    with pytest.raises(StorageUnavailable, match="faster"):
        WriteCheckpoint(_Beaten(log, times=99), log.signer, log.clock)(AT_ONCE)


def test_the_hsm_signs_while_no_transaction_is_open(log: Log) -> None:
    signer, vault = log.signer, log.vault

    class Watching(Signer):
        def sign(self, octets: bytes) -> bytes:
            assert not vault.writing_here
            return signer.sign(octets)

    assert WriteCheckpoint(vault, Watching(), log.clock)(AT_ONCE)


# --- with copies, in passing, and for as long as it goes -------------------------------------


def cover(log: Log, remarks: list[str], *copies: Copy) -> CoverLog:
    return CoverLog(write(log), copies, remarks.append)


def _unreachable(_: SignedCheckpoint) -> str | None:
    raise StorageUnavailable("syslog cannot be reached", remedy="See the export.")


def test_copies_are_made_of_what_was_written_and_of_nothing_else(log: Log) -> None:
    made: list[SignedCheckpoint] = []

    def copy(signed: SignedCheckpoint) -> str | None:
        made.append(signed)
        return None

    covering = cover(log, [], copy)
    written = covering(AT_ONCE)
    assert covering(AT_ONCE) is None
    assert made == [written]


def test_a_copy_that_fails_is_a_remark_and_the_others_are_made(log: Log) -> None:
    remarks: list[str] = []
    assert cover(log, remarks, _unreachable, lambda _: "too much")(AT_ONCE) is not None
    assert remarks == ["syslog cannot be reached\nSee the export.", "too much"]


class _Failing(Signer):
    """An HSM that fails in one way."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self.errors = list(errors)

    def sign(self, octets: bytes) -> bytes:
        if self.errors:
            raise self.errors.pop(0)
        return super().sign(octets)


@pytest.mark.parametrize(
    ("error", "remarked"),
    [
        (HsmUnavailable("gone"), ["no checkpoint was written over the audit log: gone"]),
        (SealBroken("rewritten"), ["no checkpoint was written over the audit log: rewritten"]),
        (Conflict("the key was replaced"), []),
    ],
)
def test_in_passing_nothing_is_raised(log: Log, error: Exception, remarked: list[str]) -> None:
    log.signer = _Failing(error)
    remarks: list[str] = []
    cover(log, remarks).in_passing()
    assert remarks == remarked
    assert log.vault.signed == []


def pauses(log: Log, *steps: Callable[[], object]) -> Callable[[], bool]:
    """A pause in which each of these happens in turn; after the last, it is told to end."""
    left = list(steps)

    def pause() -> bool:
        log.clock.advance(timedelta(milliseconds=400))
        if left:
            left.pop(0)()
            return True
        return False

    return pause


def grows(log: Log) -> Callable[[], object]:
    return lambda: log.write(PLAIN)


def test_a_log_that_is_followed_is_covered_every_second_and_at_the_end(log: Log) -> None:
    ended = FollowLog(cover(log, []), pauses(log, *[grows(log)] * 6))()
    assert ended
    covered = [each.checkpoint.events for each in log.vault.signed]
    assert covered == [2, 5, 7]


def test_a_failure_that_lasts_is_told_once_and_gone_on_from(log: Log) -> None:
    log.signer = _Failing(*[HsmUnavailable("gone")] * 3)
    remarks: list[str] = []
    assert FollowLog(cover(log, remarks), pauses(log, *[grows(log)] * 6))()
    assert remarks == ["no checkpoint is written over the audit log: gone"]
    assert log.vault.signed[-1].checkpoint.events == log.vault.counts().events


def test_a_vault_whose_key_was_replaced_is_opened_anew(log: Log) -> None:
    log.signer = _Failing(Conflict("replaced"))
    assert not FollowLog(cover(log, []), pauses(log, *[grows(log)] * 6))()
    log.signer = _Failing(Conflict("replaced"))
    assert FollowLog(cover(log, []), pauses(log))(), "it was told to end meanwhile"


class _Lines:
    """A syslog that keeps what it was sent."""

    name = "unix:///dev/log"

    def __init__(self) -> None:
        self.sent: list[object] = []

    def send(self, log: object) -> None:
        self.sent += log  # type: ignore[arg-type]  # an iterable


def test_syslog_is_sent_each_event_once_and_each_checkpoint(log: Log) -> None:
    syslog = _Lines()
    covering = cover(log, [], to_syslog(CopyToSyslog(log.vault, syslog)))
    covering(AT_ONCE)
    log.grow([1, 2])
    covering(AT_ONCE)
    signed = log.vault.signed
    events = [each for chain in log.vault.chains.values() for each in chain]
    assert syslog.sent == [events[0], signed[0], *events[1:], signed[1]]


def test_syslog_is_not_sent_what_is_too_much(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seedvault.service.audit_export.IN_PASSING", 0)
    syslog, remarks = _Lines(), list[str]()
    cover(log, remarks, to_syslog(CopyToSyslog(log.vault, syslog)))(AT_ONCE)
    assert syslog.sent == []
    assert remarks == ["checkpoint 1 covers too much for syslog: see the audit export"]
