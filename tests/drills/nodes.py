"""Nodes: one database and one PKCS#11 token, opened by as many as want to, as a cluster's nodes do.

The seeds are the published ones, so that every code is known here.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import hsm
from importers import Digest as FileDigest
from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.names import Serial, UserName
from seedvault.domain.oath import Counting, TotpParameters
from seedvault.domain.token import InStock, Progress
from seedvault.keys import HsmKeys, keyring, stored_key
from seedvault.service.binding import AssignToken
from seedvault.service.ports import (
    Clock,
    Fingerprint,
    NewToken,
    TakenSeed,
    VaultIdentity,
    WrappedSeed,
)
from seedvault.storage import SqlVault, create_vault, open_vault
from seedvault.wiring.clock import system_clock
from tests.support.codes import code
from tests.support.policies import DEFAULTS
from tests.support.pskc_maker import published_seed
from tests.support.softhsm import TEST_SO_PIN, fresh_location, pin
from tests.support.tokens import NOON, device, serial
from tests.support.vaults import import_tokens

ACTOR = "drill"


@dataclass(frozen=True, slots=True)
class Site:
    """What the nodes share. Can be handed to another process."""

    url: str
    place: hsm.Location

    @contextmanager
    def node(self, clock: Clock = lambda: NOON) -> Iterator["Node"]:
        """One node, logged in."""
        node = Node.start(self, clock)
        try:
            yield node
        finally:
            node.stop()


@dataclass(frozen=True, slots=True)
class Node:
    """One program on the vault: its own connections, its own session with the HSM."""

    vault: SqlVault
    keystore: hsm.Keystore
    clock: Clock

    @classmethod
    def start(cls, site: Site, clock: Clock) -> Self:
        """With the keys that are in use now.

        A drill's clock is the use cases' own: the database compares its clock with the system's.
        """
        vault = open_vault(site.url, system_clock)
        try:
            keystore = hsm.Keystore.connect(site.place, pin(), keyring(vault.vault_keys()))
        except BaseException:
            vault.close()
            raise
        return cls(vault, keystore, clock)

    @property
    def keys(self) -> HsmKeys:
        """The port of the use cases."""
        return HsmKeys(self.keystore, self.vault.identity.vault_id)

    def stop(self) -> None:
        """Log off and close."""
        self.keystore.close()
        self.vault.close()

    def stock(self, kinds: Mapping[int, Counting]) -> None:
        """Import tokens of these numbers, as one batch."""
        import_tokens(self.vault, [self._new(number, kind) for number, kind in kinds.items()])

    def add_user(self, name: UserName) -> UserName:
        """Make a user known."""
        now = self.clock()
        with self.vault.transaction() as transaction:
            transaction.add_user(name, now)
            transaction.commit(AuditEvent(EventKind.USER_ADDED, now, ACTOR, user=name.verbatim))
        return name

    def assign(self, wanted: Serial, owner: UserName) -> None:
        """Bind by serial."""
        AssignToken(self.vault, self.keys, self.clock, DEFAULTS)(wanted, owner, ACTOR)

    def _new(self, number: int, kind: Counting) -> NewToken:
        seed = bytearray(published_seed(serial(number).verbatim))
        taken = self.keystore.wrap(seed, hsm.Digest[kind.digest.name])
        key, ring = taken.key, self.keystore.keyring
        wrapped = WrappedSeed(int(key.format), key.kek_id, key.length, key.blob)
        token = InStock(device(number, kind), Progress(first_factor(kind, NOON), NOON))
        mark = Fingerprint(taken.fingerprint, ring.fingerprint.name)
        return NewToken(token, TakenSeed(wrapped, mark), self.keys.seal(token, wrapped, 0))


def first_factor(kind: Counting, now: datetime) -> int:
    """The lowest factor of a token that comes in now: a clock's window begins a step earlier."""
    return max(0, kind.step_at(now) - 1) if isinstance(kind, TotpParameters) else 0


def shown(number: int, kind: Counting, factor: int) -> str:
    """What the token of this number shows at a counter or time step."""
    seed = published_seed(serial(number).verbatim)
    return code(seed, factor, FileDigest[kind.digest.name], kind.digits)


def found_site(url: str, recovery: hsm.RecoveryKey | None = None) -> Site:
    """A new vault in an empty database, on a new PKCS#11 token; keys are copied for `recovery`."""
    place = fresh_location("drill")
    made = hsm.initialise(place, pin(), pin(TEST_SO_PIN), recovery)
    keys = [stored_key(each, NOON, recovery.set_id if recovery else None) for each in made]
    event = AuditEvent(EventKind.VAULT_INITIALISED, NOON, ACTOR)
    create_vault(url, VaultIdentity("vault-1", 1, NOON), keys, event)
    return Site(url, place)
