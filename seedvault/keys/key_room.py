"""The `KeyRoom` port over `hsm`'s ceremonies."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

import hsm
from seedvault.domain.errors import Conflict, NotAllowed, NotFound
from seedvault.domain.vault_key import KeyPurpose, StoredKey
from seedvault.keys.failures import translated
from seedvault.service.key_ports import KeyReport, MadeKey, Recovery


@dataclass(frozen=True, slots=True)
class HsmKeyRoom:
    """Ceremonies on the vault's PKCS#11 token, each on a login of its own.

    `enter` is a block for each, in which no other process holds one; it tells where that is, and
    its PIN: a restoration makes the place before. KEKs are put only where `demands` are met.
    """

    enter: Callable[[], AbstractContextManager[tuple[hsm.Location, hsm.Pin]]]
    demands: hsm.Demands

    def holds(self, name: str) -> bool:
        with self._ceremony() as ceremony:
            return ceremony.holds(hsm.named(name))

    def prove(self, keys: Sequence[StoredKey], recovery: Recovery) -> None:
        with self._ceremony() as ceremony, of_this_recovery():
            ceremony.prove(_copies(keys), recovery_key(recovery))

    def recopy(self, keys: Sequence[StoredKey], old: Recovery, new: Recovery) -> list[StoredKey]:
        opener, closer = recovery_key(old), recovery_key(new)
        with self._ceremony() as ceremony, of_this_recovery():
            copies = ceremony.recopy(_copies(keys), opener, closer)
        return [
            replace(key, copy=copies[hsm.named(key.name)], recovery=closer.set_id) for key in keys
        ]

    def make(self, names: Sequence[str], recovery: Recovery | None) -> list[MadeKey]:
        with self._ceremony() as ceremony:
            made = ceremony.make(
                map(hsm.named, names), recovery_key(recovery) if recovery else None
            )
        return [MadeKey(_report(each.report), each.copy) for each in made]

    def restore(self, keys: Sequence[StoredKey], recovery: Recovery) -> list[KeyReport]:
        with self._ceremony() as ceremony, of_this_recovery():
            reports = ceremony.restore(_copies(keys), recovery_key(recovery))
        return [_report(report) for report in reports]

    def seen(self, names: Sequence[str]) -> dict[str, KeyReport | str]:
        with self._ceremony() as ceremony:
            return {name: _seen(ceremony, name) for name in names}

    def report(self, name: str) -> KeyReport:
        with self._ceremony() as ceremony, _there(name):
            return _report(ceremony.report(hsm.named(name)))

    def public_key(self, name: str) -> bytes:
        with self._ceremony() as ceremony, _there(name):
            return ceremony.public_key(hsm.named(name))

    def destroy(self, name: str) -> None:
        with self._ceremony() as ceremony, _there(name):
            ceremony.destroy(hsm.named(name))

    @contextmanager
    def _ceremony(self) -> Iterator[hsm.Ceremony]:
        with translated(), self.enter() as place, hsm.Ceremony(*place, self.demands) as ceremony:
            try:
                yield ceremony
            except hsm.Policy as error:
                raise Conflict(
                    str(error),
                    unchanged="No key was made or ended.",
                    remedy="See: seedvault key list",
                ) from error


def _seen(ceremony: hsm.Ceremony, name: str) -> KeyReport | str:
    try:
        return _report(ceremony.report(hsm.named(name)))
    except hsm.KeyNotFound:
        return "MISSING"
    except hsm.Policy as several:
        return str(several)


def _copies(keys: Sequence[StoredKey]) -> dict[hsm.VaultKey, bytes]:
    return {hsm.named(key.name): key.copy for key in keys if key.copy is not None}


@contextmanager
def of_this_recovery() -> Iterator[None]:
    """A copy that does not open was made under another recovery key, or is damaged."""
    try:
        yield
    except hsm.Integrity as error:
        raise NotAllowed(
            "these shares do not open the copies of this vault's keys",
            remedy="Bring shares of the set that the keys were copied under: seedvault key list",
        ) from error


@contextmanager
def _there(name: str) -> Iterator[None]:
    try:
        yield
    except hsm.KeyNotFound as error:
        raise NotFound(
            f"key {name} is not on the PKCS#11 token", remedy="See: seedvault key list"
        ) from error


def recovery_key(recovery: Recovery) -> hsm.RecoveryKey:
    """The recovery key that `hsm` knows under the port's name."""
    key: object = recovery
    if not isinstance(key, hsm.RecoveryKey):
        raise TypeError(f"a {type(recovery).__name__} is no recovery key")
    return key


def _report(found: hsm.KeyReport) -> KeyReport:
    return KeyReport(
        found.name,
        KeyPurpose[hsm.named(found.name).purpose.name],
        found.kind,
        found.uses,
        found.identifier.decode(),
        found.attributes,
        found.check_value,
    )
