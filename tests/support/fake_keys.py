"""An honest stand-in for the HSM: it computes over known seeds, and checks every seal.

It will not be used while a transaction is open.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from seedvault.domain.batch import Tier
from seedvault.domain.errors import FileRefused, HsmUnavailable, SealBroken, SeedDamaged
from seedvault.domain.names import Serial
from seedvault.domain.oath import Digest, Mac
from seedvault.domain.policy_rule import Standing
from seedvault.domain.rule_set import RuleSet
from seedvault.domain.token import Device, Token
from seedvault.service.policy_seal import rules_altered, sealed_rules
from seedvault.service.ports import (
    Fingerprint,
    Seal,
    SeedTaker,
    StoredToken,
    TakenSeed,
    WrappedSeed,
)
from seedvault.service.seal import may_be_sealed, sealed_octets
from seedvault.service.seed_files import NO_TERMS, DeliveredSeed, OpenedSeedFile, Recipient, Terms
from tests.support.fake_files import FakeHandler, no_held_key
from tests.support.fakes import FakeVault, mac_of
from tests.support.tokens import DAMAGED

_SHORTEST_SEED = 16  # octets: RFC 4226 section 4 R6


class FakeKeys:
    """The `Keys` port, and the `SeedTaker` of every file: seeds are known octets here.

    `opened` lists the tokens whose seed was opened. Set `unplugged` and nothing answers. What is
    in `meanwhile` is done, once each, while a seed is open: what another node does in that time;
    in `sealing_meanwhile`, while something is sealed.
    """

    seal_key = "s1"

    import_tier = Tier.NARROW
    by_software = frozenset({"AES-256-KW"})
    worst_from: int | None = None
    """From which seed on they come in by tier B; else by tier A, where `import_tier` says so."""

    decrypt_mac_key = staticmethod(no_held_key)
    module = "a fake in memory"

    def __init__(self, vault: FakeVault) -> None:
        self.opened: list[Serial] = []
        self.rules_checked = 0
        self.unplugged = False
        self.meanwhile: list[Callable[[], object]] = []
        self.sealing_meanwhile: list[Callable[[], object]] = []
        self._vault = vault
        self._seeds: dict[bytes, bytes] = {}

    @contextmanager
    def taking_from(self, file: OpenedSeedFile, terms: Terms = NO_TERMS) -> Iterator[SeedTaker]:
        self._check_usable()
        yield self

    def take(self, seed: DeliveredSeed, device: Device) -> TakenSeed:
        self._check_usable()
        octets: object = seed
        assert isinstance(octets, bytes)
        if octets == DAMAGED:
            raise SeedDamaged(f"the seed of {device.serial} does not decrypt")
        if len(octets) < _SHORTEST_SEED:
            raise FileRefused(f"the seed of {device.serial} is shorter than 128 bits")
        blob = mac_of(b"KEK", Digest.SHA256)(octets)
        self._seeds[blob] = octets
        mark = mac_of(b"fingerprint key", Digest.SHA256)(octets)[:16]
        wrapped = WrappedSeed(1, "k1", len(octets), blob)
        fell_back = self.worst_from is not None and len(self._seeds) >= self.worst_from
        tier = Tier.NARROW if fell_back else self.import_tier
        return TakenSeed(wrapped, Fingerprint(mark, "f1"), tier)

    def check(self, stored: StoredToken) -> None:
        self._check_usable()
        forms = may_be_sealed(self._vault.identity.vault_id, stored)
        if stored.seal not in [_sealed(octets, stored.seal.key) for octets in forms]:
            raise SealBroken(f"the seal of {stored.token.device.serial} does not match its row")

    @contextmanager
    def open(self, stored: StoredToken) -> Iterator[Mac]:
        self.check(stored)
        device = stored.token.device
        self.opened.append(device.serial)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        yield mac_of(self._seeds[stored.wrapped.blob], device.parameters.digest)

    def seal(
        self,
        token: Token,
        wrapped: WrappedSeed,
        revision: int,
        standing: Standing | None = None,
    ) -> Seal:
        vault_id = self._vault.identity.vault_id
        return self._seal(sealed_octets(vault_id, token, wrapped, revision, standing))

    def seal_rules(self, rules: RuleSet) -> Seal:
        return self._seal(sealed_rules(self._vault.identity.vault_id, rules))

    def _seal(self, octets: bytes) -> Seal:
        self._check_usable()
        if self.sealing_meanwhile:
            self.sealing_meanwhile.pop(0)()
        return _sealed(octets, self.seal_key)

    def check_rules(self, rules: RuleSet, seal: Seal) -> None:
        self._check_usable()
        self.rules_checked += 1
        if seal != _sealed(sealed_rules(self._vault.identity.vault_id, rules), seal.key):
            raise rules_altered("their seal does not match")

    @contextmanager
    def handing_on(self, recipient: Recipient) -> Iterator[FakeHandler]:
        self._check_usable()
        yield FakeHandler(lambda stored: self._seeds[stored.wrapped.blob])

    def _check_usable(self) -> None:
        assert not self._vault.writing_here, "an HSM call inside a write transaction"
        if self.unplugged:
            raise HsmUnavailable("the HSM is unplugged")


def _sealed(octets: bytes, key: str) -> Seal:
    return Seal(mac_of(f"seal key {key}".encode(), Digest.SHA256)(octets), key)
