"""Setting a token's PIN and forgetting it. The PIN itself is never stored, nor on record."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from seedvault.domain import life, pin, pin_keeping
from seedvault.domain.audit import EventKind
from seedvault.domain.errors import Conflict, InvalidInput
from seedvault.domain.names import Serial
from seedvault.domain.oath import Digest, Mac
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.pin_keeping import KeptPin, StretchCost
from seedvault.domain.policy import Policy
from seedvault.domain.token import Device, Owned, Token
from seedvault.service.challenge_ports import Entropy
from seedvault.service.decide import Case, until_settled
from seedvault.service.lookup import token_of
from seedvault.service.policy_ports import Policies
from seedvault.service.ports import Clock, Keys, Vault
from seedvault.service.refusals import conflict_on_record

Stretch = Callable[[str, bytes, StretchCost], bytes]
"""What argon2id makes of a PIN and a salt, at a cost: never inside a transaction."""


def not_stretched(_pin: str, _salt: bytes, _cost: StretchCost) -> bytes:
    """For whoever verifies codes under policies without a PIN, and nothing else."""
    raise AssertionError("a PIN was presented where none was to be expected")


@dataclass(frozen=True, slots=True)
class SetPin:
    """Keep a PIN for a token that has an owner, instead of the one before.

    It is to be presented with codes, where the policy asks for one; or, where the suite of an OCRA
    token computes over a PIN, it is the one that was set in the token.
    """

    vault: Vault
    keys: Keys
    clock: Clock
    entropy: Entropy
    stretch: Stretch
    policies: Policies

    def __call__(self, serial: Serial, chosen: str, actor: str) -> None:
        """Raises InvalidInput for a PIN that is refused, Conflict where the token is nobody's."""
        case = Case.read(self.vault, self.keys, serial, actor, self.clock())
        case.check_seal()
        with conflict_on_record(case, "pin set"):
            device = life.owned(case.stored.token).device
        _check_choice(device, chosen, case.policy(self.policies))
        keep = self._keeper(device, chosen)  # once, however often the rest is tried
        until_settled(lambda: self._attempt(serial, actor, keep))

    def check(self, serial: Serial, chosen: str | None = None) -> Owned:
        """Raises what setting it would raise, and changes nothing; without one, what any would."""
        stored = token_of(self.vault, serial)
        self.keys.check(stored)
        token = life.owned(stored.token)
        if chosen is not None:
            _check_choice(token.device, chosen, self.policies.of(stored))
        return token

    def _keeper(self, device: Device, chosen: str) -> Callable[[Mac], KeptPin]:
        salt, digest = self.entropy(pin_keeping.SALT_OCTETS), _hash_of(device)
        if digest is not None:
            hashed = hashlib.new(digest.value, chosen.encode("ascii")).digest()
            return lambda mac: pin_keeping.mask(mac, hashed, salt)
        cost = pin_keeping.LOW_MEMORY
        stretched = self.stretch(chosen, salt, cost)
        return lambda mac: pin_keeping.keep(mac, stretched, cost, salt)

    def _attempt(self, serial: Serial, actor: str, keep: Callable[[Mac], KeptPin]) -> None:
        case = Case.read(self.vault, self.keys, serial, actor, self.clock())
        token = life.owned(case.stored.token)
        _write(case, replace(token, pin=case.with_mac(keep)), EventKind.TOKEN_PIN_SET)


@dataclass(frozen=True, slots=True)
class ClearPin:
    """Forget a token's PIN. Where the policy asks for one, no code of it is accepted then."""

    vault: Vault
    keys: Keys
    clock: Clock

    def __call__(self, serial: Serial, actor: str) -> None:
        """Raises Conflict where there is none."""
        until_settled(lambda: self._attempt(serial, actor))

    def check(self, serial: Serial) -> None:
        """Raises what clearing it would raise, and changes nothing."""
        stored = token_of(self.vault, serial)
        self.keys.check(stored)
        _with_pin(stored.token)

    def _attempt(self, serial: Serial, actor: str) -> None:
        case = Case.read(self.vault, self.keys, serial, actor, self.clock())
        case.check_seal()
        with conflict_on_record(case, "pin clear"):
            owned = _with_pin(case.stored.token)
        _write(case, replace(owned, pin=None), EventKind.TOKEN_PIN_CLEARED)


def _write(case: Case, token: Owned, kind: EventKind) -> None:
    changed = case.resealed(token)
    with case.vault.transaction() as transaction:
        transaction.replace(case.stored, changed)
        transaction.commit(case.event(kind))


def _check_choice(device: Device, chosen: str, policy: Policy) -> None:
    if _hash_of(device) is None:
        pin.check_new(chosen, device.serial, policy.pin_min)
    elif not (pin.is_pin(chosen) and chosen.isascii()):
        # Which PINs it takes, the token alone decides; here it is only known.
        raise InvalidInput(f"this is no PIN that {device.serial} could have")


def _with_pin(token: Token) -> Owned:
    owned = life.owned(token)
    if owned.pin is None:
        raise Conflict(
            f"{owned.device.serial} has no PIN",
            remedy=f"To set one: seedvault token pin set {owned.device.serial}",
        )
    return owned


def _hash_of(device: Device) -> Digest | None:
    """By what the token itself hashes its PIN; None where a PIN is presented with its codes."""
    parameters = device.parameters
    return parameters.inputs.pin if isinstance(parameters, OcraParameters) else None
