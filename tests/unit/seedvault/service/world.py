"""A small vault over the fakes, and the use cases in it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from seedvault.domain import ocra
from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.batch import Source
from seedvault.domain.challenge import Challenge
from seedvault.domain.names import Serial, UserName
from seedvault.domain.oath import TotpParameters, code_at
from seedvault.domain.ocra import Inputs
from seedvault.domain.parameters import Parameters
from seedvault.domain.pin_keeping import StretchCost
from seedvault.domain.policy import DEFAULT, Policy
from seedvault.domain.token import InStock, Progress
from seedvault.service.binding import AssignToken, UnassignToken, UnlockToken
from seedvault.service.challenge import IssueChallenge, VerifyResponse
from seedvault.service.find_token import FindToken
from seedvault.service.groups import GroupUser
from seedvault.service.import_batch import ImportBatch, ImportReport
from seedvault.service.pins import ClearPin, SetPin
from seedvault.service.policies import RulesInForce
from seedvault.service.policy_changes import ChangeRules, ReadRules
from seedvault.service.ports import EventFilter, StoredToken
from seedvault.service.resync import ResynchroniseToken
from seedvault.service.seed_files import (
    Delivered,
    DeliveredSeed,
    OpenedSeedFile,
    RefusedRecord,
    SeedFileKey,
    Terms,
)
from seedvault.service.users import AddUser
from seedvault.service.verify import VerifyCode
from tests.support.fake_audit import FakeAuditVault
from tests.support.fake_files import FakeIntake, FakeSeedFile
from tests.support.fake_keys import FakeKeys
from tests.support.fakes import FixedClock, mac_of
from tests.support.policies import Everywhere
from tests.support.tokens import NOON, STEP_AT_NOON, TOTP, device, serial

ALICE, BOB = UserName("alice"), UserName("bob")
NO_KEY = SeedFileKey()
PATIENT = replace(DEFAULT, free_failures=DEFAULT.lock_at)
"""The default policy without its delays: only the lock stops a guesser."""


def seed_of(number: int, octets: int = 20) -> bytes:
    """The seed of token `number`."""
    return hashlib.shake_256(f"seed {number}".encode()).digest(octets)


def delivered(number: int, parameters: Parameters = TOTP, seed: bytes | None = None) -> Delivered:
    """Token `number` as a seed file delivers it, at line `number`."""
    octets = seed_of(number) if seed is None else seed
    token = InStock(device(number, parameters), Progress(0, NOON))
    return Delivered(token, DeliveredSeed(octets), line=number)


@dataclass(slots=True)
class Watcher:
    """An import's observer that remembers what it was told."""

    files: list[OpenedSeedFile] = field(default_factory=list)
    progress: list[tuple[int, int]] = field(default_factory=list)
    left_out: list[RefusedRecord] = field(default_factory=list)
    proposals: list[tuple[Serial, str]] = field(default_factory=list)

    def opened(self, file: OpenedSeedFile) -> None:
        self.files.append(file)

    def advanced(self, tokens: int, octets: int) -> None:
        self.progress.append((tokens, octets))

    def refused(self, record: RefusedRecord) -> None:
        self.left_out.append(record)

    def proposed(self, serial: Serial, user: str) -> None:
        self.proposals.append((serial, user))


class World:
    """One vault, its HSM, its clock at noon, and the files in its inbox."""

    def __init__(self) -> None:
        self.clock = FixedClock()
        self.vault = FakeAuditVault()
        self.stretched = 0
        self._drawn = 0
        self.keys = FakeKeys(self.vault)
        self.inbox: dict[str, FakeSeedFile] = {}
        self.policies = RulesInForce(self.vault, lambda: self.keys)
        self.assign = AssignToken(self.vault, self.keys, self.clock, self.policies)
        self.unassign = UnassignToken(self.vault, self.keys, self.clock)
        self.unlock = UnlockToken(self.vault, self.keys, self.clock)
        self.add_user = AddUser(self.vault, self.clock)
        self.group = GroupUser(self.vault, self.keys, self.clock)
        self.read_rules = ReadRules(self.vault, self.keys, self.clock)
        self.change_rules = ChangeRules(self.vault, self.keys, self.clock)
        self.verify = VerifyCode(
            self.vault, self.keys, self.clock, self.policies, stretch=self.stretch
        )
        self.challenge = IssueChallenge(
            self.vault, self.keys, self.clock, self.entropy, self.policies
        )
        self.respond = VerifyResponse(self.vault, self.keys, self.clock, self.policies)
        self.set_pin = SetPin(
            self.vault, self.keys, self.clock, self.entropy, self.stretch, self.policies
        )
        self.clear_pin = ClearPin(self.vault, self.keys, self.clock)
        self.resync = ResynchroniseToken(self.vault, self.keys, self.clock, self.policies)
        self.find = FindToken(self.vault, self.keys, self.clock, self.policies)
        self.importer = ImportBatch(self.vault, self.keys, FakeIntake(self.inbox), self.clock)

    def entropy(self, octets: int) -> bytes:
        """Other octets every time, the same in every run."""
        self._drawn += 1
        return hashlib.shake_256(f"entropy {self._drawn}".encode()).digest(octets)

    def stretch(self, pin: str, salt: bytes, _cost: StretchCost) -> bytes:
        """What argon2id would take its time for; not while a transaction is open."""
        assert not self.vault.writing_here
        self.stretched += 1
        return hashlib.sha256(salt + pin.encode()).digest()

    def response(self, issued: Challenge, counter: int | None = None, number: int = 1) -> str:
        """What the token answers."""
        parameters = self.stored(number).token.device.answering
        mac = mac_of(seed_of(number), parameters.digest)
        return ocra.response(mac, parameters, Inputs(issued.question, counter=counter))

    def issue(self, question: str | None = None, number: int = 1) -> Challenge:
        """A challenge that must be issued."""
        issued = self.challenge(serial(number), "rp", question)
        assert isinstance(issued, Challenge)
        return issued

    def verify_under(self, policy: Policy) -> VerifyCode:
        return replace(self.verify, policies=Everywhere(policy))

    def deliver(
        self, records: Sequence[Delivered | RefusedRecord | BaseException], name: str = "maker.xml"
    ) -> Path:
        """Put a seed file into the inbox."""
        sha256 = hashlib.sha256(name.encode()).digest()
        self.inbox[name] = FakeSeedFile(Source(name, sha256, "PSKC", "AES"), records)
        return Path("inbox", name)

    def import_file(
        self,
        *records: Delivered | RefusedRecord | BaseException,
        name: str = "maker.xml",
        dry_run: bool = False,
    ) -> ImportReport:
        path = self.deliver(records, name)
        return self.importer(path, NO_KEY, "ingrid", Watcher(), Terms(dry_run=dry_run))

    def stocked(self, number: int = 1, parameters: Parameters = TOTP) -> Serial:
        """Token `number`, imported."""
        self.import_file(delivered(number, parameters), name=f"{number}.xml")
        return serial(number)

    def bound(self, number: int = 1, parameters: Parameters = TOTP) -> Serial:
        """Token `number`, imported where it is not yet, and bound to Alice."""
        held = serial(number)
        if self.vault.token(held) is None:
            self.stocked(number, parameters)
        if self.vault.user(ALICE) is None:
            self.add_user(ALICE, "root")
        self.assign(held, ALICE, "helen")
        return held

    def stored(self, number: int = 1) -> StoredToken:
        held = self.vault.token(serial(number))
        assert held is not None
        return held

    def progress(self, number: int = 1) -> Progress:
        return self.stored(number).token.progress

    def code(self, factor: int | None = None, number: int = 1) -> str:
        """What the token shows at a counter or time step; None is noon's step, or counter 0."""
        parameters = self.stored(number).token.device.counting
        if factor is None:
            factor = STEP_AT_NOON if isinstance(parameters, TotpParameters) else 0
        mac = mac_of(seed_of(number), parameters.digest)
        return code_at(mac, factor, parameters.digits)

    def wrong_code(self, number: int = 1) -> str:
        """A code that the token shows nowhere near here."""
        return self.code(10**9, number)

    def break_seal(self, token: Serial) -> None:
        """Change a sealed column from outside, as little as can be."""
        self.vault.tamper(token, lambda stored: replace(stored, revision=stored.revision + 1))

    def events(self, kind: EventKind) -> list[AuditEvent]:
        """The events of one kind, newest first."""
        found = self.vault.events(EventFilter(kind=kind, limit=10_000))
        return [logged.event for logged in found]
