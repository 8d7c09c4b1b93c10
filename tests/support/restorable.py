"""A vault in use, whose codes are known, that is backed up, lost and restored."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain, pairwise
from pathlib import Path

import pyrage

import hsm
from importers import Digest as FileDigest
from seedvault.archive import BackupFile, BackupFiles, identities_of, recipients_of
from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.checkpoint import AT_ONCE
from seedvault.domain.errors import SeedvaultError, StorageUnavailable
from seedvault.domain.names import UserName
from seedvault.domain.oath import HotpParameters, TotpParameters
from seedvault.domain.outcome import Accepted, Outcome
from seedvault.domain.token import InStock, Progress
from seedvault.keys import HsmKeys, HsmRecordSigner, stored_key, verifies
from seedvault.keys.restoring import RestoringKeys, restoring_keys
from seedvault.service.audit_evidence import AuditEvidence
from seedvault.service.audit_export import ExportAudit
from seedvault.service.backup import BackUp
from seedvault.service.binding import AssignToken, UnassignToken
from seedvault.service.checkpoints import WriteCheckpoint
from seedvault.service.evidence import Evidence, NoEvidence
from seedvault.service.ports import Fingerprint, NewToken, TakenSeed, VaultIdentity, WrappedSeed
from seedvault.service.put_back import Restored
from seedvault.service.restore import Order, PromoteVault, RestoreVault
from seedvault.service.resync import ResynchroniseToken
from seedvault.service.verify import VerifyCode
from seedvault.storage import SqlPlace, SqlVault, create_vault, open_vault
from seedvault.wiring.clock import system_clock
from seedvault.witness import ExportReader, JsonLinesFile
from tests.support.codes import code
from tests.support.fakes import FixedClock
from tests.support.policies import Boundless, Everywhere
from tests.support.softhsm import TEST_SO_PIN, fresh_location, pin
from tests.support.tokens import HOTP, NOON, STEP_AT_NOON, TOTP, device, serial
from tests.support.vaults import add_user, import_tokens

VAULT = "vault-1"
ALICE = UserName("alice")
STEP = timedelta(seconds=30)
TOTPS, HOTPS = range(6), range(10, 14)
PATIENT = Boundless(
    free_failures=10**9,
    lock_at=10**9,
    disable_at=10**9,
    disable_hotp6_at=10**9,
    resyncs_a_day=10**9,
)
"""Nobody is locked out: a code that is not accepted is not accepted for what it is."""

ORDER = Order("os:root", "bob")
_LATEST = 200
_WIDEST = 70
"""Time steps: beyond any window of verification, around where a token is thought to be."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A code that a token showed, and that was accepted."""

    number: int
    factor: int

    @property
    def code(self) -> str:
        return shown(self.number, self.factor)


@dataclass
class InUse:
    """The vault, where it is now, and every code that it accepted."""

    folder: Path
    pkcs11_token: hsm.Location
    place: str
    vault: SqlVault
    keystore: hsm.Keystore
    clock: FixedClock = field(default_factory=FixedClock)
    accepted: list[Shown] = field(default_factory=list)
    identity: pyrage.x25519.Identity = field(default_factory=pyrage.x25519.Identity.generate)

    @property
    def keys(self) -> HsmKeys:
        return HsmKeys(self.keystore, VAULT)

    @property
    def step(self) -> int:
        """The time step now."""
        return TOTP.step_at(self.clock.now)

    def verify(self, number: int, factor: int) -> Outcome:
        verify = VerifyCode(self.vault, self.keys, self.clock, Everywhere(PATIENT))
        return verify(serial(number), shown(number, factor), "rp")

    def accept(self, number: int, factor: int) -> None:
        """What must be accepted, and is remembered."""
        assert isinstance(self.verify(number, factor), Accepted), (number, factor)
        self.accepted.append(Shown(number, factor))

    def resync(self, number: int, factor: int) -> Outcome:
        resync = ResynchroniseToken(self.vault, self.keys, self.clock, Everywhere(PATIENT))
        return resync(serial(number), (shown(number, factor), shown(number, factor + 1)), "rp")

    def accept_pair(self, number: int, factor: int) -> None:
        """The same by two codes."""
        assert isinstance(self.resync(number, factor), Accepted), (number, factor)
        self.accepted += [Shown(number, factor), Shown(number, factor + 1)]

    def assign(self, number: int, factor: int | None = None) -> bool:
        """Whether it was assigned; by a code, if one is given."""
        by = None if factor is None else shown(number, factor)
        assign = AssignToken(self.vault, self.keys, self.clock, Everywhere(PATIENT))
        try:
            return not hasattr(assign(serial(number), ALICE, "hans", by), "reason")
        except SeedvaultError:
            return False

    def unassign(self, number: int) -> None:
        UnassignToken(self.vault, self.keys, self.clock)(serial(number), "hans")

    def back_up(self, name: str = "otp.age", *, dry_run: bool = False) -> Path:
        files = BackupFiles(recipients_of([str(self.identity.to_public())]))
        signer = HsmRecordSigner(self.keystore)
        path = self.folder / name
        BackUp(self.vault, signer, files, self.clock)(
            path, "os:root", lambda _: None, dry_run=dry_run
        )
        return path

    def restore(
        self,
        backup: Path,
        place: str,
        evidence: Evidence | None = None,
        order: Order = ORDER,
        *,
        hsm_lost: bool = False,
    ) -> Restored:
        """Into `place`, from where the vault is used from now on."""
        self.vault.close()
        restore = RestoreVault(
            SqlPlace(place),
            BackupFile(identities_of(str(self.identity).encode())),
            None if hsm_lost else lambda header: restoring_keys(self.pkcs11_token, pin(), header),
            verifies,
            self.clock,
        )
        restored = restore(backup, order, evidence or NoEvidence(), lambda _: None)
        if not order.dry_run:
            self.open(place)
        return restored

    def cover(self) -> None:
        """A checkpoint over all that happened."""
        write = WriteCheckpoint(self.vault, HsmRecordSigner(self.keystore), self.clock)
        assert write(AT_ONCE) is not None

    def export(self, name: str = "audit.jsonl", begin_after: int = 0) -> Path:
        """The log as far as checkpoints cover it, after one over all that happened."""
        self.cover()
        path = self.folder / name
        ExportAudit(self.vault, JsonLinesFile(path))(begin_after)
        return path

    def evidence(self, *exports: Path, is_complete: bool = False) -> AuditEvidence:
        readers = [ExportReader(path) for path in exports]
        return AuditEvidence(
            lambda: chain.from_iterable(readers), verifies, self.clock, "os:root", is_complete
        )

    def promote(self, evidence: Evidence | None = None, order: Order = ORDER) -> Restored:
        """In place, beside those who have it open."""
        promote = PromoteVault(
            SqlPlace(self.place), RestoringKeys(self.keystore, VAULT), self.clock
        )
        restored = promote(order, evidence or NoEvidence(), lambda _: None)
        self.vault = open_vault(self.place, system_clock)
        return restored

    def open(self, place: str) -> None:
        """Go on with the vault that is there."""
        self.vault.close()
        self.place, self.vault = place, open_vault(place, system_clock)

    def replayed(self) -> list[str]:
        """Every way in which a code that was accepted is accepted again, now or later.

        Later is when its time step comes, for a clock that is right, or has run away as far as the
        token's; a little before and after.
        """
        begun, now = self.clock.now, self.step
        for number in {one.number for one in self.accepted}:
            self.assign(number)  # what was taken back and given again, staff give again
        due = {one.factor - now + late for one in self.accepted for late in (-2, -1, 0, 1, 2)}
        found: list[str] = []
        for offset in sorted({0, 1, 2, *(each for each in due if 0 <= each <= _LATEST)}):
            self.clock.now = begun + offset * STEP
            found += [f"{way} at {offset:+d}" for way in self._replayed_now()]
        self.clock.now = begun
        with self.vault.transaction() as transaction:  # else no code is looked at any more
            transaction.accept_time(begun)
            transaction.commit(AuditEvent(EventKind.CLOCK_ACCEPTED, begun, "hans"))
        return found

    def _replayed_now(self) -> Iterator[str]:
        tried = [one for one in self.accepted if self._is_near(one)]
        for one in tried:
            if isinstance(self.verify(one.number, one.factor), Accepted):
                yield f"token {one.number}: {one.factor} alone"
        for number in {one.number for one in tried}:
            self.unassign(number)
            for factor in (one.factor for one in tried if one.number == number):
                if self.assign(number, factor):
                    yield f"token {number}: {factor} by assigning"
                    self.unassign(number)
            assert self.assign(number)

    def _is_near(self, one: Shown) -> bool:
        """Whether it could be in a window: counters always."""
        return one.number in HOTPS or abs(one.factor - self.step) <= _WIDEST

    def replayed_pairs(self) -> list[str]:
        """The same by two codes in a row."""
        found = []
        for number in {one.number for one in self.accepted}:
            spent = sorted({one.factor for one in self.accepted if one.number == number})
            for first, second in pairwise(spent):
                if second == first + 1 and isinstance(self.resync(number, first), Accepted):
                    found.append(f"token {number}: {first} and {second}")
        return found


def seed(number: int) -> bytes:
    return f"seed of token {number:06d}".encode()


def shown(number: int, factor: int) -> str:
    """What the token shows."""
    parameters = parameters_of(number)
    return code(seed(number), factor, FileDigest[parameters.digest.name], parameters.digits)


def parameters_of(number: int) -> HotpParameters | TotpParameters:
    return TOTP if number in TOTPS else HOTP


@contextmanager
def in_use(folder: Path, place: str) -> Iterator[InUse]:
    """A vault of bound tokens at noon, in an empty place."""
    pkcs11_token = fresh_location("restorable")
    made = hsm.initialise(pkcs11_token, pin(), pin(TEST_SO_PIN))
    event = AuditEvent(EventKind.VAULT_INITIALISED, NOON, "root")
    keys = [stored_key(each, NOON) for each in made]
    create_vault(place, VaultIdentity(VAULT, 1, NOON), keys, event)
    clock = FixedClock()
    keystore = hsm.Keystore.connect(pkcs11_token, pin())
    world = InUse(folder, pkcs11_token, place, open_vault(place, system_clock), keystore, clock)
    keystore.remember_epoch(VAULT, 1)
    add_user(world.vault, ALICE)
    numbers = [*TOTPS, *HOTPS]
    import_tokens(world.vault, [_new_token(world.keys, number) for number in numbers])
    for number in numbers:
        assert world.assign(number)
    try:
        yield world
    finally:
        world.vault.close()
        keystore.close()


def _new_token(keys: HsmKeys, number: int) -> NewToken:
    parameters = parameters_of(number)
    taken = keys.keystore.wrap(bytearray(seed(number)), hsm.Digest[parameters.digest.name])
    key = taken.key
    wrapped = WrappedSeed(int(key.format), key.kek_id, key.length, key.blob)
    first = 0 if isinstance(parameters, HotpParameters) else STEP_AT_NOON - 5
    token = InStock(device(number, parameters), Progress(first, NOON))
    mark = Fingerprint(taken.fingerprint, "f1")
    return NewToken(token, TakenSeed(wrapped, mark), keys.seal(token, wrapped, 0))


def is_empty(place: str) -> bool:
    """Whether there is no vault at all."""
    try:
        open_vault(place, system_clock).close()
    except StorageUnavailable:
        return True
    return False


NewPlace = Callable[[str], str]
"""A new, empty place for a vault, in a database of this kind."""
