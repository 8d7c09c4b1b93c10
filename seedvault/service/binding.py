"""Giving tokens to users and taking them back."""

from dataclasses import dataclass, replace

from seedvault.domain import life, lockout, verification
from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.names import Serial, UserName
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.outcome import Accepted, Outcome, Rejected
from seedvault.domain.token import Bound, Progress, Token
from seedvault.service.decide import Case, broken_on_record, until_settled
from seedvault.service.lookup import token_of, user_of
from seedvault.service.policy_ports import Policies
from seedvault.service.ports import Clock, Keys, User, Vault
from seedvault.service.refusals import conflict_on_record


@dataclass(frozen=True, slots=True)
class Assigned:
    """A token now bound to `owner`; `proof` is the code that proved it, if one was asked for."""

    token: Bound
    proof: Accepted | None


@dataclass(frozen=True, slots=True)
class AssignToken:
    """Bind a token in stock to a user, optionally proven by one code (SP 800-63B-4 section 4.1)."""

    vault: Vault
    keys: Keys
    clock: Clock
    policies: Policies

    def __call__(
        self, serial: Serial, user: UserName, actor: str, code: str | None = None
    ) -> Assigned | Rejected:
        """Rejected, and charged, where the code does not prove the token; then nothing is bound."""
        return until_settled(lambda: self._attempt(serial, user, actor, code))

    def check(self, serial: Serial, user: UserName) -> None:
        """Raises what assigning would raise, and changes nothing. A code is not looked at."""
        owner = user_of(self.vault, user).name
        stored = token_of(self.vault, serial)
        self.keys.check(stored)
        life.assign(stored.token, owner, self.clock())

    def _attempt(
        self, serial: Serial, user: UserName, actor: str, code: str | None
    ) -> Assigned | Rejected:
        event = AuditEvent(EventKind.SEAL_BROKEN, self.clock(), actor, serial=serial)
        with broken_on_record(self.vault, event):
            owner = user_of(self.vault, user)
        case = Case.read(self.vault, self.keys, serial, actor, self.clock())
        case.check_seal()
        with conflict_on_record(case, life.ASSIGN.name):
            bound = life.assign(case.stored.token, owner.name, case.now)
        if code is None:
            return _bind(case, bound, owner, None)
        progress, outcome = self._prove(case, code)
        if isinstance(outcome, Rejected):
            return outcome
        return _bind(case, replace(bound, progress=progress), owner, outcome)

    def _prove(self, case: Case, code: str) -> tuple[Progress, Outcome]:
        """The outcome of the code; a rejection is committed here, an acceptance by the binding."""
        case.check_clock()
        token, policy = case.stored.token, case.policy(self.policies)
        refused = verification.refusal(
            token, (code,), case.now, policy
        ) or verification.out_of_step(token)
        if refused:
            case.record(case.event(EventKind.CODE_REJECTED, refused.reason.value))
            return token.progress, refused
        progress, outcome = case.with_mac(
            lambda mac: verification.verify(token, code, case.now, policy, mac)
        )
        if isinstance(outcome, Rejected):
            case.settle((EventKind.CODE_ACCEPTED, EventKind.CODE_REJECTED), progress, outcome)
        return progress, outcome


@dataclass(frozen=True, slots=True)
class UnassignToken:
    """Take a token back into stock. What it accepted stays spent."""

    vault: Vault
    keys: Keys
    clock: Clock

    def __call__(self, serial: Serial, actor: str) -> UserName:
        """Whose token it was. Raises Conflict where it is nobody's."""
        return until_settled(lambda: self._attempt(serial, actor))

    def check(self, serial: Serial) -> UserName:
        """Whose token it is; raises what unassigning would raise, and changes nothing."""
        stored = token_of(self.vault, serial)
        self.keys.check(stored)
        return life.owned(stored.token).owner

    def _attempt(self, serial: Serial, actor: str) -> UserName:
        case = Case.read(self.vault, self.keys, serial, actor, self.clock())
        case.check_seal()
        with conflict_on_record(case, life.UNASSIGN.name):
            owned = life.owned(case.stored.token)
        returned = case.resealed(life.unassign(owned))
        with self.vault.transaction() as transaction:
            transaction.replace(case.stored, returned)
            transaction.commit(case.event(EventKind.TOKEN_UNASSIGNED))
        return owned.owner


@dataclass(frozen=True, slots=True)
class UnlockToken:
    """Forget a token's failures; its moving factor stays where it is.

    A token that answers challenges shows no consecutive codes: where a restore holds it back, this
    is how staff let it go on, once they know what happened to it.
    """

    vault: Vault
    keys: Keys
    clock: Clock

    def __call__(self, serial: Serial, actor: str) -> int:
        """How many failures were forgotten."""
        return until_settled(lambda: self._attempt(serial, actor))

    def check(self, serial: Serial) -> int:
        """How many failures there are; raises what unlocking would raise, and changes nothing."""
        stored = token_of(self.vault, serial)
        self.keys.check(stored)
        return stored.token.progress.failures

    def _attempt(self, serial: Serial, actor: str) -> int:
        case = Case.read(self.vault, self.keys, serial, actor, self.clock())
        case.check_seal()
        progress = case.stored.token.progress
        with self.vault.transaction() as transaction:
            transaction.advance(case.stored, _unlocked(case.stored.token), None)
            transaction.commit(
                case.event(EventKind.TOKEN_UNLOCKED, f"{progress.failures} failures")
            )
        return progress.failures


def _unlocked(token: Token) -> Progress:
    cleared = lockout.clear(token.progress)
    if isinstance(token.device.parameters, OcraParameters):
        return replace(cleared, must_resync=False)
    return cleared


def _bind(case: Case, bound: Bound, owner: User, proof: Accepted | None) -> Assigned:
    event = replace(
        case.event(EventKind.TOKEN_ASSIGNED, "proven by code" if proof else "by serial"),
        user=bound.owner.verbatim,
        factor=proof.factor if proof else None,
    )
    sealed = case.resealed(bound, owner.groups)
    with case.vault.transaction() as transaction:
        transaction.replace(case.stored, sealed)
        transaction.commit(event)
    return Assigned(bound, proof)
