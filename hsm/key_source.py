"""Where a transport key comes from, and how it becomes an object of the module.

Each source makes as many objects of the key as it is asked for: one that tells the check value,
and the one that stays.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from ctypes import byref, c_char, c_ulong, create_string_buffer
from dataclasses import dataclass
from typing import Final

from hsm import canary, mechanisms, templates
from hsm.components import Component, put_together, settle
from hsm.errors import HsmError, Integrity, Policy, Unavailable, Unsupported
from hsm.model import Cipher, TransportKind, Way
from hsm.page import LockedPage
from hsm.session import Session
from hsm.templates import Cka, Template, Value

Pairs = Sequence[tuple[Cka, Value]]


class KeySource(ABC):
    """One key on its way into the module; `way` tells how it came, once it was made."""

    way = Way.BY_PAGE

    @abstractmethod
    def make(self, session: Session, attributes: Pairs) -> int:
        """The handle of a new object that has the key's value and these attributes."""


class OnPage(KeySource):
    """The key lies on the first octets of the session's locked page."""

    def __init__(self, kind: TransportKind) -> None:
        self._octets = kind.octets

    def make(self, session: Session, attributes: Pairs) -> int:
        value = (c_char * self._octets).from_address(session.desk.page.address)
        return session.create(Template(*attributes, (Cka.VALUE, value)))


@contextmanager
def from_components(
    session: Session, kind: TransportKind, components: Sequence[Component]
) -> Iterator[KeySource]:
    """The key that `components` make, on the page for as long as the block lasts."""
    with session.desk as desk:
        put_together(desk.page, kind, components)
        yield OnPage(kind)


@dataclass(frozen=True, slots=True)
class WrappedTransportKey:
    """A key that somebody encrypted for an RSA key on the PKCS#11 token, `opener` its label.

    As long as the modulus: RSA-OAEP. Longer: RSA-OAEP of an AES key, and then the key under that
    one by RFC 5649 (CKM_RSA_AES_KEY_WRAP, PKCS#11 v2.40 section 2.1.21).
    """

    octets: bytes
    opener: str
    cipher: Cipher = Cipher.RSA_OAEP_SHA1


class Wrapped(KeySource):
    """Unwrapped inside the module; by way of the locked page only where the module cannot."""

    def __init__(self, kind: TransportKind, wrapped: WrappedTransportKey, opener: int) -> None:
        self._kind = kind
        self._mechanism = mechanisms.RSA[wrapped.cipher]
        self._cipher = wrapped.cipher
        self._octets = wrapped.octets
        self._opener = opener
        self._measured = False
        self.way = Way.INSIDE

    def make(self, session: Session, attributes: Pairs) -> int:
        if self.way is Way.INSIDE:
            made = self._inside(session, Template(*attributes))
            if made is not None and self._has_its_length(session, made):
                return made
            self.way = Way.BY_PAGE
        with session.desk:
            self._lay(session)
            return OnPage(self._kind).make(session, attributes)

    def _has_its_length(self, session: Session, made: int) -> bool:
        """Asked of the first object; one whose length nobody tells is destroyed, and not used.

        Raises:
            Policy: it has another length.
        """
        if self._measured:
            return True
        octets = _length_of(session, made, self._kind)
        if octets != self._kind.octets:
            session.destroy(made)
        if octets is None:
            return False
        self._check_length(octets)
        self._measured = True
        return True

    def _check_length(self, octets: int) -> None:
        if octets != self._kind.octets:
            raise Policy(
                f"a key of {octets} octets is in the file: {self._kind} has {self._kind.octets}. "
                "No key was made: name its kind as the maker does"
            )

    def _inside(self, session: Session, template: Template) -> int | None:
        """The object's handle; None where the module does not unwrap so."""
        first, second = self._parts(session)
        try:
            if not second:
                return _unwrap(session, self._mechanism, self._opener, first, template)
            passing = templates.passing_wrapping_key()
            between = _unwrap(session, self._mechanism, self._opener, first, passing)
        except _NOT_SO:
            return None
        try:
            return _unwrap_padded(session, between, second, template)
        finally:
            session.destroy(between)

    def _lay(self, session: Session) -> None:
        """The key on the desk's page. Raises Integrity where it does not decrypt to one."""
        first, second = self._parts(session)
        try:
            length = session.desk.decrypt(self._mechanism, self._opener, first)
            if second:
                length = _lay_padded(session.desk.page, length, second)
        except Unsupported as error:
            raise Unsupported(
                f"this module does not decrypt {self._cipher} ({error}). No key was made: ask for "
                "the key under RSA-OAEP with SHA-1"
            ) from error
        except Integrity as error:
            raise _not_a_key() from error
        except Unavailable as error:
            cause = canary.judge(session, error)
            raise (_not_a_key() if isinstance(cause, Integrity) else cause) from error
        self._check_length(length)
        settle(session.desk.page, self._kind)

    def _parts(self, session: Session) -> tuple[bytes, bytes]:
        size = len(session.attribute(self._opener, Cka.MODULUS, 1024).lstrip(b"\0"))
        if len(self._octets) < size:
            raise _not_a_key()
        return self._octets[:size], self._octets[size:]


# SoftHSM has one error for all there is, and a module may lack RFC 5649 or mean something else by
# its number: whatever it is, the page tells damage from inability.
_NOT_SO: Final = (Unsupported, Integrity, Unavailable)


def _length_of(session: Session, handle: int, kind: TransportKind) -> int | None:
    """Octets of a key that may leave; None where the module does not tell."""
    if kind.algorithm != "AES":
        return kind.octets  # a 3DES key has one length
    with suppress(Unsupported):  # opencryptoki has no such attribute
        octets = session.number(handle, Cka.VALUE_LEN)
        if octets:
            return octets
    # SoftHSM 2.6 does not know how long an unwrapped key is: its key wrap is 8 octets longer.
    unknown = session.create(templates.throwaway_kek(create_string_buffer(os.urandom(32), 32)))
    try:
        return len(session.wrap(unknown, handle)) - 8
    except Unsupported:
        return None
    finally:
        session.destroy(unknown)


def _unwrap(session: Session, mechanism: object, key: int, blob: bytes, template: Template) -> int:
    handle = c_ulong()
    session.cryptoki.unwrap_key(
        session.handle,
        mechanism,
        key,
        blob,
        len(blob),
        template.array,
        template.count,
        byref(handle),
    )
    return handle.value


def _unwrap_padded(session: Session, key: int, blob: bytes, template: Template) -> int | None:
    for mechanism in mechanisms.PADDED_KEY_WRAP:
        try:
            return _unwrap(session, mechanism, key, blob, template)
        except _NOT_SO:
            continue
    return None


def _lay_padded(page: LockedPage, length: int, wrapped: bytes) -> int:
    """Octets of the key put on the page, by the AES key that lies there: it moves to another."""
    from hsm import software  # noqa: PLC0415 - cryptography takes 40 ms to import

    sizes = {16: Cipher.AES_128_KWP, 24: Cipher.AES_192_KWP, 32: Cipher.AES_256_KWP}
    if length not in sizes or len(wrapped) % 8 or not 16 <= len(wrapped) <= 48:
        raise _not_a_key()
    between = LockedPage()
    try:
        between.view[:length] = page.view[:length]
        page.wipe()
        return software.decrypt(page, sizes[length], between.view[:length], wrapped)
    finally:
        between.wipe()


def _not_a_key() -> HsmError:
    return Integrity(
        "the file does not decrypt to a key: it was made for another RSA key, by another padding "
        "than was named, or it is damaged. No key was made"
    )
