"""Ceremonies for transport keys: made, brought in, looked at, destroyed, on the PKCS#11 token."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, Self

from hsm import key_source, mechanisms, standard_check, templates, transport_object
from hsm.components import Component
from hsm.connection import Connection
from hsm.errors import HsmError, KeyNotFound, Policy, Unsupported
from hsm.key_source import KeySource, WrappedTransportKey
from hsm.model import ImportedKey, Location, TransportKind, TransportReport
from hsm.passphrase_key import from_passphrase
from hsm.pin import Pin
from hsm.session import Session
from hsm.standard_check import CheckValues
from hsm.templates import Cka, Template
from hsm.transport_object import TYPES, Encryptor, block, decrypted, found_all, one, remove, report
from hsm.workshop import Workshop, workshop

LABEL_OCTETS_MAX: Final = 255
OpenedSource = Callable[[Session], AbstractContextManager[KeySource]]
"""Opens where a key comes from, on a session, for as long as a block lasts."""


@dataclass(frozen=True, slots=True)
class TransportOrder:
    """What a key that is brought in is to be: its label, its kind, the check value it must have."""

    label: str
    kind: TransportKind
    check_value: str | None = None


class TransportCeremony:
    """Ceremonies on one PKCS#11 token, in a `with` block; verification goes on meanwhile."""

    def __init__(self, location: Location, pin: Pin) -> None:
        """Log in. Raises as `Connection` does."""
        self._connection = Connection(location, pin)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def refuse_taken(self, label: str) -> None:
        """Raises Policy where the label, or its CKA_ID, has a key already; or is no label."""
        if not 1 <= len(label.encode()) <= LABEL_OCTETS_MAX:
            raise Policy(f"a transport key's label has 1 to {LABEL_OCTETS_MAX} octets")
        with workshop(self._connection) as shop:
            self._refuse_taken(shop, label)

    def make_pair(self, label: str, kind: TransportKind) -> TransportReport:
        """An RSA pair whose private half never leaves the module.

        Raises:
            Policy: the label is taken. Whatever has it was not touched.
            Unsupported: the module cannot make one, or does not make it as it was asked to.
        """
        with workshop(self._connection) as shop:
            self._refuse_taken(shop, label)
            with _undone(shop.session) as made:
                made.extend(_generate_pair(shop.session, label, kind))
                return report(shop.session, label, kind, asked=True)

    def bring_in(
        self, order: TransportOrder, opened: OpenedSource, *, keep: bool = True
    ) -> ImportedKey:
        """The key that `opened` opens; it stays on the PKCS#11 token, if it is to be kept.

        Raises:
            Policy: the label is taken, or the key is not what `order` says.
            Integrity: the key does not come out of its file.
            Unsupported: the module cannot hold it, or does not hold it as it was asked to.
        """
        with workshop(self._connection) as shop:
            self._refuse_taken(shop, order.label)
            with opened(shop.session) as source:
                checked = _looked_at(shop.session, source, order)
                if not keep:
                    return ImportedKey(checked.zeros, checked.cmac, source.way, None)
                with _undone(shop.session) as made:
                    report = _settled(shop.session, source, order, made)
                    return ImportedKey(checked.zeros, checked.cmac, source.way, report)

    def of_components(self, kind: TransportKind, components: Sequence[Component]) -> OpenedSource:
        """Where a key comes from that custodians bring in parts."""
        return lambda session: key_source.from_components(session, kind, components)

    def under_passphrase(
        self, kind: TransportKind, jwe: bytes, passphrase: bytearray
    ) -> OpenedSource:
        """Where a key comes from that stands in a JWE under a passphrase."""
        return lambda session: from_passphrase(session, kind, jwe, passphrase)

    def unwrapping(self, kind: TransportKind, wrapped: WrappedTransportKey) -> OpenedSource:
        """Where a key comes from that was encrypted for an RSA key on this PKCS#11 token."""

        @contextmanager
        def opened(session: Session) -> Iterator[KeySource]:
            if wrapped.cipher not in mechanisms.RSA:
                raise Policy(f"{wrapped.cipher} is no way to encrypt a key for an RSA key")
            yield key_source.Wrapped(
                kind, wrapped, one(session, wrapped.opener, transport_object.PRIVATE)
            )

        return opened

    def report(self, label: str, kind: TransportKind) -> TransportReport:
        """A key's attributes as the module gives them, and its answer to the known question.

        Raises:
            KeyNotFound: it is not there once.
            Integrity: it is of another kind, or a pair's halves do not belong together.
        """
        with workshop(self._connection) as shop:
            return report(shop.session, label, kind)

    def destroy(self, label: str) -> None:
        """End a key, both halves of a pair; there is no way back. It is looked for afterwards.

        Raises:
            KeyNotFound: it is not there.
            Unsupported: it is still there.
        """
        with workshop(self._connection) as shop:
            if not found_all(shop.session, label):
                raise KeyNotFound(
                    f"there is no transport key {label!r} on {self._connection.location}"
                )
            remove(shop.session, label)
            if found_all(shop.session, label):
                raise Unsupported(f"the module does not destroy the transport key {label!r}")

    def _refuse_taken(self, shop: Workshop, label: str) -> None:
        taken = found_all(shop.session, label) or any(
            shop.session.search(templates.labelled(kind, label)) for kind in transport_object.ANY
        )
        if taken:
            raise Policy(
                f"{self._connection.location} holds a key labelled {label!r} already: it was not "
                "touched. Choose another label"
            )


# Every use that it has and has not: python-pkcs11 would add some of its own.
def _generate_pair(session: Session, label: str, kind: TransportKind) -> tuple[int, int]:
    names: dict[Any, Any] = {Cka.ID: transport_object.identifier(label), Cka.LABEL: label.encode()}
    public = names | {
        Cka.TOKEN: True,
        Cka.MODIFIABLE: False,
        Cka.ENCRYPT: True,
        Cka.WRAP: True,
        Cka.VERIFY: False,
        Cka.MODULUS_BITS: 8 * kind.octets,
        Cka.PUBLIC_EXPONENT: b"\1\0\1",
    }
    private = names | transport_object.PROTECTION | transport_object.PRIVATE_USES
    halves = (Template(*public.items()), Template(*private.items()))
    return session.generate_pair(mechanisms.RSA_KEY_PAIR_GEN, *halves)


@contextmanager
def _undone(session: Session) -> Iterator[list[int]]:
    """Takes handles of what was made, to end it where the block fails.

    By its label nothing is removed: another ceremony may have made a key of it meanwhile.
    """
    made: list[int] = []
    try:
        yield made
    except BaseException:
        for handle in made:
            with suppress(HsmError):
                session.destroy(handle)
        raise


def _looked_at(session: Session, source: KeySource, order: TransportOrder) -> CheckValues:
    """The check values, by an object that ends here. Raises Policy where they are others."""
    kind = order.kind
    handle = source.make(session, templates.checking_key(TYPES[kind.algorithm]))
    try:
        values = standard_check.check_values(Encryptor(session, handle, kind), block(kind))
    except Unsupported as error:
        raise Unsupported(
            f"the module does not tell the key's check value ({error}). No key was made"
        ) from error
    finally:
        session.destroy(handle)
    if values == standard_check.in_memory(kind.algorithm, bytearray(kind.octets)):
        raise Policy(
            "the key is all zeros: its components cancel out, or it is none. No key was made"
        )
    if order.check_value is not None and not values.has(order.check_value):
        raise Policy(
            f"the key has the check value {values.zeros}, not {order.check_value}. No key was "
            "made: ask the maker which one is right"
        )
    return values


def _settled(
    session: Session, source: KeySource, order: TransportOrder, made: list[int]
) -> TransportReport:
    """The key as an object that stays, noted in `made`; the same key as what was looked at."""
    kind = order.kind
    passing = source.make(session, templates.checking_key(TYPES[kind.algorithm]))
    try:
        template = templates.held_transport_key(
            TYPES[kind.algorithm], order.label, transport_object.identifier(order.label)
        )
        held = source.make(session, template)
        made.append(held)
        question = os.urandom(block(kind))
        answer = Encryptor(session, passing, kind)(question)
        if decrypted(session, held, kind, answer) != question:
            raise Unsupported("the module does not decrypt with the key that it was given")
    finally:
        session.destroy(passing)
    return report(session, order.label, kind, asked=True)
