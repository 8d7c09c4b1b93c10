"""A vault of bound event-based tokens on SoftHSM, whose keys can be rotated and restored."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

import hsm
from importers import Digest
from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.batch import Tier
from seedvault.domain.names import UserName
from seedvault.domain.outcome import Accepted, Rejected
from seedvault.domain.token import InStock, Progress
from seedvault.domain.vault_key import KeyPurpose
from seedvault.keys import HsmKeys, keyring, stored_key
from seedvault.keys.key_room import HsmKeyRoom
from seedvault.service import rotation
from seedvault.service.binding import AssignToken
from seedvault.service.policies import RulesInForce
from seedvault.service.ports import (
    Arrival,
    EventFilter,
    Fingerprint,
    NewToken,
    TakenSeed,
    VaultIdentity,
    WrappedSeed,
)
from seedvault.service.rotation import ROTATED, DestroyKey, MoveTokens, RenewKeys
from seedvault.service.verify import VerifyCode
from seedvault.storage import SqlVault, create_vault, open_vault
from tests.support.codes import code
from tests.support.policies import DEFAULTS
from tests.support.softhsm import TEST_SO_PIN, fresh_location, pin
from tests.support.tokens import HOTP, NOON, device, serial
from tests.support.vaults import SOURCE, add_user, url

TOKENS = 25
ALICE = UserName("alice")
KEK = (KeyPurpose.KEK,)


@dataclass
class House:
    """A vault of bound event-based tokens, its module, and its recovery key."""

    folder: Path
    place: hsm.Location
    recovery: hsm.RecoveryKey
    vault: SqlVault

    @property
    def room(self) -> HsmKeyRoom:
        return HsmKeyRoom(lambda: nullcontext((self.place, pin())), hsm.Demands())

    @contextmanager
    def keys(self) -> Iterator[HsmKeys]:
        """The keys in use now, logged in."""
        ring = keyring(self.vault.vault_keys())
        keystore = hsm.Keystore.connect(self.place, pin(), ring)
        try:
            yield HsmKeys(keystore, "vault-1")
        finally:
            keystore.close()

    def renew(self, purposes: tuple[KeyPurpose, ...] = ROTATED) -> list[rotation.Renewed]:
        return RenewKeys(self.vault, self.room, lambda: NOON)(purposes, self.recovery, "root")

    def move(self, recovery: hsm.RecoveryKey | None = None) -> rotation.Move:
        with self.keys() as keys:
            mover = MoveTokens(self.vault, keys, lambda: NOON)
            return mover(recovery or self.recovery, "root", lambda _: None)

    def destroy(self, name: str) -> None:
        DestroyKey(self.vault, self.room, lambda: NOON)(name, "root", "bob")

    def verify(self, number: int, counter: int) -> Accepted | Rejected:
        """Whatever the policy's rules."""
        with self.keys() as keys:
            return self._verify(
                VerifyCode(self.vault, keys, lambda: NOON, DEFAULTS), number, counter
            )

    def verify_by_rules(self, number: int, counter: int) -> Accepted | Rejected:
        """By the policy's rules, as a process that has just begun."""
        with self.keys() as keys:
            policies = RulesInForce(self.vault, lambda: keys)
            return self._verify(
                VerifyCode(self.vault, keys, lambda: NOON, policies), number, counter
            )

    def _verify(self, verify: VerifyCode, number: int, counter: int) -> Accepted | Rejected:
        return verify(serial(number), code(seed(number), counter, Digest.SHA1, 6), "test")

    def kinds(self, kind: EventKind) -> list[str]:
        return [str(e.event.detail) for e in self.vault.events(EventFilter(kind=kind))]


def seed(number: int) -> bytes:
    return f"seed of token {number:06d}".encode()


def new_token(keys: HsmKeys, number: int) -> NewToken:
    taken = keys.keystore.wrap(bytearray(seed(number)), hsm.Digest.SHA1)
    key = taken.key
    wrapped = WrappedSeed(int(key.format), key.kek_id, key.length, key.blob)
    token = InStock(device(number, HOTP), Progress(0, NOON))
    mark = Fingerprint(taken.fingerprint, keys.keystore.keyring.fingerprint.name)
    return NewToken(token, TakenSeed(wrapped, mark), keys.seal(token, wrapped, 0))


@pytest.fixture
def house(database: str, tmp_path: Path) -> Iterator[House]:
    recovery, _ = hsm.RecoveryKey.generate(hsm.Quorum(1, 1), os.urandom)
    place = fresh_location("rotated")
    made = hsm.initialise(place, pin(), pin(TEST_SO_PIN), recovery)
    keys = [stored_key(each, NOON, recovery.set_id) for each in made]
    event = AuditEvent(EventKind.VAULT_INITIALISED, NOON, "root")
    create_vault(url(tmp_path), VaultIdentity("vault-1", 0, NOON), keys, event)
    house = House(tmp_path, place, recovery, open_vault(url(tmp_path), lambda: NOON))
    add_user(house.vault, ALICE)
    with house.keys() as opened:
        stock(house.vault, [new_token(opened, number) for number in range(TOKENS)])
        for number in range(TOKENS):
            AssignToken(house.vault, opened, lambda: NOON, DEFAULTS)(serial(number), ALICE, "root")
    yield house
    house.vault.close()


def stock(vault: SqlVault, tokens: list[NewToken]) -> None:
    with vault.stage(SOURCE, Tier.NARROW, "ingrid", NOON) as staging:
        staging.add([Arrival(token, line) for line, token in enumerate(tokens, 1)])
        staging.publish(AuditEvent(EventKind.BATCH_IMPORTED, NOON, "ingrid"))
