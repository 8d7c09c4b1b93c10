"""The `TransportRoom` port over `hsm`'s ceremonies for transport keys."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from itertools import count

import hsm
from hsm.standard_check import spelt
from seedvault.domain.errors import Conflict, FileRefused, InvalidInput, NotFound
from seedvault.domain.names import KeyLabel
from seedvault.domain.transport_key import StoredTransportKey, TransportKind
from seedvault.keys.failures import translated
from seedvault.service.transport_ports import (
    BroughtIn,
    Component,
    Components,
    ImportOrder,
    Material,
    TransportReport,
    UnderPassphrase,
    WrappedFor,
)

_NO_KEY = "No key was made."
_LIST = "See: seedvault key transport list"
_OAEP = {"sha1": hsm.Cipher.RSA_OAEP_SHA1, "sha256": hsm.Cipher.RSA_OAEP_SHA256}


@dataclass(frozen=True, slots=True)
class HsmTransportRoom:
    """Ceremonies on the vault's PKCS#11 token, each on a login of its own; see `HsmKeyRoom`."""

    enter: Callable[[], AbstractContextManager[tuple[hsm.Location, hsm.Pin]]]

    def refuse_taken(self, label: KeyLabel) -> None:
        with self._ceremony() as ceremony, _label_free():
            ceremony.refuse_taken(label.text)

    def make_pair(self, label: KeyLabel, kind: TransportKind) -> TransportReport:
        with self._ceremony() as ceremony, _label_free():
            return _report(ceremony.make_pair(label.text, hsm.TransportKind[kind.name]))

    def bring_in(self, order: ImportOrder, material: Material, *, keep: bool) -> BroughtIn:
        with self._ceremony() as ceremony:
            with _label_free():
                ceremony.refuse_taken(order.label.text)
            with _right_key():
                return self._bring_in(ceremony, order, material, keep=keep)

    def _bring_in(
        self, ceremony: hsm.TransportCeremony, order: ImportOrder, material: Material, *, keep: bool
    ) -> BroughtIn:
        kind = hsm.TransportKind[order.kind.name]
        wanted = hsm.TransportOrder(order.label.text, kind, order.check_value)
        with _opened(ceremony, kind, material) as opened:
            made = ceremony.bring_in(wanted, opened, keep=keep)
        report = None if made.report is None else _report(made.report)
        return BroughtIn(made.zeros, made.cmac, made.way.value, made.way is hsm.Way.INSIDE, report)

    def reports(self, keys: Sequence[StoredTransportKey]) -> list[TransportReport | None]:
        with self._ceremony() as ceremony:
            return [_asked(ceremony, key) for key in keys]

    def destroy(self, label: KeyLabel) -> None:
        with self._ceremony() as ceremony:
            try:
                ceremony.destroy(label.text)
            except hsm.KeyNotFound as error:
                raise NotFound(
                    f"transport key {label} is not on the PKCS#11 token", remedy=_LIST
                ) from error

    @contextmanager
    def _ceremony(self) -> Iterator[hsm.TransportCeremony]:
        with translated(), self.enter() as place, hsm.TransportCeremony(*place) as ceremony:
            yield ceremony


def _asked(ceremony: hsm.TransportCeremony, key: StoredTransportKey) -> TransportReport | None:
    """None where it is not there; where another is there in its place, what that one answers."""
    try:
        return _report(ceremony.report(key.label.text, hsm.TransportKind[key.kind.name]))
    except hsm.KeyNotFound:
        return None
    except hsm.Integrity:
        return TransportReport(key.label, key.kind, (), (), "another key")


@contextmanager
def _opened(
    ceremony: hsm.TransportCeremony, kind: hsm.TransportKind, material: Material
) -> "Iterator[hsm.OpenedSource]":
    """Where the key comes from; components are wiped at the end."""
    match material:
        case Components(parts):
            components: list[hsm.Component] = []
            try:
                components.extend(map(_component, count(1), parts))
                yield ceremony.of_components(kind, components)
            finally:
                for component in components:
                    component.wipe()
        case WrappedFor(octets, opener, hash_):
            wrapped = hsm.WrappedTransportKey(octets, opener.text, _OAEP[hash_])
            yield ceremony.unwrapping(kind, wrapped)
        case UnderPassphrase(jwe, passphrase):
            yield ceremony.under_passphrase(kind, jwe, passphrase)


def check_component(kind: TransportKind, number: int, part: Component) -> None:
    """Raises FileRefused where it is none, before any other is there; `part` stays as it is."""
    with _right_key():
        component = _component(number, replace(part, digits=bytearray(part.digits)))
        try:
            component.check(hsm.TransportKind[kind.name], number)
        finally:
            component.wipe()


def check_spelling(check_value: str) -> None:
    """Raises InvalidInput, which does not repeat it, where it is no check value."""
    try:
        spelt(check_value)
    except hsm.Policy as error:
        raise InvalidInput(str(error), unchanged=_NO_KEY) from error


def _component(number: int, part: Component) -> hsm.Component:
    try:
        return hsm.Component.from_hex(part.digits, part.check_value, part.file)
    except hsm.Policy as error:
        file = f" ({part.file})" if part.file else ""
        raise hsm.Policy(f"component {number}{file}: {error}") from error


@contextmanager
def _label_free() -> Iterator[None]:
    try:
        yield
    except hsm.Policy as error:
        raise Conflict(str(error), unchanged=_NO_KEY, remedy=_LIST) from error


@contextmanager
def _right_key() -> Iterator[None]:
    """What does not give the key that was ordered is refused; it says itself what to do."""
    try:
        yield
    except (hsm.Policy, hsm.Integrity, hsm.Unsupported) as error:
        said = str(error)
        unchanged = "" if _NO_KEY.removesuffix(".") in said else _NO_KEY
        raise FileRefused(said, unchanged=unchanged) from error


def _report(found: hsm.TransportReport) -> TransportReport:
    return TransportReport(
        KeyLabel(found.label),
        TransportKind[found.kind.name],
        found.uses,
        found.attributes,
        found.answer,
        found.public_key,
    )
