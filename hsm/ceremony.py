"""The ceremony that makes a vault's keys: created, read back, and put to the proof.

python-pkcs11 makes the keys and reads their attributes; the keystore then works with them
through calls of its own. Two witnesses see more than one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import c_char, create_string_buffer
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pkcs11 import (
    Attribute,
    KeyType,
    MechanismFlag,
    ObjectClass,
    PKCS11Error,
    Session,
    _pkcs11,
)
from pkcs11.attributes import AttributeMapper
from pkcs11.util.ec import encode_named_curve_parameters

from hsm import probe, templates
from hsm.connection import Connection, log_in, open_session
from hsm.cryptoki import CKF_RW_SESSION, CKF_SERIAL_SESSION, CKU_SO
from hsm.errors import KeyNotFound, Policy, Unsupported
from hsm.model import KeySummary, Location
from hsm.module import Module
from hsm.pin import Pin
from hsm.templates import Cko, VaultKey
from hsm.translate import pkcs11_failure

_USES: Final = {
    Attribute.ENCRYPT: MechanismFlag.ENCRYPT,
    Attribute.DECRYPT: MechanismFlag.DECRYPT,
    Attribute.WRAP: MechanismFlag.WRAP,
    Attribute.UNWRAP: MechanismFlag.UNWRAP,
    Attribute.SIGN: MechanismFlag.SIGN,
    Attribute.VERIFY: MechanismFlag.VERIFY,
    Attribute.DERIVE: MechanismFlag.DERIVE,
}

# Half a key pair has half of the uses; naming another is CKR_ATTRIBUTE_TYPE_INVALID.
_APPLICABLE: Final = {
    Cko.SECRET_KEY: tuple(_USES),
    Cko.PRIVATE_KEY: (Attribute.DECRYPT, Attribute.UNWRAP, Attribute.SIGN, Attribute.DERIVE),
}


@dataclass(frozen=True, slots=True)
class _Recipe:
    """A key to be made, and what it may be used for."""

    key: VaultKey
    purpose: str
    kind: str
    uses: MechanismFlag

    @property
    def attributes(self) -> dict[Attribute, object]:
        """All that protects the key, and every use it has and has not."""
        return {
            Attribute.TOKEN: True,
            Attribute.PRIVATE: True,
            Attribute.SENSITIVE: True,
            Attribute.EXTRACTABLE: False,
            # Else whoever has the PIN could switch DECRYPT on later.
            Attribute.MODIFIABLE: False,
            **{use: bool(self.uses & _USES[use]) for use in _APPLICABLE[self.key.object_class]},
        }

    @property
    def summary(self) -> KeySummary:
        uses = tuple(use.name.lower() for use, flag in _USES.items() if self.uses & flag)
        return KeySummary(self.purpose, self.kind, uses, self.key.identifier)


_KEK: Final = _Recipe(VaultKey.KEK, "KEK k1", "AES-256", MechanismFlag.WRAP | MechanismFlag.UNWRAP)
_MAC_KEYS: Final = tuple(
    _Recipe(key, purpose, "HMAC-SHA-256", MechanismFlag.SIGN | MechanismFlag.VERIFY)
    for key, purpose in ((VaultKey.SEAL, "seal key"), (VaultKey.FINGERPRINT, "fingerprint key"))
)
_CHECKPOINT: Final = _Recipe(
    VaultKey.CHECKPOINT, "checkpoint key", "ECDSA P-256", MechanismFlag.SIGN
)
_EXPORT_KEK: Final = _Recipe(
    VaultKey.EXPORT_KEK, "export key", "AES-256", MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT
)
_RECIPES: Final = (_KEK, *_MAC_KEYS, _CHECKPOINT, _EXPORT_KEK)


def initialise(location: Location, pin: Pin, so_pin: Pin | None) -> tuple[KeySummary, ...]:
    """Make the keys of a new vault, and the PKCS#11 token when it is not there; say what was made.

    Without `so_pin` the PKCS#11 token must be there: its custodian made it. Nothing of it stays
    when a step fails, but the PKCS#11 token itself.

    Raises:
        Policy: the PKCS#11 token holds keys of a vault already. They were not touched.
        PinRejected: the PKCS#11 token exists and has another PIN.
        Unsupported: the module cannot make such keys, or does not protect them.
        KeyNotFound: there is no PKCS#11 token of this name, nor a free slot for one.
    """
    module = Module.load(location.library)
    if module.locate(location) is None:
        if so_pin is None:
            raise KeyNotFound(f"there is no {location}: its custodian makes it first")
        _create_token(module, location, pin, so_pin)
    connection = Connection(location, pin)
    try:
        with _workshop(connection) as session:
            _refuse_existing(session, location)
            try:
                _make_keys(session)
                _read_back(session)
                probe.examine(connection)
            except BaseException:
                _remove_keys(session)
                raise
    finally:
        connection.close()
    return tuple(recipe.summary for recipe in _RECIPES)


def _create_token(module: Module, location: Location, pin: Pin, so_pin: Pin) -> None:
    """Initialise a free slot's PKCS#11 token and its user PIN."""
    slot, cryptoki = module.free_slot(), module.cryptoki
    label = create_string_buffer(location.token_label.encode().ljust(32), 32)
    with so_pin.expose() as octets:
        secret = (c_char * len(octets)).from_buffer(octets)
        cryptoki.init_token(slot, secret, len(octets), label)
    session = open_session(cryptoki, slot, CKF_SERIAL_SESSION | CKF_RW_SESSION)
    try:
        log_in(cryptoki, session, CKU_SO, so_pin)
        with pin.expose() as octets:
            secret = (c_char * len(octets)).from_buffer(octets)
            cryptoki.init_pin(session, secret, len(octets))
        cryptoki.logout(session)
    finally:
        cryptoki.close_session(session)


@contextmanager
def _workshop(connection: Connection) -> Iterator[Session]:
    """A session of python-pkcs11 that may write, on the login of `connection`."""
    library = _uninitialised(connection.location.library)
    try:
        slot = next(slot for slot in library.get_slots() if slot.slot_id == connection.slot)
        session = slot.get_token().open(rw=True, attribute_mapper=_mapper())
        try:
            yield session
        finally:
            session.close()
    except PKCS11Error as error:
        raise pkcs11_failure(error, "key ceremony") from error


def _uninitialised(library: Path) -> Any:
    """python-pkcs11's view of a library that we have initialised already.

    Its constructor would call C_Initialize(NULL): refused, or worse, without locks.
    """
    view: Any = _pkcs11.lib
    return view.__new__(view, str(library))


def _mapper() -> AttributeMapper:
    """python-pkcs11's attributes, and the nested one it has no handler for."""
    mapper = AttributeMapper()
    mapper.register_handler(
        Attribute.UNWRAP_TEMPLATE, lambda template: bytes(template.array), bytes
    )
    return mapper


def _refuse_existing(session: Session, location: Location) -> None:
    for key in VaultKey:
        if _objects(session, key):
            raise Policy(
                f"{location} holds {key.identifier.decode()!r} already: nothing was changed. "
                "Choose another label, or go on with the vault that is there"
            )


def _make_keys(session: Session) -> None:
    _make_secret(session, _KEK, KeyType.AES, {Attribute.UNWRAP_TEMPLATE: templates.UNWRAPPED})
    for recipe in _MAC_KEYS:
        _make_secret(session, recipe, KeyType.GENERIC_SECRET, {})
    _make_secret(session, _EXPORT_KEK, KeyType.AES, {})
    curve = session.create_domain_parameters(
        KeyType.EC, {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}, local=True
    )
    curve.generate_keypair(
        id=_CHECKPOINT.key.identifier,
        label=f"Seedvault {_CHECKPOINT.purpose}",
        store=True,
        private_template=_CHECKPOINT.attributes,
        public_template={Attribute.TOKEN: True, Attribute.MODIFIABLE: False},
    )


def _make_secret(
    session: Session, recipe: _Recipe, kind: KeyType, more: dict[Attribute, object]
) -> None:
    session.generate_key(
        kind,
        256,
        id=recipe.key.identifier,
        label=f"Seedvault {recipe.purpose}",
        store=True,
        template=recipe.attributes | more,
    )


def _read_back(session: Session) -> None:
    """Compare every attribute with what was asked for: some modules take, and ignore.

    Raises:
        Unsupported: an attribute differs, or a key is not there once.
    """
    for recipe in _RECIPES:
        (key,) = _objects(session, recipe.key)
        for attribute, asked in recipe.attributes.items():
            if key[attribute] != asked:
                raise Unsupported(
                    f"{recipe.purpose}: the module made it with {attribute.name} = "
                    f"{key[attribute]}, not {asked}. The keys were removed again"
                )


def _remove_keys(session: Session) -> None:
    for key in VaultKey:
        for made in _objects(session, key):
            made.destroy()


def _objects(session: Session, key: VaultKey) -> list[Any]:
    return list(
        session.get_objects(
            {
                Attribute.CLASS: ObjectClass(key.object_class),
                Attribute.TOKEN: True,
                Attribute.ID: key.identifier,
            }
        )
    )
