"""The attributes of every object: each one given, none left to a module's defaults."""

from collections.abc import Iterable
from ctypes import Array, addressof, c_char, c_ulong, create_string_buffer, sizeof
from enum import IntEnum
from typing import Final

from hsm.cryptoki import Attribute


class Cka(IntEnum):
    """CK_ATTRIBUTE_TYPE."""

    CLASS = 0x00
    TOKEN = 0x01
    PRIVATE = 0x02
    LABEL = 0x03
    APPLICATION = 0x10
    VALUE = 0x11
    KEY_TYPE = 0x100
    ID = 0x102
    SENSITIVE = 0x103
    ENCRYPT = 0x104
    DECRYPT = 0x105
    WRAP = 0x106
    UNWRAP = 0x107
    SIGN = 0x108
    VERIFY = 0x10A
    DERIVE = 0x10C
    MODULUS = 0x120
    MODULUS_BITS = 0x121
    PUBLIC_EXPONENT = 0x122
    PRIVATE_EXPONENT = 0x123
    PRIME_1 = 0x124
    PRIME_2 = 0x125
    EXPONENT_1 = 0x126
    EXPONENT_2 = 0x127
    COEFFICIENT = 0x128
    VALUE_LEN = 0x161
    EXTRACTABLE = 0x162
    MODIFIABLE = 0x170
    EC_PARAMS = 0x180
    EC_POINT = 0x181
    UNWRAP_TEMPLATE = 0x40000212


class Cko(IntEnum):
    """CK_OBJECT_CLASS."""

    DATA = 0
    PUBLIC_KEY = 2
    PRIVATE_KEY = 3
    SECRET_KEY = 4


class Ckk(IntEnum):
    """CK_KEY_TYPE."""

    RSA = 0x00
    GENERIC_SECRET = 0x10
    DES3 = 0x15
    AES = 0x1F


P256: Final = bytes.fromhex("06082a8648ce3d030107")
"""CKA_EC_PARAMS: the object identifier of P-256 in DER."""

PUBLIC_HALF: Final = {
    Cka.TOKEN: True,
    Cka.PRIVATE: False,
    Cka.MODIFIABLE: False,
    Cka.VERIFY: True,
    Cka.ENCRYPT: False,
    Cka.WRAP: False,
}
"""What the checkpoint key's public half is made with, besides its names and numbers."""

RSA_3072: Final = {Cka.MODULUS_BITS: 3072, Cka.PUBLIC_EXPONENT: b"\x01\x00\x01"}
"""A public half's numbers when a pair is made."""

Value = bool | int | bytes | Array[c_char]


class Template:
    """CK_ATTRIBUTE[] with the values it points to: `bool` CK_BBOOL, `int` CK_ULONG, octets.

    A ctypes buffer is pointed into, not copied: the one way for a seed to go by.
    """

    __slots__ = ("_kept", "array", "count")

    def __init__(self, *pairs: tuple[Cka, Value]) -> None:
        self._kept = [_buffer(value) for _, value in pairs]
        self.count = len(pairs)
        self.array = (Attribute * self.count)(
            *(
                Attribute(kind, addressof(kept), sizeof(kept))
                for (kind, _), kept in zip(pairs, self._kept, strict=True)
            )
        )


def _buffer(value: Value) -> Array[c_char] | c_ulong:
    if isinstance(value, bool):
        return create_string_buffer(bytes([value]), 1)
    if isinstance(value, int):
        return c_ulong(value)
    if isinstance(value, bytes):
        return create_string_buffer(value, len(value))
    return value


def _secret(kind: Ckk, *allowed: Cka, extractable: bool = False) -> tuple[tuple[Cka, Value], ...]:
    """A session secret key that may do what `allowed` says, and nothing else."""
    uses = (Cka.ENCRYPT, Cka.DECRYPT, Cka.WRAP, Cka.UNWRAP, Cka.SIGN, Cka.VERIFY, Cka.DERIVE)
    return (
        (Cka.CLASS, Cko.SECRET_KEY),
        (Cka.KEY_TYPE, kind),
        (Cka.TOKEN, False),
        (Cka.PRIVATE, True),
        (Cka.SENSITIVE, True),
        (Cka.EXTRACTABLE, extractable),
        *((use, use in allowed) for use in uses),
    )


OPENED_SEED: Final = Template(*_secret(Ckk.GENERIC_SECRET, Cka.SIGN))
"""A seed unwrapped for verification."""


_PASSING: Final = _secret(Ckk.GENERIC_SECRET, Cka.SIGN, extractable=True)

PASSING_SEED: Final = Template(*_PASSING)
"""A seed on its way from one KEK to another, or lengthened by the zeros that it lacks."""

PASSING_BY_DEFAULT: Final = Template(*(pair for pair in _PASSING if pair[0] is not Cka.EXTRACTABLE))
"""The same where what is unwrapped is extractable anyway."""

REWRAPPING_KEK: Final = Template(*_secret(Ckk.AES, Cka.UNWRAP))
"""A retired KEK out of its copy: what it unwraps may be wrapped again."""


def fresh_seed(page: Array[c_char]) -> Template:
    """A seed on its way under the KEK, its value in `page`; extractable, or it could not be."""
    return Template(
        *_secret(Ckk.GENERIC_SECRET, Cka.SIGN, extractable=True),
        (Cka.VALUE, page),
    )


def transport_key(kind: Ckk, value: Array[c_char]) -> Template:
    """A manufacturer's AES or 3DES key: it unwraps seeds inside the module, or decrypts them."""
    return Template(*_secret(kind, Cka.DECRYPT, Cka.UNWRAP), (Cka.VALUE, value))


_DELIVERED: Final = _secret(Ckk.GENERIC_SECRET, Cka.SIGN, Cka.DERIVE, extractable=True)

DELIVERED_SEED: Final = Template(*_DELIVERED)
"""A seed unwrapped from a manufacturer's value, on its way under the KEK."""


def delivered_seed(value: Array[c_char]) -> Template:
    """The same, of a value that everybody may know."""
    return Template(*_DELIVERED, (Cka.VALUE, value))


DELIVERED_SEED_BY_DEFAULT: Final = Template(
    *(pair for pair in _DELIVERED if pair[0] is not Cka.EXTRACTABLE)
)
"""The same for opencryptoki, where what was unwrapped is extractable and must not be called so."""

HIDDEN: Final = Template((Cka.SENSITIVE, True))
"""What a seed gets that was unwrapped as readable, although it was asked to be sensitive."""


def held_transport_key(kind: Ckk, label: str, identifier: bytes) -> tuple[tuple[Cka, Value], ...]:
    """The same as it lives on the PKCS#11 token: it may also unwrap, and is never changed."""
    given: dict[Cka, Value] = dict(_secret(kind, Cka.DECRYPT, Cka.UNWRAP))
    given[Cka.TOKEN] = True
    return (
        *given.items(),
        (Cka.LABEL, label.encode()),
        (Cka.ID, identifier),
        # Else whoever has the PIN could switch ENCRYPT, or WRAP, on later.
        (Cka.MODIFIABLE, False),
    )


def checking_key(kind: Ckk) -> tuple[tuple[Cka, Value], ...]:
    """A key in passing that answers for its check value and length: it may encrypt, and leave."""
    return _secret(kind, Cka.ENCRYPT, extractable=True)


def passing_wrapping_key() -> "Template":
    """The AES key that somebody made for one wrapped key."""
    return Template(*_secret(Ckk.AES, Cka.UNWRAP))


def rsa_transport_key(numbers: Iterable[tuple[Cka, Array[c_char]]]) -> Template:
    """An RSA private key on which a manufacturer encrypted, its `numbers` big-endian."""
    return _rsa_private(numbers, Cka.DECRYPT)


def _rsa_private(numbers: Iterable[tuple[Cka, Array[c_char]]], use: Cka) -> Template:
    return Template(
        (Cka.CLASS, Cko.PRIVATE_KEY),
        (Cka.KEY_TYPE, Ckk.RSA),
        (Cka.TOKEN, False),
        (Cka.PRIVATE, True),
        (Cka.SENSITIVE, True),
        (Cka.EXTRACTABLE, False),
        (Cka.DECRYPT, use is Cka.DECRYPT),
        (Cka.UNWRAP, False),
        (Cka.SIGN, use is Cka.SIGN),
        (Cka.DERIVE, False),
        *numbers,
    )


def recipient_key(value: Array[c_char]) -> Template:
    """The AES key that somebody else opens handed-on seeds with."""
    return Template(*_secret(Ckk.AES, Cka.ENCRYPT), (Cka.VALUE, value))


def rsa_recipient_key(modulus: bytes, exponent: bytes) -> Template:
    """The RSA public key for which handed-on seeds are encrypted."""
    return Template(
        (Cka.CLASS, Cko.PUBLIC_KEY),
        (Cka.KEY_TYPE, Ckk.RSA),
        (Cka.TOKEN, False),
        (Cka.PRIVATE, False),
        (Cka.ENCRYPT, True),
        (Cka.WRAP, False),
        (Cka.VERIFY, False),
        (Cka.MODULUS, modulus),
        (Cka.PUBLIC_EXPONENT, exponent),
    )


def throwaway_kek(value: Array[c_char]) -> Template:
    """An AES key of known value, to ask the module what its key wrap is."""
    return Template(*_secret(Ckk.AES, Cka.WRAP, Cka.UNWRAP), (Cka.VALUE, value))


def kek(*more: tuple[Cka, Value]) -> Template:
    """A throw-away key with the attributes of the vault's KEK."""
    return Template(
        *_secret(Ckk.AES, Cka.WRAP, Cka.UNWRAP),
        (Cka.VALUE_LEN, 32),
        (Cka.MODIFIABLE, False),
        *more,
    )


def guarded_kek() -> Template:
    """The same with the template that holds down what it unwraps."""
    return kek((Cka.UNWRAP_TEMPLATE, bytes(UNWRAPPED.array)))


def ec_key_pair() -> tuple[Template, Template]:
    """A throw-away pair on P-256, public half first, as the checkpoint key has them."""
    public = Template((Cka.TOKEN, False), (Cka.VERIFY, True), (Cka.EC_PARAMS, P256))
    private = Template(
        (Cka.TOKEN, False),
        (Cka.PRIVATE, True),
        (Cka.SENSITIVE, True),
        (Cka.EXTRACTABLE, False),
        (Cka.MODIFIABLE, False),
        (Cka.SIGN, True),
    )
    return public, private


def rsa_signing_key(numbers: Iterable[tuple[Cka, Array[c_char]]]) -> Template:
    """A throw-away RSA private key that signs."""
    return _rsa_private(numbers, Cka.SIGN)


def labelled(object_class: Cko, label: str) -> Template:
    """What finds a key by its label, which need not be unique."""
    return Template(
        (Cka.CLASS, object_class), (Cka.TOKEN, True), (Cka.LABEL, label.encode("utf-8"))
    )


def identified(object_class: Cko, identifier: bytes) -> Template:
    """What finds a key by its CKA_ID."""
    return Template((Cka.CLASS, object_class), (Cka.TOKEN, True), (Cka.ID, identifier))


def note(label: bytes) -> Template:
    """A data object for this session, as the vault's epoch is kept in one."""
    return Template(
        (Cka.CLASS, Cko.DATA),
        (Cka.TOKEN, False),
        (Cka.PRIVATE, True),
        (Cka.MODIFIABLE, False),
        (Cka.LABEL, label),
        (Cka.VALUE, b"1"),
    )


CANARY: Final = Template(*_secret(Ckk.GENERIC_SECRET, extractable=True), (Cka.VALUE, bytes(64)))
"""A key of zeros that nobody uses: wrapped and unwrapped, it tells that the module is well."""

UNWRAPPED: Final = Template(
    (Cka.SENSITIVE, True), (Cka.EXTRACTABLE, False), (Cka.DECRYPT, False), (Cka.WRAP, False)
)
"""The KEK's CKA_UNWRAP_TEMPLATE: what it unwraps can be nothing but this."""

_EXPOSED: Final = (
    (Cka.CLASS, Cko.SECRET_KEY),
    (Cka.KEY_TYPE, Ckk.GENERIC_SECRET),
    (Cka.TOKEN, False),
    (Cka.SENSITIVE, False),
)

EXPOSED_SEED: Final = Template(*_EXPOSED, (Cka.EXTRACTABLE, True))
"""A seed as a thief with the PIN would unwrap it; the KEK must refuse."""

EXPOSED_BY_DEFAULT: Final = Template(*_EXPOSED)
"""The same where what is unwrapped is extractable anyway."""

CLOSED: Final = Template((Cka.SENSITIVE, True), (Cka.EXTRACTABLE, False))
"""What a key gets that was unwrapped into something else than it was asked to be."""

DECRYPTING: Final = Template((Cka.DECRYPT, True))
"""What a thief would change a KEK to."""
