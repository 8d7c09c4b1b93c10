"""The epoch of a vault, kept beside its keys: which of several databases is the latest.

It is a data object (PKCS#11 v2.40 section 4.5) that is never changed: a new one is made, and only
then do lower ones end. Whatever happens in between, and whoever else does the same, the highest
counts. Who has the PIN can end it, and could destroy the keys as well.
"""

from contextlib import suppress
from ctypes import byref, c_ulong
from typing import Final

from hsm.connection import Connection
from hsm.errors import HsmError, Integrity, Policy, Unsupported
from hsm.link import logged_in
from hsm.session import Session
from hsm.templates import Cka, Cko, Template
from hsm.translate import Rv, Stale, Unlisted, failure
from hsm.workshop import workshop

_APPLICATION: Final = b"seedvault"
_STEM: Final = "seedvault/epoch/"
_AT_ONCE: Final = 16
_DIGITS: Final = 20
_CROWD: Final = 8  # so often may others have ended a lower epoch while it was read


def recall(connection: Connection, vault: str) -> int | None:
    """The epoch kept for `vault`; None where there is none.

    Raises:
        Integrity: what is kept there is no number.
    """
    return connection.run(lambda session: max(_kept(session, vault).values(), default=None))


def remember(connection: Connection, vault: str, epoch: int) -> bool:
    """Keep an epoch unless a higher one is; False where the module keeps no data.

    Raises as `recall` does.
    """
    for _ in range(_CROWD):
        # SoftHSM says of what was ended while it was read that its value is invalid, or it is gone.
        with suppress(Stale, Unsupported):
            return _remember(connection, vault, epoch)
    return _remember(connection, vault, epoch)


def _remember(connection: Connection, vault: str, epoch: int) -> bool:
    with workshop(connection) as shop:
        kept = _kept(shop.session, vault)
        if max(kept.values(), default=-1) < epoch:
            try:
                shop.session.create(_kept_as(vault, epoch))
            except (Unsupported, Policy, Unlisted):  # Unlisted: CKR_TOKEN_WRITE_PROTECTED and such
                return False
        for handle, value in kept.items():
            if value < epoch:
                _end(shop.session, handle)
        return True


def forget(connection: Connection, vault: str) -> None:
    """End what is kept for a vault that never came into use."""
    with workshop(connection) as shop:
        for handle in _kept(shop.session, vault):
            _end(shop.session, handle)


def _end(session: Session, handle: int) -> None:
    """A lower one that stays, or that somebody else has ended by now, changes nothing."""
    try:
        session.destroy(handle)
    except HsmError:
        return


def _kept(session: Session, vault: str) -> dict[int, int]:
    """Every epoch that is kept for `vault`, by the handle of its object."""
    found = _found(session, Template(*_names(vault)))
    return {handle: _number(session.attribute(handle, Cka.VALUE, _DIGITS)) for handle in found}


def _found(session: Session, template: Template) -> list[int]:
    """The handles of all objects like `template`, however many."""
    found: list[int] = []
    handles, count = (c_ulong * _AT_ONCE)(), c_ulong()
    session.cryptoki.find_objects_init(session.handle, template.array, template.count)
    try:
        while True:
            session.cryptoki.find_objects(session.handle, handles, _AT_ONCE, byref(count))
            found += handles[: count.value]
            if not count.value:
                break
    finally:
        session.cryptoki.find_objects_final(session.handle)
    if not found and not logged_in(session):  # nobody sees private objects without a login
        raise failure(Rv.USER_NOT_LOGGED_IN, "C_FindObjects")
    return found


def _number(octets: bytes) -> int:
    if not (octets.isascii() and octets.isdigit()):
        raise Integrity("what is kept as the vault's epoch is none: somebody else made it")
    return int(octets)


def _names(vault: str) -> tuple[tuple[Cka, bool | int | bytes], ...]:
    return (
        (Cka.CLASS, Cko.DATA),
        (Cka.TOKEN, True),
        (Cka.LABEL, f"{_STEM}{vault}".encode()),
    )


def _kept_as(vault: str, epoch: int) -> Template:
    return Template(
        *_names(vault),
        (Cka.PRIVATE, True),
        (Cka.MODIFIABLE, False),
        (Cka.APPLICATION, _APPLICATION),
        (Cka.VALUE, b"%d" % epoch),
    )
