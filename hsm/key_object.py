"""Objects of the module that serve one file: looked for once, and again after a restart."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress

from hsm import templates
from hsm.errors import HsmError, KeyNotFound, Policy, Unavailable
from hsm.link import LentSession, Link
from hsm.templates import Cka, Ckk, Cko, Template


class KeyObject(ABC):
    """A handle that is known for as long as its link lasts."""

    __slots__ = ("_handle", "_link")

    def __init__(self) -> None:
        self._link: Link | None = None
        self._handle = 0

    def handle(self, session: LentSession) -> int:
        """The object's handle on `session`'s link, acquired when first asked for.

        Raises:
            Unavailable: the object has ended.
        """
        link = session.link
        with link.anchor_lock:
            if self._link is not link:
                self._handle = self._acquire(session)
                self._link = link
        return self._handle

    def end(self) -> None:
        """Give the object up."""
        self._link = None

    @abstractmethod
    def _acquire(self, session: LentSession) -> int: ...


class CreatedObject(KeyObject):
    """A session object made of octets that the caller has in memory anyway.

    They are kept, in one buffer that is wiped at the end: after a restart of the module the
    object can be made again.
    """

    __slots__ = ("_octets", "_template")

    def __init__(self, octets: bytearray, template: Callable[[bytearray], Template]) -> None:
        super().__init__()
        self._octets = octets
        self._template = template

    def end(self) -> None:
        """Destroy the object, and wipe the octets."""
        link, self._link = self._link, None
        if link is not None and link.alive:
            with link.anchor_lock, suppress(HsmError):  # else it dies with the anchor session
                link.anchor.destroy(self._handle)
        self._octets = wiped(self._octets)

    def _acquire(self, session: LentSession) -> int:
        if not self._octets:
            raise ended()
        # Owned by the anchor: a worker session may be closed by another file's error.
        return session.link.anchor.create(self._template(self._octets))


class FoundObject(KeyObject):
    """A private or secret key that lives on the PKCS#11 token; it stays there."""

    __slots__ = ("_kind", "_label")

    def __init__(self, label: str, kind: Ckk) -> None:
        super().__init__()
        self._label = label
        self._kind = kind

    def _acquire(self, session: LentSession) -> int:
        found = [
            handle
            for object_class in (Cko.PRIVATE_KEY, Cko.SECRET_KEY)
            for handle in session.search(templates.labelled(object_class, self._label))
        ]
        if len(found) != 1:
            raise KeyNotFound(
                f"{'several keys are' if found else 'no key is'} labelled {self._label!r} on the "
                "PKCS#11 token, one is needed: check the label, or give it to one key only"
            )
        kind = session.number(found[0], Cka.KEY_TYPE)
        if kind != self._kind:
            raise Policy(
                f"the key labelled {self._label!r} is of another kind than {self._kind.name}, "
                "which the file's cipher needs: name the key that the manufacturer used"
            )
        return found[0]


def wiped(octets: bytearray) -> bytearray:
    """Nothing, in the place of what was overwritten with zeros."""
    octets[:] = bytes(len(octets))
    return bytearray()


def ended() -> Unavailable:
    """For whoever uses a key after its block."""
    return Unavailable("this transport key was wiped: enter its block again")
