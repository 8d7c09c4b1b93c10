"""What a PKCS#11 return value means to the caller: one table for every binding."""

from enum import IntEnum

from hsm.errors import (
    HsmError,
    Integrity,
    PinRejected,
    Policy,
    Unavailable,
    Unsupported,
)


class Rv(IntEnum):
    """CK_RV (PKCS#11 v2.40, section 5.1), those whose meaning is known."""

    HOST_MEMORY = 0x02
    SLOT_ID_INVALID = 0x03
    GENERAL_ERROR = 0x05
    FUNCTION_FAILED = 0x06
    ARGUMENTS_BAD = 0x07
    CANT_LOCK = 0x0A
    ATTRIBUTE_READ_ONLY = 0x10
    ATTRIBUTE_SENSITIVE = 0x11
    ATTRIBUTE_TYPE_INVALID = 0x12
    ATTRIBUTE_VALUE_INVALID = 0x13
    ACTION_PROHIBITED = 0x1B
    DATA_INVALID = 0x20
    DATA_LEN_RANGE = 0x21
    DEVICE_ERROR = 0x30
    DEVICE_MEMORY = 0x31
    DEVICE_REMOVED = 0x32
    ENCRYPTED_DATA_INVALID = 0x40
    ENCRYPTED_DATA_LEN_RANGE = 0x41
    FUNCTION_CANCELED = 0x50
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
    OPERATION_ACTIVE = 0x90
    OPERATION_NOT_INITIALIZED = 0x91
    PIN_INCORRECT = 0xA0
    PIN_INVALID = 0xA1
    PIN_LEN_RANGE = 0xA2
    PIN_EXPIRED = 0xA3
    PIN_LOCKED = 0xA4
    SESSION_CLOSED = 0xB0
    SESSION_COUNT = 0xB1
    SESSION_HANDLE_INVALID = 0xB3
    SESSION_READ_WRITE_SO_EXISTS = 0xB8
    SIGNATURE_INVALID = 0xC0
    SIGNATURE_LEN_RANGE = 0xC1
    TEMPLATE_INCOMPLETE = 0xD0
    TEMPLATE_INCONSISTENT = 0xD1
    TOKEN_NOT_PRESENT = 0xE0
    UNWRAPPING_KEY_HANDLE_INVALID = 0xF0
    USER_ALREADY_LOGGED_IN = 0x100
    USER_NOT_LOGGED_IN = 0x101
    USER_PIN_NOT_INITIALIZED = 0x102
    USER_ANOTHER_ALREADY_LOGGED_IN = 0x104
    WRAPPED_KEY_INVALID = 0x110
    WRAPPED_KEY_LEN_RANGE = 0x112
    WRAPPING_KEY_HANDLE_INVALID = 0x113
    BUFFER_TOO_SMALL = 0x150
    CRYPTOKI_NOT_INITIALIZED = 0x190
    CRYPTOKI_ALREADY_INITIALIZED = 0x191


class Stale(Unavailable):
    """The session or its handles are gone: open anew, find the keys again, try once more."""


class NotInitialised(Stale):
    """CKR_CRYPTOKI_NOT_INITIALIZED: somebody else in this process has finalised the library."""


class Ambiguous(Unavailable):
    """CKR_GENERAL_ERROR: a damaged blob or a sick module; a canary tells which."""


class AlreadyLoggedIn(Unavailable):
    """CKR_USER_ALREADY_LOGGED_IN, which is success."""


class AlreadyInitialised(Unavailable):
    """CKR_CRYPTOKI_ALREADY_INITIALIZED: by another user of the library in this process."""


class Unlisted(Unavailable):
    """A return value without a row: a vendor's own, or a later version's."""


class Forbidden(Policy):
    """A rule of the module's; the others are ours."""


class PinMissing(PinRejected):
    """CKR_USER_PIN_NOT_INITIALIZED: the PIN was compared with nothing, and no try is spent."""


class Mismatch(Integrity):
    """A signature or a MAC is not the one its message has."""


_PIN = (PinRejected, "the PIN was offered once and will not be again: check it, then start anew")
_STALE = (Stale, "the session was lost: check the module and try again")
_DAMAGED = (Integrity, "this record is damaged or belongs to another key: restore it")
_MISMATCH = (Mismatch, "the MAC does not belong to this message")
_CANNOT = (Unsupported, "the module cannot do this: see the list of supported modules")
_FORBIDDEN = (Forbidden, "the key's attributes forbid it")
_SICK = (Unavailable, "the module does not answer as it should: look at its own log, try again")

_MEANING: dict[Rv, tuple[type[HsmError], str]] = {
    Rv.HOST_MEMORY: _SICK,
    Rv.GENERAL_ERROR: (Ambiguous, _SICK[1]),
    Rv.FUNCTION_FAILED: _SICK,
    Rv.ARGUMENTS_BAD: _CANNOT,
    Rv.CANT_LOCK: _SICK,
    Rv.ATTRIBUTE_READ_ONLY: _CANNOT,
    Rv.ATTRIBUTE_SENSITIVE: _FORBIDDEN,
    Rv.ATTRIBUTE_TYPE_INVALID: _CANNOT,
    Rv.ATTRIBUTE_VALUE_INVALID: _CANNOT,
    Rv.ACTION_PROHIBITED: _FORBIDDEN,
    Rv.DATA_INVALID: _DAMAGED,
    Rv.DATA_LEN_RANGE: _DAMAGED,
    Rv.DEVICE_ERROR: _SICK,
    Rv.DEVICE_MEMORY: _SICK,
    Rv.DEVICE_REMOVED: _STALE,
    Rv.ENCRYPTED_DATA_INVALID: _DAMAGED,
    Rv.ENCRYPTED_DATA_LEN_RANGE: _DAMAGED,
    Rv.FUNCTION_CANCELED: _SICK,
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
    # Left by an operation that ended half way, or lost on the way to another device: a session
    # that is new has neither.
    Rv.OPERATION_ACTIVE: (Stale, "the session is busy with an operation that never ended"),
    Rv.OPERATION_NOT_INITIALIZED: (Stale, "the session lost an operation that had begun"),
    Rv.PIN_INCORRECT: _PIN,
    Rv.PIN_INVALID: _PIN,
    Rv.PIN_LEN_RANGE: _PIN,
    Rv.PIN_EXPIRED: _PIN,
    Rv.PIN_LOCKED: (PinRejected, "the PIN is locked: its security officer must unlock it"),
    Rv.SESSION_CLOSED: _STALE,
    Rv.SESSION_COUNT: (Unavailable, "the module has no session left: end others, or allow more"),
    Rv.SESSION_HANDLE_INVALID: _STALE,
    Rv.SESSION_READ_WRITE_SO_EXISTS: (Unavailable, "a security officer is logged in: try again"),
    Rv.SIGNATURE_INVALID: _MISMATCH,
    Rv.SIGNATURE_LEN_RANGE: _MISMATCH,
    Rv.SLOT_ID_INVALID: _STALE,
    Rv.TEMPLATE_INCOMPLETE: _CANNOT,
    Rv.TEMPLATE_INCONSISTENT: _CANNOT,
    # With a PKCS#11 token that was taken out and put back, its sessions have gone.
    Rv.TOKEN_NOT_PRESENT: (Stale, "there is no PKCS#11 token in this slot: put it back"),
    Rv.UNWRAPPING_KEY_HANDLE_INVALID: _STALE,
    Rv.USER_ALREADY_LOGGED_IN: (AlreadyLoggedIn, "somebody is logged in"),
    # Somebody else in this process logged out, or the module forgot: its PIN was not refused.
    Rv.USER_NOT_LOGGED_IN: (Stale, "the login was lost: check the module and try again"),
    Rv.USER_PIN_NOT_INITIALIZED: (PinMissing, "the PKCS#11 token has no user PIN yet"),
    Rv.USER_ANOTHER_ALREADY_LOGGED_IN: (Unavailable, "a security officer is logged in: try again"),
    Rv.WRAPPED_KEY_INVALID: _DAMAGED,
    Rv.WRAPPED_KEY_LEN_RANGE: _DAMAGED,
    Rv.WRAPPING_KEY_HANDLE_INVALID: _STALE,
    Rv.BUFFER_TOO_SMALL: _SICK,
    Rv.CRYPTOKI_NOT_INITIALIZED: (NotInitialised, _STALE[1]),
    Rv.CRYPTOKI_ALREADY_INITIALIZED: (AlreadyInitialised, "the library is in use"),
}


_KNOWN = frozenset(_MEANING)

# Who can know. From any other function such a value is a sign of sickness: a module that answers
# CKR_SIGNATURE_INVALID to a search has found no seal broken, and CKR_PIN_EXPIRED may come from all.
_KNOWN_BY: dict[type[HsmError], tuple[str, ...]] = {
    PinRejected: ("C_Login", "C_InitPIN", "C_InitToken"),
    PinMissing: ("C_Login",),
    Mismatch: ("C_Verify",),
    Integrity: ("C_UnwrapKey", "C_Decrypt", "C_Encrypt"),
}


def failure(returned: int, call: str) -> HsmError:
    """The error for what `call` returned; a value without a row means `Unavailable`."""
    if returned not in _KNOWN:
        return _named(Unlisted, call, (f"CKR_{returned:#x}", _SICK[1]))
    value = Rv(returned)
    error, meaning = _MEANING[value]
    if call.startswith("C_") and call not in _KNOWN_BY.get(error, (call,)):
        error, meaning = _SICK
    return _named(error, call, (f"CKR_{value.name}", meaning))


def _named(error: type[HsmError], call: str, said: tuple[str, str]) -> HsmError:
    code, meaning = said
    made = error(f"{call}: {meaning} ({code})")
    made.code = code
    return made
