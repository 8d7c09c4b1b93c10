"""A seed opened in the module: it computes codes and never leaves."""

import threading
from types import TracebackType
from typing import Self

from hsm import blobs, canary
from hsm.connection import Connection
from hsm.errors import HsmError, Unavailable
from hsm.link import LentSession
from hsm.model import Digest, WrappedKey
from hsm.translate import Stale
from hsm.vault_key import named


class MacKey:
    """HMAC under one seed, inside a `with` block and in the thread that entered it.

    The seed is a session object of the module, sensitive and not extractable; leaving
    the block destroys it.
    """

    __slots__ = ("_connection", "_digest", "_handle", "_key", "_session", "_thread")

    def __init__(self, connection: Connection, key: WrappedKey, digest: Digest) -> None:
        self._connection = connection
        self._key = key
        self._digest = digest
        self._session: LentSession | None = None
        self._handle = 0
        self._thread = 0

    def __enter__(self) -> Self:
        """Unwrap the seed in the module.

        Raises:
            Integrity: the wrapped key is damaged, or of another KEK.
            Unavailable: the module does not answer.
        """
        self._session, self._handle = self._connection.hold(self._unwrap)
        self._thread = threading.get_ident()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        session, self._session = self._session, None
        if session is None:
            return
        failed = error if isinstance(error, HsmError) else None
        try:
            if session.link.alive:
                session.destroy(self._handle)
        except HsmError as lost:
            failed = lost  # the object dies with its session
        self._connection.give_back(session, failed)

    def mac(self, message: bytes) -> bytes:
        """HMAC(seed, message): as many octets as the digest has (RFC 2104).

        Raises:
            Unavailable: the module does not answer, or another thread asks.
        """
        session = self._session
        if session is None or self._thread != threading.get_ident():
            raise Unavailable("an opened key serves inside its block and its own thread only")
        if session.link.alive:
            try:
                return session.hmac(self._handle, self._digest, message)
            except Stale:
                pass
        return self._reopened(session).hmac(self._handle, self._digest, message)

    def _reopened(self, lost: LentSession) -> LentSession:
        """Another session with the key open, after the module or a fork has lost the first."""
        self._session = None
        self._connection.give_back(lost, Stale("lost"))
        self._session, self._handle = self._connection.hold(self._unwrap)
        return self._session

    def _unwrap(self, session: LentSession) -> int:
        kek = session.key(named(self._key.kek_id))
        return canary.confirmed(session, lambda: blobs.unwrap(session, kek, self._key))
