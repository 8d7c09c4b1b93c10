"""Seeds moved from a retired KEK to the one in use, inside the module.

What a KEK on the PKCS#11 token unwraps is not extractable, so it could not be wrapped again: its
CKA_UNWRAP_TEMPLATE says so. The copy that the custodians open has no such template. It lives in
one session, and only as long as the rotation works.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from ctypes import c_char
from typing import TYPE_CHECKING, Self

from hsm import blobs, canary, templates
from hsm.connection import Connection
from hsm.errors import HsmError, KeyNotFound, Unsupported
from hsm.key_object import KeyObject
from hsm.link import LentSession
from hsm.model import WrappedKey, WrappedSeed
from hsm.translate import Ambiguous

if TYPE_CHECKING:
    from hsm.recovery import RecoveryKey


Settle = Callable[[LentSession, int, int], WrappedSeed]
"""Wraps and fingerprints an extractable seed of the module, by handle and octets; ends it."""


class Rewrapper:
    """Made by `Keystore.rewrapper`; re-wraps seeds in a `with` block."""

    def __init__(
        self,
        connection: Connection,
        copies: Mapping[str, bytes],
        recovery: "RecoveryKey | None",
        settle: Settle,
    ) -> None:
        self._connection = connection
        self._settle = settle
        self._retired = (
            {name: _OpenedKek(copy, recovery) for name, copy in copies.items()} if recovery else {}
        )

    def __enter__(self) -> Self:
        """Open every copy now: a wrong recovery key is found before the first seed is moved.

        Raises:
            Integrity: a copy is damaged, or was made under another recovery key.
        """
        try:
            for kek in self._retired.values():
                self._connection.run(kek.handle)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for kek in self._retired.values():
            kek.end()

    def rewrap(self, key: WrappedKey) -> WrappedSeed:
        """The same seed under the keystore's KEK, marked by its fingerprint key.

        Raises:
            KeyNotFound: no copy of its KEK was given.
            Integrity: the blob is damaged.
        """
        kek = self._retired.get(key.kek_id)
        if kek is None:
            raise KeyNotFound(f"no copy of KEK {key.kek_id!r} was opened: nothing was re-wrapped")

        def work(session: LentSession) -> WrappedSeed:
            try:
                seed = _passing(session, kek.handle(session), key)
            except Ambiguous as error:
                raise canary.judge(session, error) from error
            return self._settle(session, seed, key.length)

        return self._connection.run(work)


def _passing(session: LentSession, kek: int, key: WrappedKey) -> int:
    try:
        return blobs.unwrap(session, kek, key, templates.PASSING_SEED)
    except Unsupported:  # opencryptoki's are extractable, and must not be called so
        return blobs.unwrap(session, kek, key, templates.PASSING_BY_DEFAULT)


class _OpenedKek(KeyObject):
    """A retired KEK out of its copy, as an object of the anchor session."""

    __slots__ = ("_copy", "_recovery")

    def __init__(self, copy: bytes, recovery: "RecoveryKey") -> None:
        super().__init__()
        self._copy = copy
        self._recovery = recovery

    def end(self) -> None:
        link, self._link = self._link, None
        if link is not None and link.alive:
            with link.anchor_lock, suppress(HsmError):  # else it dies with the anchor session
                link.anchor.destroy(self._handle)

    def _acquire(self, session: LentSession) -> int:
        anchor = session.link.anchor
        with self._recovery.expose() as octets:
            value = (c_char * len(octets)).from_buffer(octets)
            opener = anchor.create(templates.throwaway_kek(value))
        try:
            return blobs.unwrap_copy(anchor, opener, self._copy, templates.REWRAPPING_KEK)
        except Ambiguous as error:
            raise canary.judge(session, error) from error
        finally:
            anchor.destroy(opener)
