"""Every return value of PKCS#11 has one meaning, whichever binding saw it."""

import pkcs11
import pytest

from hsm.errors import (
    HsmError,
    Integrity,
    KeyNotFound,
    PinRejected,
    Policy,
    Unavailable,
    Unsupported,
)
from hsm.translate import Ambiguous, Rv, Stale, failure, pkcs11_failure


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (Rv.PIN_INCORRECT, PinRejected),
        (Rv.PIN_LOCKED, PinRejected),
        (Rv.USER_NOT_LOGGED_IN, PinRejected),
        (Rv.SESSION_HANDLE_INVALID, Stale),
        (Rv.OBJECT_HANDLE_INVALID, Stale),
        (Rv.DEVICE_REMOVED, Stale),
        (Rv.CRYPTOKI_NOT_INITIALIZED, Stale),
        (Rv.WRAPPED_KEY_INVALID, Integrity),
        (Rv.WRAPPED_KEY_LEN_RANGE, Integrity),
        (Rv.ENCRYPTED_DATA_INVALID, Integrity),
        (Rv.GENERAL_ERROR, Ambiguous),
        (Rv.MECHANISM_INVALID, Unsupported),
        (Rv.ARGUMENTS_BAD, Unsupported),
        (Rv.KEY_SIZE_RANGE, Unsupported),
        (Rv.TEMPLATE_INCONSISTENT, Unsupported),
        (Rv.ATTRIBUTE_READ_ONLY, Unsupported),
        (Rv.KEY_UNEXTRACTABLE, Policy),
        (Rv.KEY_NOT_WRAPPABLE, Policy),
        (Rv.ATTRIBUTE_SENSITIVE, Policy),
        (Rv.TOKEN_NOT_PRESENT, KeyNotFound),
    ],
)
def test_a_return_value_has_the_meaning_of_the_table(value: Rv, error: type[HsmError]) -> None:
    assert type(failure(value, "C_Call")) is error


@pytest.mark.parametrize("value", Rv)
def test_every_named_value_has_a_row_that_names_it(value: Rv) -> None:
    assert f"CKR_{value.name}" in str(failure(value, "C_Call"))


@pytest.mark.parametrize("value", [0x30, 0x80000001])
def test_a_value_without_a_row_means_unavailable(value: int) -> None:
    error = failure(value, "C_Call")

    assert type(error) is Unavailable
    assert f"{value:#x}" in str(error)


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (pkcs11.exceptions.PinIncorrect(), PinRejected),
        (pkcs11.exceptions.TemplateInconsistent(), Unsupported),
        (pkcs11.exceptions.AttributeSensitive(), Policy),
        (pkcs11.exceptions.DeviceMemory(), Unavailable),
    ],
)
def test_python_pkcs11_exceptions_mean_the_same(raised: Exception, error: type[HsmError]) -> None:
    assert type(pkcs11_failure(raised, "ceremony")) is error
