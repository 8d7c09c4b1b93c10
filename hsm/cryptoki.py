"""The PKCS#11 C interface (v2.40, sections 3 to 5), as much of it as this package calls.

python-pkcs11 reads ten attributes and makes a class for every object it meets: 156 us for a
verification of window 3 where these calls take 59 us. It also keeps PINs as `str`, leaks the
session of a failed login, and leaves decrypted seeds in memory.
"""

from collections.abc import Callable
from ctypes import CDLL, CFUNCTYPE, POINTER, Structure, byref, c_char, c_ubyte, c_ulong, c_void_p
from pathlib import Path
from typing import Any, ClassVar, Final

from hsm.errors import Unavailable
from hsm.translate import failure

Call = Callable[..., int]

CKF_SERIAL_SESSION = 0x4
CKF_RW_SESSION = 0x2
CKF_OS_LOCKING_OK = 0x2
CKF_TOKEN_INITIALIZED = 0x400
CKU_SO = 0
CKU_USER = 1
CKS_RO_USER_FUNCTIONS = 1
CKS_RW_USER_FUNCTIONS = 3

# CK_FUNCTION_LIST: where each function we call stands among its pointers.
_PLACE: Final = {
    "C_Initialize": 0,
    "C_Finalize": 1,
    "C_GetInfo": 2,
    "C_GetSlotList": 4,
    "C_GetSlotInfo": 5,
    "C_GetTokenInfo": 6,
    "C_InitToken": 9,
    "C_InitPIN": 10,
    "C_SetPIN": 11,
    "C_OpenSession": 12,
    "C_CloseSession": 13,
    "C_GetSessionInfo": 15,
    "C_Login": 18,
    "C_Logout": 19,
    "C_CreateObject": 20,
    "C_CopyObject": 21,
    "C_DestroyObject": 22,
    "C_GetAttributeValue": 24,
    "C_SetAttributeValue": 25,
    "C_FindObjectsInit": 26,
    "C_FindObjects": 27,
    "C_FindObjectsFinal": 28,
    "C_EncryptInit": 29,
    "C_Encrypt": 30,
    "C_DecryptInit": 33,
    "C_Decrypt": 34,
    "C_SignInit": 42,
    "C_Sign": 43,
    "C_VerifyInit": 48,
    "C_Verify": 49,
    "C_GenerateKey": 58,
    "C_GenerateKeyPair": 59,
    "C_WrapKey": 60,
    "C_UnwrapKey": 61,
    "C_DeriveKey": 62,
}


class Version(Structure):
    """CK_VERSION."""

    _fields_: ClassVar = [("major", c_ubyte), ("minor", c_ubyte)]
    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


class FunctionList(Structure):
    """CK_FUNCTION_LIST, up to the last function we call."""

    _fields_: ClassVar = [
        ("version", Version),
        ("functions", c_void_p * (max(_PLACE.values()) + 1)),
    ]
    functions: Any


class LibraryInfo(Structure):
    """CK_INFO."""

    _fields_: ClassVar = [
        ("cryptoki", Version),
        ("manufacturer", c_char * 32),
        ("flags", c_ulong),
        ("description", c_char * 32),
        ("version", Version),
    ]
    manufacturer: bytes
    description: bytes
    version: Version


class SlotInfo(Structure):
    """CK_SLOT_INFO."""

    _fields_: ClassVar = [
        ("description", c_char * 64),
        ("manufacturer", c_char * 32),
        ("flags", c_ulong),
        ("hardware", Version),
        ("firmware", Version),
    ]
    description: bytes


class TokenInfo(Structure):
    """CK_TOKEN_INFO; the memory sizes and session counts are not read."""

    _fields_: ClassVar = [
        ("label", c_char * 32),
        ("manufacturer", c_char * 32),
        ("model", c_char * 16),
        ("serial", c_char * 16),
        ("flags", c_ulong),
        ("counts", c_ulong * 10),
        ("hardware", Version),
        ("firmware", Version),
        ("utc_time", c_char * 16),
    ]
    label: bytes
    manufacturer: bytes
    model: bytes
    serial: bytes
    flags: int
    hardware: Version
    firmware: Version


class SessionInfo(Structure):
    """CK_SESSION_INFO."""

    _fields_: ClassVar = [
        ("slot", c_ulong),
        ("state", c_ulong),
        ("flags", c_ulong),
        ("device_error", c_ulong),
    ]
    state: int


class Attribute(Structure):
    """CK_ATTRIBUTE."""

    _fields_: ClassVar = [("type", c_ulong), ("value", c_void_p), ("length", c_ulong)]
    type: int
    value: int
    length: int


class Mechanism(Structure):
    """CK_MECHANISM."""

    _fields_: ClassVar = [("type", c_ulong), ("parameter", c_void_p), ("length", c_ulong)]
    type: int
    parameter: int
    length: int


class GcmParameters(Structure):
    """CK_GCM_PARAMS."""

    _fields_: ClassVar = [
        ("iv", c_void_p),
        ("iv_octets", c_ulong),
        ("iv_bits", c_ulong),
        ("associated", c_void_p),
        ("associated_octets", c_ulong),
        ("tag_bits", c_ulong),
    ]


class OaepParameters(Structure):
    """CK_RSA_PKCS_OAEP_PARAMS."""

    _fields_: ClassVar = [
        ("hash", c_ulong),
        ("mask", c_ulong),
        ("source", c_ulong),
        ("label", c_void_p),
        ("label_octets", c_ulong),
    ]


class InitializeArgs(Structure):
    """CK_C_INITIALIZE_ARGS: no mutexes of ours, the flags, nothing reserved."""

    _fields_: ClassVar = [("mutex", c_void_p * 4), ("flags", c_ulong), ("reserved", c_void_p)]
    flags: int


class Cryptoki:
    """The functions of one loaded library; each raises `HsmError` unless it returns CKR_OK.

    Those called `bare_` return CK_RV instead, for their caller to read. The interpreter's lock is
    released during every call. Pointers are passed as `byref`, ctypes buffers or addresses; `bytes`
    where the module only reads.
    """

    def __init__(self, library: Path) -> None:
        """Load `library`; it is not initialised yet.

        Raises:
            Unavailable: there is no such file, or it is no PKCS#11 library.
        """
        try:
            self._library = CDLL(str(library))
            get_functions = self._library.C_GetFunctionList
        except (OSError, AttributeError) as error:
            raise Unavailable(
                f"cannot load the PKCS#11 library {library}: {error}. Check the path and "
                "install the module's package"
            ) from error
        functions = POINTER(FunctionList)()
        returned = get_functions(byref(functions))
        if returned:
            raise failure(returned, f"{library}: C_GetFunctionList")
        self._functions: Any = functions.contents.functions
        self._bind_administration()
        self._bind_work()

    def _bind_administration(self) -> None:
        ulong, pointer = c_ulong, c_void_p
        self.initialize = self._bind("C_Initialize", pointer)
        self.finalize = self._bind("C_Finalize", pointer)
        self.get_info = self._bind("C_GetInfo", pointer)
        self.get_slot_list = self._bind("C_GetSlotList", c_ubyte, pointer, pointer)
        self.get_slot_info = self._bind("C_GetSlotInfo", ulong, pointer)
        self.get_token_info = self._bind("C_GetTokenInfo", ulong, pointer)
        self.init_token = self._bind("C_InitToken", ulong, pointer, ulong, pointer)
        self.init_pin = self._bind("C_InitPIN", ulong, pointer, ulong)
        self.set_pin = self._bind("C_SetPIN", ulong, pointer, ulong, pointer, ulong)
        self.open_session = self._bind("C_OpenSession", ulong, ulong, pointer, pointer, pointer)
        self.close_session = self._bind("C_CloseSession", ulong)
        self.get_session_info = self._bind("C_GetSessionInfo", ulong, pointer)
        self.login = self._bind("C_Login", ulong, ulong, pointer, ulong)
        self.logout = self._bind("C_Logout", ulong)
        self.get_attribute_value = self._bind("C_GetAttributeValue", ulong, ulong, pointer, ulong)
        self.set_attribute_value = self._bind("C_SetAttributeValue", ulong, ulong, pointer, ulong)
        self.find_objects_init = self._bind("C_FindObjectsInit", ulong, pointer, ulong)
        self.find_objects = self._bind("C_FindObjects", ulong, pointer, ulong, pointer)
        self.find_objects_final = self._bind("C_FindObjectsFinal", ulong)

    def _bind_work(self) -> None:
        ulong, pointer = c_ulong, c_void_p
        self.create_object = self._bind("C_CreateObject", ulong, pointer, ulong, pointer)
        self.copy_object = self._bind("C_CopyObject", ulong, ulong, pointer, ulong, pointer)
        self.destroy_object = self._bind("C_DestroyObject", ulong, ulong)
        self.encrypt_init = self._bind("C_EncryptInit", ulong, pointer, ulong)
        self.encrypt = self._bind("C_Encrypt", ulong, pointer, ulong, pointer, pointer)
        self.decrypt_init = self._bind("C_DecryptInit", ulong, pointer, ulong)
        self.decrypt = self._bind("C_Decrypt", ulong, pointer, ulong, pointer, pointer)
        self.sign_init = self._bind("C_SignInit", ulong, pointer, ulong)
        self.sign = self._bind("C_Sign", ulong, pointer, ulong, pointer, pointer)
        self.bare_sign_init = self._bare("C_SignInit", ulong, pointer, ulong)
        self.bare_sign = self._bare("C_Sign", ulong, pointer, ulong, pointer, pointer)
        self.verify_init = self._bind("C_VerifyInit", ulong, pointer, ulong)
        self.verify = self._bind("C_Verify", ulong, pointer, ulong, pointer, ulong)
        self.wrap_key = self._bind("C_WrapKey", ulong, pointer, ulong, ulong, pointer, pointer)
        self.unwrap_key = self._bind(
            "C_UnwrapKey", ulong, pointer, ulong, pointer, ulong, pointer, ulong, pointer
        )
        self.derive_key = self._bind("C_DeriveKey", ulong, pointer, ulong, pointer, ulong, pointer)
        self.generate_key = self._bind("C_GenerateKey", ulong, pointer, pointer, ulong, pointer)
        self.generate_key_pair = self._bind(
            "C_GenerateKeyPair", ulong, pointer, pointer, ulong, pointer, ulong, pointer, pointer
        )

    def _bind(self, name: str, *arguments: Any) -> Call:
        """The library's function `name`, checked: no return value goes unread."""

        def check(returned: int, _function: object, _arguments: object) -> int:
            if returned:
                raise failure(returned, name)
            return 0

        function: Any = self._bare(name, *arguments)
        function.errcheck = check
        bound: Call = function
        return bound

    def _bare(self, name: str, *arguments: Any) -> Call:
        """The same, for a loop that reads the return value (CK_RV) itself: 0.4 us less a call."""
        bound: Call = CFUNCTYPE(c_ulong, *arguments)(self._functions[_PLACE[name]])
        return bound
