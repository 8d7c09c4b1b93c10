"""Looking a token up: what it is, and whether a code of it would be tried at all."""

from dataclasses import dataclass

from seedvault.domain import verification
from seedvault.domain.names import Serial
from seedvault.domain.outcome import Rejected
from seedvault.domain.policy import DEFAULT, Policy
from seedvault.service.lookup import unknown_serial
from seedvault.service.ports import Clock, ListedToken, Vault


@dataclass(frozen=True, slots=True)
class Inquired:
    """A token, and why no code of it would be tried now, or None."""

    listed: ListedToken
    held_back: Rejected | None


@dataclass(frozen=True, slots=True)
class InquireToken:
    """Look one token up. Opens no seed."""

    vault: Vault
    clock: Clock
    policy: Policy = DEFAULT

    def __call__(self, serial: Serial) -> Inquired:
        """Raises NotFound, naming the nearest serials."""
        listed = self.vault.shown(serial)
        if listed is None:
            raise unknown_serial(self.vault, serial)
        token = listed.token
        held_back = verification.held_back(token, (), self.clock(), self.policy)
        return Inquired(listed, held_back)
