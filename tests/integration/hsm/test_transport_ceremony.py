"""Transport keys are made and brought into the module; what is not right makes no key."""

import os
from collections.abc import Callable, Iterator
from itertools import count, product

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hsm import (
    Cipher,
    Component,
    Digest,
    Integrity,
    KeyNotFound,
    Keystore,
    Location,
    Policy,
    TransportCeremony,
    TransportKind,
    TransportOrder,
    Unsupported,
    Way,
    WrappedTransportKey,
)
from hsm.standard_check import in_memory
from hsm.translate import Rv
from tests.support.components import component, two_of
from tests.support.encrypting import encrypt
from tests.support.softhsm import pin, returning

SEED = b"12345678901234567890"
SYMMETRIC = [kind for kind in TransportKind if kind.algorithm != "RSA"]
CBC = {
    TransportKind.AES_128: Cipher.AES_128_CBC,
    TransportKind.AES_192: Cipher.AES_192_CBC,
    TransportKind.AES_256: Cipher.AES_256_CBC,
    TransportKind.DES3: Cipher.DES3_CBC,
}
NUMBERS = count()
Wrap = Callable[[RSAPublicKey, bytes], bytes]


@pytest.fixture
def ceremony(location: Location) -> Iterator[TransportCeremony]:
    with TransportCeremony(location, pin()) as ceremony:
        yield ceremony


@pytest.fixture
def label() -> str:
    return f"maker {next(NUMBERS)}"


@pytest.fixture(scope="module")
def opener(location: Location) -> tuple[str, RSAPublicKey]:
    """An RSA pair on the PKCS#11 token: its label, and its public half."""
    with TransportCeremony(location, pin()) as ceremony:
        report = ceremony.make_pair("opener", TransportKind.RSA_2048)
    assert report.public_key is not None
    public = load_der_public_key(report.public_key)
    assert isinstance(public, RSAPublicKey)
    return "opener", public


def bring(ceremony: TransportCeremony, order: TransportOrder, parts: list[Component]) -> str:
    """The check value of a key out of components."""
    return ceremony.bring_in(order, ceremony.of_components(order.kind, parts)).zeros


def oaep(hash_: SHA1 | SHA256) -> padding.OAEP:
    return padding.OAEP(padding.MGF1(hash_), hash_, None)


@pytest.mark.parametrize("kind", SYMMETRIC, ids=str)
def test_a_key_out_of_components_opens_what_the_maker_encrypted(
    ceremony: TransportCeremony, keystore: Keystore, label: str, kind: TransportKind
) -> None:
    key = os.urandom(kind.octets)
    shown = bring(ceremony, TransportOrder(label, kind), two_of(kind, key))
    assert shown == in_memory(kind.algorithm, bytearray(key)).zeros

    transport = keystore.transport_key_by_label(CBC[kind], label)
    value = encrypt(CBC[kind], key, SEED)
    assert keystore.import_encrypted(transport, value, Digest.SHA1).key.length == 20


def test_three_components_make_a_key(ceremony: TransportCeremony, label: str) -> None:
    kind = TransportKind.AES_128
    parts = [bytes([n]) * 16 for n in (1, 2, 4)]
    shown = bring(ceremony, TransportOrder(label, kind), [component(kind, p) for p in parts])
    assert shown == in_memory("AES", bytearray(b"\x07" * 16)).zeros


@pytest.mark.parametrize("kind", SYMMETRIC, ids=str)
def test_what_the_module_holds_cannot_leave_and_only_opens(
    ceremony: TransportCeremony, label: str, kind: TransportKind
) -> None:
    bring(ceremony, TransportOrder(label, kind), two_of(kind, os.urandom(kind.octets)))
    report = ceremony.report(label, kind)
    shown = dict(report.attributes)
    assert report.kind is kind
    assert sorted(report.uses) == ["decrypt", "unwrap"]
    assert (shown["SENSITIVE"], shown["EXTRACTABLE"], shown["MODIFIABLE"]) == (True, False, False)
    assert (shown["ENCRYPT"], shown["WRAP"], shown["SIGN"], shown["DERIVE"]) == (False,) * 4


def refused(
    ceremony: TransportCeremony, order: TransportOrder, parts: list[Component], match: str
) -> None:
    """No key is there afterwards."""
    with pytest.raises(Policy, match=match):
        bring(ceremony, order, parts)
    with pytest.raises(KeyNotFound):
        ceremony.report(order.label, order.kind)


def test_a_wrong_check_value_names_its_component(ceremony: TransportCeremony, label: str) -> None:
    kind = TransportKind.AES_256
    parts = two_of(kind, os.urandom(32))
    parts[1].check_value = "000000"
    refused(ceremony, TransportOrder(label, kind), parts, "component 2 has not the check value")


def test_a_mistyped_component_is_named(ceremony: TransportCeremony, label: str) -> None:
    kind = TransportKind.AES_256
    parts = two_of(kind, os.urandom(32))
    parts[0].octets[5] ^= 1
    refused(ceremony, TransportOrder(label, kind), parts, "component 1 has not the check value")


def test_equal_components_are_refused(ceremony: TransportCeremony, label: str) -> None:
    kind = TransportKind.AES_128
    parts = [component(kind, b"\1" * 16), component(kind, b"\1" * 16)]
    refused(ceremony, TransportOrder(label, kind), parts, "components 1 and 2 are the same")


def test_components_that_cancel_out_are_refused(ceremony: TransportCeremony, label: str) -> None:
    kind = TransportKind.AES_128
    parts = [component(kind, bytes([n]) * 16) for n in (1, 2, 3)]
    refused(ceremony, TransportOrder(label, kind), parts, "all zeros")


def test_a_component_of_zeros_is_refused(ceremony: TransportCeremony, label: str) -> None:
    kind = TransportKind.AES_128
    parts = [component(kind, bytes(16)), component(kind, b"\1" * 16)]
    refused(ceremony, TransportOrder(label, kind), parts, "component 1 is all zeros")


@pytest.mark.parametrize("key", [b"abcdefgh" * 2 + b"ijklmnop", b"ijklmnop" + b"abcdefgh" * 2])
def test_a_3des_key_that_is_a_des_key_is_refused(
    ceremony: TransportCeremony, label: str, key: bytes
) -> None:
    parts = two_of(TransportKind.DES3, key)
    refused(ceremony, TransportOrder(label, TransportKind.DES3), parts, "weak")


def test_components_of_16_octets_make_a_two_key_3des_key(
    ceremony: TransportCeremony, label: str
) -> None:
    kind, first, second = TransportKind.DES3, os.urandom(16), os.urandom(16)
    parts = [
        Component(bytearray(o), in_memory("3DES", bytearray(o + o[:8])).zeros)
        for o in (first, second)
    ]
    key = bytes(a ^ b for a, b in zip(first, second, strict=True))
    shown = bring(ceremony, TransportOrder(label, kind), parts)
    assert shown == in_memory("3DES", bytearray(key + key[:8])).zeros


def test_the_key_s_own_check_value_is_compared_where_it_is_known(
    ceremony: TransportCeremony, label: str
) -> None:
    kind, key = TransportKind.AES_128, os.urandom(16)
    order = TransportOrder(label, kind, check_value="ABCDEF")
    refused(ceremony, order, two_of(kind, key), "not ABCDEF")
    values = in_memory("AES", bytearray(key))
    bring(ceremony, TransportOrder(label, kind, check_value=values.cmac), two_of(kind, key))


def test_looking_at_a_key_keeps_none(ceremony: TransportCeremony, label: str) -> None:
    kind, key = TransportKind.AES_128, os.urandom(16)
    opened = ceremony.of_components(kind, two_of(kind, key))
    looked = ceremony.bring_in(TransportOrder(label, kind), opened, keep=False)
    assert (looked.zeros, looked.report) == (in_memory("AES", bytearray(key)).zeros, None)
    with pytest.raises(KeyNotFound):
        ceremony.report(label, kind)


def test_a_label_is_given_once(ceremony: TransportCeremony, label: str) -> None:
    ceremony.make_pair(label, TransportKind.RSA_2048)
    with pytest.raises(Policy, match="already"):
        ceremony.make_pair(label, TransportKind.RSA_2048)
    with pytest.raises(Policy, match="already"):
        bring(
            ceremony,
            TransportOrder(label, TransportKind.AES_128),
            two_of(TransportKind.AES_128, os.urandom(16)),
        )


def test_a_pair_made_in_the_module_opens_what_its_public_half_encrypted(
    keystore: Keystore, opener: tuple[str, RSAPublicKey]
) -> None:
    label, public = opener
    value = public.encrypt(SEED, oaep(SHA1()))
    transport = keystore.transport_key_by_label(Cipher.RSA_OAEP_SHA1, label)
    assert keystore.import_encrypted(transport, value, Digest.SHA1).key.length == 20


def test_the_private_half_cannot_leave_and_only_opens(
    ceremony: TransportCeremony, opener: tuple[str, RSAPublicKey]
) -> None:
    report = ceremony.report(opener[0], TransportKind.RSA_2048)
    shown = dict(report.attributes)
    assert report.kind is TransportKind.RSA_2048
    assert sorted(report.uses) == ["decrypt", "unwrap"]
    assert (shown["SENSITIVE"], shown["EXTRACTABLE"], shown["MODIFIABLE"]) == (True, False, False)


def wrapped_oaep(public: RSAPublicKey, key: bytes) -> bytes:
    return public.encrypt(key, oaep(SHA1()))


def wrapped_rsa_aes(public: RSAPublicKey, key: bytes) -> bytes:
    """CKM_RSA_AES_KEY_WRAP, by `cryptography`."""
    between = os.urandom(32)
    return public.encrypt(between, oaep(SHA1())) + aes_key_wrap_with_padding(between, key)


@pytest.mark.parametrize("way", [*product(SYMMETRIC, [wrapped_oaep, wrapped_rsa_aes])])
def test_a_wrapped_key_is_unwrapped_inside_the_module(
    ceremony: TransportCeremony,
    keystore: Keystore,
    opener: tuple[str, RSAPublicKey],
    label: str,
    way: tuple[TransportKind, Wrap],
) -> None:
    kind, wrap = way
    key = os.urandom(kind.octets)
    blob = wrap(opener[1], key)
    wrapped = WrappedTransportKey(blob, opener[0])
    made = ceremony.bring_in(TransportOrder(label, kind), ceremony.unwrapping(kind, wrapped))
    assert made.zeros == in_memory(kind.algorithm, bytearray(key)).zeros
    assert made.way is Way.INSIDE

    transport = keystore.transport_key_by_label(CBC[kind], label)
    value = encrypt(CBC[kind], key, SEED)
    assert keystore.import_encrypted(transport, value, Digest.SHA1).key.length == 20


@pytest.mark.parametrize("wrap", [wrapped_oaep, wrapped_rsa_aes])
def test_a_module_that_does_not_unwrap_so_gets_the_key_by_the_page(
    ceremony: TransportCeremony,
    opener: tuple[str, RSAPublicKey],
    label: str,
    wrap: Wrap,
) -> None:
    kind, key = TransportKind.AES_256, os.urandom(32)
    wrapped = WrappedTransportKey(wrap(opener[1], key), opener[0])
    cryptoki = ceremony._connection.module.cryptoki
    with returning(cryptoki, "unwrap_key", Rv.MECHANISM_INVALID):
        made = ceremony.bring_in(TransportOrder(label, kind), ceremony.unwrapping(kind, wrapped))
    assert made.way is Way.BY_PAGE
    assert made.zeros == in_memory("AES", bytearray(key)).zeros


def test_a_key_whose_length_the_module_does_not_tell_goes_by_the_page(
    ceremony: TransportCeremony, opener: tuple[str, RSAPublicKey], label: str
) -> None:
    kind = TransportKind.AES_256
    cryptoki = ceremony._connection.module.cryptoki
    for number, key in enumerate((os.urandom(32), os.urandom(16))):
        wrapped = WrappedTransportKey(wrapped_oaep(opener[1], key), opener[0])
        order = TransportOrder(f"{label} {number}", kind)
        with returning(cryptoki, "wrap_key", Rv.MECHANISM_INVALID):
            if len(key) == kind.octets:
                made = ceremony.bring_in(order, ceremony.unwrapping(kind, wrapped))
                assert made.way is Way.BY_PAGE
            else:
                with pytest.raises(Policy, match="16 octets"):
                    ceremony.bring_in(order, ceremony.unwrapping(kind, wrapped))


@pytest.mark.parametrize("wrap", [wrapped_oaep, wrapped_rsa_aes])
def test_a_damaged_wrapped_key_makes_no_key(
    ceremony: TransportCeremony,
    opener: tuple[str, RSAPublicKey],
    label: str,
    wrap: Wrap,
) -> None:
    kind = TransportKind.AES_256
    blob = bytearray(wrap(opener[1], os.urandom(32)))
    blob[-1] ^= 1
    wrapped = WrappedTransportKey(bytes(blob), opener[0])
    with pytest.raises(Integrity, match="does not decrypt to a key"):
        ceremony.bring_in(TransportOrder(label, kind), ceremony.unwrapping(kind, wrapped))
    with pytest.raises(KeyNotFound):
        ceremony.report(label, kind)


def test_a_wrapped_key_of_another_length_makes_no_key(
    ceremony: TransportCeremony, opener: tuple[str, RSAPublicKey], label: str
) -> None:
    wrapped = WrappedTransportKey(wrapped_oaep(opener[1], os.urandom(16)), opener[0])
    opened = ceremony.unwrapping(TransportKind.AES_256, wrapped)
    with pytest.raises(Policy, match="16 octets"):
        ceremony.bring_in(TransportOrder(label, TransportKind.AES_256), opened)


def test_a_wrapped_key_of_zeros_makes_no_key(
    ceremony: TransportCeremony, opener: tuple[str, RSAPublicKey], label: str
) -> None:
    wrapped = WrappedTransportKey(wrapped_oaep(opener[1], bytes(32)), opener[0])
    opened = ceremony.unwrapping(TransportKind.AES_256, wrapped)
    with pytest.raises(Policy, match="all zeros"):
        ceremony.bring_in(TransportOrder(label, TransportKind.AES_256), opened)


def test_a_padding_that_the_module_lacks_is_named(
    ceremony: TransportCeremony, opener: tuple[str, RSAPublicKey], label: str
) -> None:
    blob = opener[1].encrypt(os.urandom(32), oaep(SHA256()))
    wrapped = WrappedTransportKey(blob, opener[0], Cipher.RSA_OAEP_SHA256)
    opened = ceremony.unwrapping(TransportKind.AES_256, wrapped)
    with pytest.raises(Unsupported, match="RSA-OAEP-SHA256"):
        ceremony.bring_in(TransportOrder(label, TransportKind.AES_256), opened)


def test_a_destroyed_key_opens_nothing(
    ceremony: TransportCeremony, keystore: Keystore, label: str
) -> None:
    kind, key = TransportKind.AES_128, os.urandom(16)
    bring(ceremony, TransportOrder(label, kind), two_of(kind, key))
    value = encrypt(Cipher.AES_128_CBC, key, SEED)
    ceremony.destroy(label)
    transport = keystore.transport_key_by_label(Cipher.AES_128_CBC, label)
    with pytest.raises(KeyNotFound):
        keystore.import_encrypted(transport, value, Digest.SHA1)
    with pytest.raises(KeyNotFound):
        ceremony.destroy(label)


def test_both_halves_of_a_pair_are_destroyed(ceremony: TransportCeremony, label: str) -> None:
    ceremony.make_pair(label, TransportKind.RSA_2048)
    ceremony.destroy(label)
    ceremony.make_pair(label, TransportKind.RSA_2048)


def test_another_key_of_the_same_label_gives_another_answer(
    ceremony: TransportCeremony, label: str
) -> None:
    kind = TransportKind.AES_128
    answers = set()
    for _ in range(2):
        bring(ceremony, TransportOrder(label, kind), two_of(kind, os.urandom(16)))
        answers |= {ceremony.report(label, kind).answer}
        ceremony.destroy(label)
    assert len(answers) == 2
