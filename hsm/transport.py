"""A manufacturer's transport key as a session object of the module."""

from contextlib import suppress
from ctypes import c_char

from hsm import templates
from hsm.connection import LentSession, Link
from hsm.errors import HsmError, Policy, Unavailable
from hsm.model import Cipher

_AES_KEY_OCTETS = (16, 24, 32)


class TransportKey:
    """Decrypts one file's seeds; made by `Keystore.transport_key`, of use inside its block.

    The caller has the key in memory anyway, so its octets are kept, in one buffer that
    is wiped at the end: after a restart of the module the object can be made again.
    """

    __slots__ = ("_handle", "_link", "_octets", "cipher")

    def __init__(self, cipher: Cipher, key: bytes) -> None:
        """Raises Policy when no cipher takes a key of this length."""
        if len(key) not in _AES_KEY_OCTETS:
            raise Policy(f"AES transport key of {len(key)} octets: 16, 24 or 32 are needed")
        self.cipher = cipher
        self._octets = bytearray(key)
        self._link: Link | None = None
        self._handle = 0

    def handle(self, session: LentSession) -> int:
        """The object's handle on `session`'s link, made when first asked for.

        Raises:
            Unavailable: the block has ended.
        """
        if not self._octets:
            raise Unavailable("this transport key was wiped: enter its block again")
        link = session.link
        with link.anchor_lock:
            if self._link is not link:
                # Owned by the anchor: a worker session may be closed by another file's error.
                value = (c_char * len(self._octets)).from_buffer(self._octets)
                self._handle = link.anchor.create(templates.transport_key(value))
                self._link = link
        return self._handle

    def wipe(self) -> None:
        """Destroy the object and the octets."""
        link, self._link = self._link, None
        if link is not None and link.alive:
            with link.anchor_lock, suppress(HsmError):  # else it dies with the anchor session
                link.anchor.destroy(self._handle)
        self._octets[:] = bytes(len(self._octets))
        del self._octets
        self._octets = bytearray()
