"""Suspending a token and letting it be used again; revoking and retiring it for good."""

from dataclasses import dataclass

from seedvault.domain.life import Step, Transition
from seedvault.domain.names import Serial
from seedvault.domain.token import Token
from seedvault.service.decide import Case, until_settled
from seedvault.service.lookup import token_of
from seedvault.service.ports import Clock, Keys, Vault
from seedvault.service.refusals import conflict_on_record


@dataclass(frozen=True, slots=True)
class ChangeLife:
    """Take one step in a token's life, for a reason that goes on record with it."""

    vault: Vault
    keys: Keys
    clock: Clock
    transition: Transition
    step: Step

    def __call__(self, serial: Serial, reason: str, actor: str) -> Token:
        """The token before the step. Raises Conflict where its state does not allow it."""
        return until_settled(lambda: self._attempt(serial, reason, actor))

    def check(self, serial: Serial, reason: str) -> Token:
        """The same; raises what the step would raise, and changes nothing."""
        stored = token_of(self.vault, serial)
        self.keys.check(stored)
        self.step(stored.token, self.clock(), reason)
        return stored.token

    def _attempt(self, serial: Serial, reason: str, actor: str) -> Token:
        case = Case.read(self.vault, self.keys, serial, actor, self.clock())
        case.check_seal()
        with conflict_on_record(case, self.transition.name):
            stepped = self.step(case.stored.token, case.now, reason)
        changed = case.resealed(stepped)
        with self.vault.transaction() as transaction:
            transaction.replace(case.stored, changed)
            transaction.commit(case.event(self.transition.event, reason))
        return case.stored.token
