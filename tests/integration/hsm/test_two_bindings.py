"""One fault, one error, whether python-pkcs11 met it in a ceremony or ctypes on the hot path."""

from collections.abc import Callable, Iterator
from ctypes import byref
from dataclasses import dataclass
from typing import Any

import pytest
from pkcs11 import Attribute, KeyType, ObjectClass, PKCS11Error
from pkcs11 import Mechanism as TheirMechanism

from hsm import Digest, HsmError, Integrity, KeyNotFound, Keystore, PinRejected, Unsupported
from hsm.cryptoki import CKU_USER, Mechanism
from hsm.key_object import FoundObject
from hsm.link import LentSession, log_in, open_session
from hsm.module import Module
from hsm.templates import EXPOSED_SEED, Cka, Ckk
from hsm.translate import Ambiguous, Forbidden, Stale
from hsm.vault_key import FIRST, VaultKey
from tests.support.python_pkcs11 import library_session, objects, pkcs11_failure, uninitialised
from tests.support.softhsm import pin, vault_location

SEED = b"12345678901234567890"
NOWHERE = 0x7FFFFFFF
"""No object and no mechanism has this number."""

EXPOSED = {Attribute.TOKEN: False, Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True}


@dataclass(frozen=True)
class Desk:
    """One vault's keys as each binding sees them, and a seed under its KEK."""

    ours: LentSession
    theirs: Any
    blob: bytes

    def their(self, key: VaultKey) -> Any:
        (found,) = objects(self.theirs, key)
        return found

    def their_unwrap(self, blob: bytes, more: dict[Attribute, bool]) -> object:
        return self.their(FIRST.kek).unwrap_key(
            ObjectClass.SECRET_KEY,
            KeyType.GENERIC_SECRET,
            blob,
            mechanism=TheirMechanism.AES_KEY_WRAP,
            template={Attribute.TOKEN: False} | more,
        )

    @property
    def damaged(self) -> bytes:
        return self.blob[:-1] + bytes([self.blob[-1] ^ 1])


@pytest.fixture
def desk(keystore: Keystore) -> Iterator[Desk]:
    blob = keystore.wrap(bytearray(SEED), Digest.SHA1).key.blob
    connection = keystore._connection
    with library_session(connection) as theirs:
        ours = connection.borrow()
        try:
            yield Desk(ours, theirs, blob)
        finally:
            connection.give_back(ours)


@dataclass(frozen=True)
class Fault:
    """The same mistake made twice, and what it is called."""

    error: type[HsmError]
    ours: Callable[[Desk], object]
    theirs: Callable[[Desk], object]


def _no_such_mechanism(desk: Desk) -> int:
    nothing = byref(Mechanism(NOWHERE))
    return desk.ours.cryptoki.sign_init(desk.ours.handle, nothing, desk.ours.key(FIRST.seal))


def _destroyed_twice(desk: Desk) -> None:
    seed = desk.their_unwrap(desk.blob, {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False})
    seed.destroy()  # type: ignore[attr-defined]  # python-pkcs11's objects have no types
    seed.destroy()  # type: ignore[attr-defined]


FAULTS = {
    "a damaged blob": Fault(
        Ambiguous,
        lambda desk: desk.ours.unwrap(desk.ours.key(FIRST.kek), desk.damaged),
        lambda desk: desk.their_unwrap(
            desk.damaged, {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
        ),
    ),
    "a blob of a wrong length": Fault(
        Integrity,
        lambda desk: desk.ours.unwrap(desk.ours.key(FIRST.kek), desk.blob[:-1]),
        lambda desk: desk.their_unwrap(desk.blob[:-1], {}),
    ),
    "a seed unwrapped as one that can be read": Fault(
        Unsupported,
        lambda desk: desk.ours.unwrap(desk.ours.key(FIRST.kek), desk.blob, EXPOSED_SEED),
        lambda desk: desk.their_unwrap(desk.blob, EXPOSED),
    ),
    "a mechanism that nobody has": Fault(
        Unsupported,
        _no_such_mechanism,
        lambda desk: desk.their(FIRST.seal).sign(b"m", mechanism=NOWHERE),
    ),
    "a value that is read": Fault(
        Forbidden,
        lambda desk: desk.ours.attribute(desk.ours.key(FIRST.kek), Cka.VALUE),
        lambda desk: desk.their(FIRST.kek)[Attribute.VALUE],
    ),
    "a wrapped key that must stay": Fault(
        Forbidden,
        lambda desk: desk.ours.wrap(desk.ours.key(FIRST.kek), desk.ours.key(FIRST.seal)),
        lambda desk: desk.their(FIRST.kek).wrap_key(
            desk.their(FIRST.seal), mechanism=TheirMechanism.AES_KEY_WRAP
        ),
    ),
    "a key that is not there": Fault(
        KeyNotFound,
        lambda desk: FoundObject("nobody's", Ckk.AES).handle(desk.ours),
        lambda desk: desk.theirs.get_key(label="nobody's"),
    ),
    "an object that is gone": Fault(
        Stale, lambda desk: desk.ours.destroy(NOWHERE), _destroyed_twice
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_both_bindings_give_one_error(desk: Desk, fault: Fault) -> None:
    with pytest.raises(HsmError) as ours:
        fault.ours(desk)
    with pytest.raises(PKCS11Error) as theirs:
        fault.theirs(desk)

    assert type(ours.value) is fault.error
    assert type(pkcs11_failure(theirs.value, "ceremony")) is fault.error


def test_both_bindings_say_of_a_wrong_pin_that_it_was_rejected() -> None:
    location = vault_location("nobody-is-logged-in")
    module = Module.load(location.library)
    slot = module.find_slot(location)
    token = next(
        found for found in uninitialised(location.library).get_slots() if found.slot_id == slot
    ).get_token()

    with pytest.raises(PinRejected):
        log_in(module.cryptoki, open_session(module.cryptoki, slot), CKU_USER, pin("wrong-pin"))
    with pytest.raises(PKCS11Error) as theirs:
        token.open(user_pin="wrong-pin")

    assert type(pkcs11_failure(theirs.value, "ceremony")) is PinRejected
