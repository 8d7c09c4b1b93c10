"""Looking a token up: what it is, and whether a code of it would be tried at all."""

from dataclasses import dataclass

from seedvault.domain import verification
from seedvault.domain.names import Serial
from seedvault.domain.outcome import Rejected
from seedvault.service.lookup import unknown_serial
from seedvault.service.policy_ports import Policies
from seedvault.service.ports import Clock, ListedToken, Vault


@dataclass(frozen=True, slots=True)
class Inquired:
    """A token, and why no code of it would be tried now, or None."""

    listed: ListedToken
    held_back: Rejected | None


@dataclass(frozen=True, slots=True)
class InquireToken:
    """Look one token up. Opens no seed; asks the HSM only where the policy has rules."""

    vault: Vault
    clock: Clock
    policies: Policies

    def __call__(self, serial: Serial) -> Inquired:
        """Raises NotFound, naming the nearest serials."""
        listed, stored = self.vault.shown(serial), self.vault.token(serial)
        if listed is None or stored is None:
            raise unknown_serial(self.vault, serial)
        token = listed.token
        held_back = verification.held_back(token, (), self.clock(), self.policies.of(stored))
        return Inquired(listed, held_back)
