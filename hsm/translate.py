"""What a PKCS#11 return value means to the caller: one table for every binding."""

import re
from enum import IntEnum

from hsm.errors import (
    HsmError,
    Integrity,
    KeyNotFound,
    PinRejected,
    Policy,
    Unavailable,
    Unsupported,
)


class Rv(IntEnum):
    """CK_RV (PKCS#11 v2.40, section 5.1), those that mean more than "does not work"."""

    SLOT_ID_INVALID = 0x03
    GENERAL_ERROR = 0x05
    ARGUMENTS_BAD = 0x07
    ATTRIBUTE_READ_ONLY = 0x10
    ATTRIBUTE_SENSITIVE = 0x11
    ATTRIBUTE_TYPE_INVALID = 0x12
    ATTRIBUTE_VALUE_INVALID = 0x13
    ACTION_PROHIBITED = 0x1B
    DATA_INVALID = 0x20
    DATA_LEN_RANGE = 0x21
    DEVICE_REMOVED = 0x32
    ENCRYPTED_DATA_INVALID = 0x40
    ENCRYPTED_DATA_LEN_RANGE = 0x41
    FUNCTION_NOT_SUPPORTED = 0x54
    KEY_HANDLE_INVALID = 0x60
    KEY_SIZE_RANGE = 0x62
    KEY_TYPE_INCONSISTENT = 0x63
    KEY_FUNCTION_NOT_PERMITTED = 0x68
    KEY_NOT_WRAPPABLE = 0x69
    KEY_UNEXTRACTABLE = 0x6A
    MECHANISM_INVALID = 0x70
    MECHANISM_PARAM_INVALID = 0x71
    OBJECT_HANDLE_INVALID = 0x82
    PIN_INCORRECT = 0xA0
    PIN_INVALID = 0xA1
    PIN_LEN_RANGE = 0xA2
    PIN_EXPIRED = 0xA3
    PIN_LOCKED = 0xA4
    SESSION_CLOSED = 0xB0
    SESSION_HANDLE_INVALID = 0xB3
    SIGNATURE_INVALID = 0xC0
    SIGNATURE_LEN_RANGE = 0xC1
    TEMPLATE_INCOMPLETE = 0xD0
    TEMPLATE_INCONSISTENT = 0xD1
    TOKEN_NOT_PRESENT = 0xE0
    UNWRAPPING_KEY_HANDLE_INVALID = 0xF0
    USER_ALREADY_LOGGED_IN = 0x100
    USER_NOT_LOGGED_IN = 0x101
    USER_PIN_NOT_INITIALIZED = 0x102
    WRAPPED_KEY_INVALID = 0x110
    WRAPPED_KEY_LEN_RANGE = 0x112
    WRAPPING_KEY_HANDLE_INVALID = 0x113
    CRYPTOKI_NOT_INITIALIZED = 0x190
    CRYPTOKI_ALREADY_INITIALIZED = 0x191


class Stale(Unavailable):
    """The session or its handles are gone: open anew, find the keys again, try once more."""


class Ambiguous(Unavailable):
    """CKR_GENERAL_ERROR: a damaged blob or a sick module; a canary tells which."""


class AlreadyLoggedIn(Unavailable):
    """CKR_USER_ALREADY_LOGGED_IN, which is success."""


class AlreadyInitialised(Unavailable):
    """CKR_CRYPTOKI_ALREADY_INITIALIZED: by another user of the library in this process."""


class Mismatch(Integrity):
    """A signature or a MAC is not the one its message has."""


_PIN = (PinRejected, "the PIN was offered once and will not be again: check it, then start anew")
_STALE = (Stale, "the session was lost: check the module and try again")
_DAMAGED = (Integrity, "this record is damaged or belongs to another key: restore it")
_MISMATCH = (Mismatch, "the MAC does not belong to this message")
_CANNOT = (Unsupported, "the module cannot do this: see the list of supported modules")
_FORBIDDEN = (Policy, "the key's attributes forbid it")
_SICK = (Unavailable, "the module does not answer as it should: look at its own log, try again")

_MEANING: dict[Rv, tuple[type[HsmError], str]] = {
    Rv.GENERAL_ERROR: (Ambiguous, _SICK[1]),
    Rv.ARGUMENTS_BAD: _CANNOT,
    Rv.ATTRIBUTE_READ_ONLY: _CANNOT,
    Rv.ATTRIBUTE_SENSITIVE: _FORBIDDEN,
    Rv.ATTRIBUTE_TYPE_INVALID: _CANNOT,
    Rv.ATTRIBUTE_VALUE_INVALID: _CANNOT,
    Rv.ACTION_PROHIBITED: _FORBIDDEN,
    Rv.DATA_INVALID: _DAMAGED,
    Rv.DATA_LEN_RANGE: _DAMAGED,
    Rv.DEVICE_REMOVED: _STALE,
    Rv.ENCRYPTED_DATA_INVALID: _DAMAGED,
    Rv.ENCRYPTED_DATA_LEN_RANGE: _DAMAGED,
    Rv.FUNCTION_NOT_SUPPORTED: _CANNOT,
    Rv.KEY_HANDLE_INVALID: _STALE,
    Rv.KEY_SIZE_RANGE: _CANNOT,
    Rv.KEY_TYPE_INCONSISTENT: _CANNOT,
    Rv.KEY_FUNCTION_NOT_PERMITTED: _FORBIDDEN,
    Rv.KEY_NOT_WRAPPABLE: _FORBIDDEN,
    Rv.KEY_UNEXTRACTABLE: _FORBIDDEN,
    Rv.MECHANISM_INVALID: _CANNOT,
    Rv.MECHANISM_PARAM_INVALID: _CANNOT,
    Rv.OBJECT_HANDLE_INVALID: _STALE,
    Rv.PIN_INCORRECT: _PIN,
    Rv.PIN_INVALID: _PIN,
    Rv.PIN_LEN_RANGE: _PIN,
    Rv.PIN_EXPIRED: _PIN,
    Rv.PIN_LOCKED: (PinRejected, "the PIN is locked: its security officer must unlock it"),
    Rv.SESSION_CLOSED: _STALE,
    Rv.SESSION_HANDLE_INVALID: _STALE,
    Rv.SIGNATURE_INVALID: _MISMATCH,
    Rv.SIGNATURE_LEN_RANGE: _MISMATCH,
    Rv.SLOT_ID_INVALID: _STALE,
    Rv.TEMPLATE_INCOMPLETE: _CANNOT,
    Rv.TEMPLATE_INCONSISTENT: _CANNOT,
    Rv.TOKEN_NOT_PRESENT: (KeyNotFound, "there is no PKCS#11 token in this slot"),
    Rv.UNWRAPPING_KEY_HANDLE_INVALID: _STALE,
    Rv.USER_ALREADY_LOGGED_IN: (AlreadyLoggedIn, "somebody is logged in"),
    # A login that was there and is gone: the anchor session went with the module's memory.
    Rv.USER_NOT_LOGGED_IN: (PinRejected, "the login is gone: start anew"),
    Rv.USER_PIN_NOT_INITIALIZED: (PinRejected, "the PKCS#11 token has no user PIN yet"),
    Rv.WRAPPED_KEY_INVALID: _DAMAGED,
    Rv.WRAPPED_KEY_LEN_RANGE: _DAMAGED,
    Rv.WRAPPING_KEY_HANDLE_INVALID: _STALE,
    Rv.CRYPTOKI_NOT_INITIALIZED: _STALE,
    Rv.CRYPTOKI_ALREADY_INITIALIZED: (AlreadyInitialised, "the library is in use"),
}


def failure(returned: int, call: str) -> HsmError:
    """The error for what `call` returned; a value without a row means `Unavailable`."""
    try:
        name, (error, meaning) = Rv(returned).name, _MEANING[Rv(returned)]
    except ValueError:
        name, (error, meaning) = f"{returned:#x}", _SICK
    return error(f"{call}: {meaning} (CKR_{name})")


def pkcs11_failure(error: Exception, call: str) -> HsmError:
    """The same for an exception of python-pkcs11, whose classes are named after the values."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).upper()
    return failure(Rv[name], call) if name in Rv.__members__ else Unavailable(f"{call}: {name}")
