"""Every return value of PKCS#11 has one meaning, whichever binding saw it."""

import pkcs11
import pytest

from hsm.errors import (
    HsmError,
    Integrity,
    KeyNotFound,
    PinRejected,
    Unavailable,
    Unsupported,
)
from hsm.translate import (
    Ambiguous,
    Forbidden,
    Mismatch,
    NotInitialised,
    Rv,
    Stale,
    Unlisted,
    failure,
)
from tests.support.python_pkcs11 import pkcs11_failure


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (Rv.USER_NOT_LOGGED_IN, Stale),
        (Rv.OPERATION_ACTIVE, Stale),
        (Rv.OPERATION_NOT_INITIALIZED, Stale),
        (Rv.SESSION_HANDLE_INVALID, Stale),
        (Rv.OBJECT_HANDLE_INVALID, Stale),
        (Rv.DEVICE_REMOVED, Stale),
        (Rv.CRYPTOKI_NOT_INITIALIZED, NotInitialised),
        (Rv.GENERAL_ERROR, Ambiguous),
        (Rv.MECHANISM_INVALID, Unsupported),
        (Rv.ARGUMENTS_BAD, Unsupported),
        (Rv.KEY_SIZE_RANGE, Unsupported),
        (Rv.TEMPLATE_INCONSISTENT, Unsupported),
        (Rv.ATTRIBUTE_READ_ONLY, Unsupported),
        (Rv.KEY_UNEXTRACTABLE, Forbidden),
        (Rv.KEY_NOT_WRAPPABLE, Forbidden),
        (Rv.ATTRIBUTE_SENSITIVE, Forbidden),
        (Rv.TOKEN_NOT_PRESENT, Stale),
        (Rv.DEVICE_ERROR, Unavailable),
        (Rv.SESSION_COUNT, Unavailable),
    ],
)
def test_a_return_value_has_the_meaning_of_the_table(value: Rv, error: type[HsmError]) -> None:
    assert type(failure(value, "C_Call")) is error


@pytest.mark.parametrize("value", Rv)
def test_every_named_value_has_a_row_that_names_it(value: Rv) -> None:
    assert f"CKR_{value.name}" in str(failure(value, "C_Call"))


@pytest.mark.parametrize("value", [0x1A0, 0x80000001])
def test_a_value_without_a_row_means_unavailable(value: int) -> None:
    error = failure(value, "C_Call")

    assert type(error) is Unlisted
    assert isinstance(error, Unavailable)
    assert f"{value:#x}" in str(error)


@pytest.mark.parametrize(
    ("value", "call", "error"),
    [
        (Rv.PIN_INCORRECT, "C_Login", PinRejected),
        (Rv.PIN_LOCKED, "C_Login", PinRejected),
        (Rv.PIN_EXPIRED, "C_Login", PinRejected),
        (Rv.SIGNATURE_INVALID, "C_Verify", Mismatch),
        (Rv.WRAPPED_KEY_INVALID, "C_UnwrapKey", Integrity),
        (Rv.WRAPPED_KEY_LEN_RANGE, "C_UnwrapKey", Integrity),
        (Rv.ENCRYPTED_DATA_INVALID, "C_Decrypt", Integrity),
        (Rv.DATA_LEN_RANGE, "C_Encrypt", Integrity),
    ],
)
def test_only_who_can_know_is_believed(value: Rv, call: str, error: type[HsmError]) -> None:
    assert type(failure(value, call)) is error
    assert type(failure(value, "C_FindObjects")) is Unavailable


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (pkcs11.exceptions.PinIncorrect(), PinRejected),
        (pkcs11.exceptions.TemplateInconsistent(), Unsupported),
        (pkcs11.exceptions.AttributeSensitive(), Forbidden),
        (pkcs11.exceptions.DeviceMemory(), Unavailable),
        (pkcs11.exceptions.PKCS11Error(), Unlisted),
    ],
)
def test_python_pkcs11_exceptions_mean_the_same(raised: Exception, error: type[HsmError]) -> None:
    assert type(pkcs11_failure(raised, "ceremony")) is error


_THEIRS = {
    name.lower(): raised
    for name, raised in vars(pkcs11.exceptions).items()
    if isinstance(raised, type) and issubclass(raised, pkcs11.PKCS11Error)
}


_BY_WORDS = {
    Rv.CRYPTOKI_NOT_INITIALIZED: "Initialisation error (not initialized). Should never see this.",
    Rv.CRYPTOKI_ALREADY_INITIALIZED: (
        "Initialisation error (already initialized). Should never see this."
    ),
}


@pytest.mark.parametrize("value", Rv)
def test_python_pkcs11_says_the_same_of_every_value(value: Rv) -> None:
    """By a class named after it; where it has none, by words or a number in the message."""
    raised = _THEIRS.get(value.name.replace("_", "").lower())
    said = _BY_WORDS.get(value, f"Unmapped error code {value:#x}")
    error = raised() if raised else pkcs11.PKCS11Error(said)

    assert type(pkcs11_failure(error, "ceremony")) is type(failure(value, "ceremony"))


def test_a_key_that_python_pkcs11_does_not_find_is_not_found() -> None:
    assert type(pkcs11_failure(pkcs11.NoSuchKey("label"), "ceremony")) is KeyNotFound
    assert type(pkcs11_failure(pkcs11.NoSuchToken("label"), "ceremony")) is KeyNotFound


def test_a_key_that_is_there_twice_is_refused() -> None:
    assert type(pkcs11_failure(pkcs11.MultipleObjectsReturned(), "ceremony")) is KeyNotFound
