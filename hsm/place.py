"""The PKCS#11 token that a vault's keys are put on, made where it is not there."""

from ctypes import c_char, create_string_buffer

from hsm.cryptoki import CKF_RW_SESSION, CKF_SERIAL_SESSION, CKU_SO
from hsm.errors import KeyNotFound
from hsm.link import log_in, open_session
from hsm.model import Location
from hsm.module import Module
from hsm.pin import Pin


def prepare(location: Location, pin: Pin, so_pin: Pin | None) -> None:
    """Initialise the PKCS#11 token where it is not there and `so_pin` is given.

    Raises:
        KeyNotFound: it is not there, and cannot be made.
    """
    module = Module.load(location.library)
    if module.locate(location) is None:
        if so_pin is None:
            raise KeyNotFound(f"there is no {location}: its custodian makes it first")
        _create_token(module, location, pin, so_pin)


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
