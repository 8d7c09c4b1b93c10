"""A seed opened in the module: it computes codes and never leaves."""

import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self, TypeVar

from hsm import blobs, canary
from hsm.connection import Connection
from hsm.errors import HsmError, Unavailable
from hsm.link import LentSession
from hsm.model import Digest, WrappedKey
from hsm.translate import Stale
from hsm.vault_key import named

CHUNK: Final = 512
"""Messages after which a restart of the module, or a fork, that waits for this thread goes ahead:
4 ms of SoftHSM, half a second of an HSM that is a millisecond away."""

T = TypeVar("T")


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
        self._close(error if isinstance(error, HsmError) else None)

    def mac(self, message: bytes) -> bytes:
        """HMAC(seed, message): as many octets as the digest has (RFC 2104).

        Raises:
            Unavailable: the module does not answer, or another thread asks.
        """
        return self._asked(lambda session: session.hmac(self._handle, self._digest, message))

    def macs(self, messages: Sequence[bytes]) -> list[bytes]:
        """The same of each message, however many: a chunk at a time. Raises as `mac` does."""
        macs: list[bytes] = []
        for start in range(0, len(messages), CHUNK):
            if start:
                self._step_aside()
            macs += self._chunk(messages[start : start + CHUNK])
        return macs

    def _chunk(self, messages: Sequence[bytes]) -> list[bytes]:
        return self._asked(lambda session: session.hmacs(self._handle, self._digest, messages))

    def _asked(self, ask: Callable[[LentSession], T]) -> T:
        """What `ask` hears from the session, or from another that takes a lost one's place."""
        session = self._session
        if session is None or self._thread != threading.get_ident():
            raise Unavailable("an opened key serves inside its block and its own thread only")
        if session.link.alive:
            try:
                return ask(session)
            except Stale:
                self._step_aside()
        return ask(self._reopened(session))

    def _step_aside(self) -> None:
        """Let go of the module, and take hold again, where a restart or a fork waits for it."""
        if self._session is not None and self._session.gate.closing:
            self._close(None)
            self._session, self._handle = self._connection.hold(self._unwrap)

    def _close(self, failed: HsmError | None) -> None:
        session, self._session = self._session, None
        if session is None:
            return
        try:
            if session.link.alive:
                session.destroy(self._handle)
        except HsmError as lost:
            failed = lost  # the object dies with its session
        self._connection.give_back(session, failed)

    def _reopened(self, lost: LentSession) -> LentSession:
        """Another session with the key open, after the module or a fork has lost the first."""
        self._session = None
        self._connection.give_back(lost, Stale("lost"))
        self._session, self._handle = self._connection.hold(self._unwrap)
        return self._session

    def _unwrap(self, session: LentSession) -> int:
        kek = session.key(named(self._key.kek_id))
        return canary.confirmed(session, lambda: blobs.unwrap(session, kek, self._key))
