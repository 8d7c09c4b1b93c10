"""A seed is taken over whatever its file encrypts it with, and codes stay the same."""

import hmac
import os
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hsm import (
    Cipher,
    Digest,
    HsmError,
    Integrity,
    Keystore,
    Mode,
    Policy,
    Terms,
    Unavailable,
    Unsupported,
    abilities,
)
from hsm.templates import Cka
from hsm.translate import Rv
from tests.support.encrypting import cbc, encrypt, fresh_key, pkcs7, pkcs8, rsa_key
from tests.support.softhsm import returning

SEED = b"12345678901234567890"
HERE = [cipher for cipher in Cipher if cipher is not Cipher.RSA_OAEP_SHA256]
WRAPS = [cipher for cipher in Cipher if cipher.mode in {Mode.KEY_WRAP, Mode.PADDED_KEY_WRAP}]
IN_MODULE = [Cipher.AES_256_CBC, Cipher.DES3_CBC, Cipher.AES_256_GCM, Cipher.RSA_1_5]
BY_SOFTWARE = [Cipher.CAMELLIA_128_CBC, Cipher.AES_128_KW, Cipher.AES_256_KWP, Cipher.DES3_KW]
AUTHENTICATED = Terms(authenticated=True)


def _import(keystore: Keystore, cipher: Cipher, seed: bytes, digest: Digest) -> bytes:
    """HMAC of b"m" under the seed, once it was taken over."""
    key = fresh_key(cipher)
    with keystore.transport_key(cipher, key) as transport:
        wrapped = keystore.import_encrypted(transport, encrypt(cipher, key, seed), digest)
    with keystore.open(wrapped.key, digest) as opened:
        return opened.mac(b"m")


@pytest.mark.parametrize("cipher", HERE)
@pytest.mark.parametrize("digest", Digest)
def test_a_seed_under_any_cipher_computes_the_same_codes(
    keystore: Keystore, cipher: Cipher, digest: Digest
) -> None:
    for octets in (16, 24, digest.block):
        seed = os.urandom(octets)

        assert _import(keystore, cipher, seed, digest) == hmac.digest(seed, b"m", digest.algorithm)


@pytest.mark.parametrize("cipher", [each for each in HERE if each.mode is not Mode.KEY_WRAP])
def test_a_seed_of_20_octets_goes_under_any_cipher_but_plain_key_wrap(
    keystore: Keystore, cipher: Cipher
) -> None:
    assert _import(keystore, cipher, SEED, Digest.SHA1) == hmac.digest(SEED, b"m", "sha1")


@pytest.mark.parametrize("cipher", HERE)
def test_a_seed_has_one_fingerprint_under_all_ciphers(keystore: Keystore, cipher: Cipher) -> None:
    key, seed = fresh_key(cipher), b"s" * 24
    with keystore.transport_key(cipher, key) as transport:
        wrapped = keystore.import_encrypted(transport, encrypt(cipher, key, seed), Digest.SHA1)

    assert wrapped.fingerprint == keystore.wrap(bytearray(seed), Digest.SHA1).fingerprint


@pytest.mark.parametrize("cipher", HERE)
def test_another_key_is_a_matter_of_integrity(keystore: Keystore, cipher: Cipher) -> None:
    value = encrypt(cipher, fresh_key(cipher), b"s" * 24)

    # By one wrong key in 256, CBC's padding is right by chance.
    refusals = [_refusal(keystore, cipher, value) for _ in range(3)]

    assert "does not decrypt to one" in "".join(refusals)


def _refusal(keystore: Keystore, cipher: Cipher, value: bytes) -> str:
    """What is said of `value` under a key that is not its own."""
    other = fresh_key(cipher)
    if cipher.algorithm == "RSA":
        other = pkcs8(rsa.generate_private_key(65537, 2048))
    with keystore.transport_key(cipher, other) as transport:
        try:
            keystore.import_encrypted(transport, value, Digest.SHA1)
        except Integrity as error:
            return str(error)
    return ""


@pytest.mark.parametrize("cipher", [Cipher.AES_128_GCM, Cipher.RSA_OAEP_SHA1, *BY_SOFTWARE])
def test_all_damage_reads_alike(keystore: Keystore, cipher: Cipher) -> None:
    key, messages = fresh_key(cipher), set()
    value = encrypt(cipher, key, b"s" * 24)
    damaged = [b"", value[:-1], value[:-8], value[:-1] + bytes([value[-1] ^ 1])]
    with keystore.transport_key(cipher, key) as transport:
        for each in damaged:
            with pytest.raises(Integrity) as caught:
                keystore.import_encrypted(transport, each, Digest.SHA1)
            messages.add(str(caught.value))

        assert keystore.import_encrypted(transport, value, Digest.SHA1).key.length == 24
    assert len(messages) == 1


@pytest.mark.parametrize("cipher", IN_MODULE[2:])
def test_an_error_of_a_sick_module_is_not_taken_for_damage(
    keystore: Keystore, cipher: Cipher
) -> None:
    key = fresh_key(cipher)
    cryptoki = keystore._connection.module.cryptoki

    with (
        keystore.transport_key(cipher, key) as transport,
        returning(cryptoki, "decrypt_init", Rv.GENERAL_ERROR, Rv.GENERAL_ERROR),
        returning(cryptoki, "unwrap_key", Rv.GENERAL_ERROR),
        pytest.raises(Unavailable, match="cannot even unwrap"),
    ):
        keystore.import_encrypted(transport, encrypt(cipher, key, SEED), Digest.SHA1)


@pytest.mark.parametrize("value", [Rv.ENCRYPTED_DATA_INVALID, Rv.DATA_INVALID])
def test_a_module_that_names_the_damage_reads_like_others(keystore: Keystore, value: Rv) -> None:
    cryptoki, key = keystore._connection.module.cryptoki, bytes(16)

    with (
        keystore.transport_key(Cipher.AES_128_GCM, key) as transport,
        returning(cryptoki, "decrypt_init", value, value),
        pytest.raises(Integrity, match="does not decrypt to one"),
    ):
        keystore.import_encrypted(transport, encrypt(Cipher.AES_128_GCM, key, SEED), Digest.SHA1)


@pytest.mark.parametrize("cipher", [*IN_MODULE, *BY_SOFTWARE])
@pytest.mark.parametrize("damaged", [False, True])
def test_nothing_stays_on_the_page(keystore: Keystore, cipher: Cipher, damaged: bool) -> None:
    key = fresh_key(cipher)
    value = encrypt(cipher, key, b"s" * 24)
    with keystore.transport_key(cipher, key) as transport, suppress(HsmError):
        keystore.import_encrypted(transport, value[:-8] if damaged else value, Digest.SHA1)

    session = keystore._connection.borrow()
    octets = bytes(session.desk.page.octets)
    keystore._connection.give_back(session)

    assert not any(octets)


@pytest.mark.parametrize("cipher", [*IN_MODULE, *BY_SOFTWARE])
def test_a_transport_key_outlives_a_restart_and_ends_with_its_block(
    keystore: Keystore, cipher: Cipher
) -> None:
    key = fresh_key(cipher)
    value = encrypt(cipher, key, b"s" * 24)
    with keystore.transport_key(cipher, key) as transport:
        before = keystore.import_encrypted(transport, value, Digest.SHA1)
        keystore.recycle()
        assert keystore.import_encrypted(transport, value, Digest.SHA1) == before

    with pytest.raises(Unavailable, match="wiped"):
        keystore.import_encrypted(transport, value, Digest.SHA1)


@pytest.mark.parametrize("cipher", [Cipher.AES_128_CBC, Cipher.DES3_CBC, Cipher.CAMELLIA_256_CBC])
def test_filler_in_place_of_padding_needs_an_authenticated_value(
    keystore: Keystore, cipher: Cipher
) -> None:
    key, block = fresh_key(cipher), cipher.block
    missing = block - len(SEED) % block
    value = cbc(cipher, key, SEED + b"\xff" * (missing - 1) + bytes([missing]))

    with keystore.transport_key(cipher, key) as transport:
        with pytest.raises(Integrity):
            keystore.import_encrypted(transport, value, Digest.SHA1)
        wrapped = keystore.import_encrypted(transport, value, Digest.SHA1, AUTHENTICATED)

    assert wrapped.fingerprint == keystore.wrap(bytearray(SEED), Digest.SHA1).fingerprint


@pytest.mark.parametrize("last", [0, 17, 255])
def test_filler_longer_than_a_block_is_none_for_anybody(keystore: Keystore, last: int) -> None:
    value = cbc(Cipher.AES_128_CBC, bytes(16), SEED + bytes(11) + bytes([last]))

    with (
        keystore.transport_key(Cipher.AES_128_CBC, bytes(16)) as transport,
        pytest.raises(Integrity),
    ):
        keystore.import_encrypted(transport, value, Digest.SHA1, AUTHENTICATED)


def test_a_short_seed_passes_where_it_is_allowed(keystore: Keystore) -> None:
    value = encrypt(Cipher.AES_128_CBC, bytes(16), SEED[:10])
    terms = Terms(shortest=10)

    with keystore.transport_key(Cipher.AES_128_CBC, bytes(16)) as transport:
        with pytest.raises(Policy, match="16 to 64"):
            keystore.import_encrypted(transport, value, Digest.SHA1)
        wrapped = keystore.import_encrypted(transport, value, Digest.SHA1, terms)

    with keystore.open(wrapped.key, Digest.SHA1) as opened:
        assert opened.mac(b"m") == hmac.digest(SEED[:10], b"m", "sha1")
    assert keystore.wrap(bytearray(SEED[:10]), Digest.SHA1, terms) == wrapped


def test_nobody_allows_less_than_10_octets() -> None:
    with pytest.raises(Policy, match="guessed too easily"):
        Terms(shortest=9)


@pytest.mark.parametrize("cipher", [*IN_MODULE, *BY_SOFTWARE])
def test_a_value_longer_than_any_seed_is_refused(keystore: Keystore, cipher: Cipher) -> None:
    with (
        keystore.transport_key(cipher, fresh_key(cipher)) as transport,
        pytest.raises(Policy, match="holds no seed"),
    ):
        keystore.import_encrypted(transport, bytes(2048), Digest.SHA1)


@pytest.mark.parametrize("cipher", [Cipher.DES3_CBC, Cipher.DES3_KW])
def test_a_3des_key_of_two_parts_is_taken_for_three(keystore: Keystore, cipher: Cipher) -> None:
    key = os.urandom(16)
    value = encrypt(cipher, key + key[:8], b"s" * 24)

    with keystore.transport_key(cipher, key) as transport:
        assert keystore.import_encrypted(transport, value, Digest.SHA1).key.length == 24


@pytest.mark.parametrize("cipher", [each for each in Cipher if each.key_octets])
@pytest.mark.parametrize("octets", [0, 8, 15, 33])
def test_a_key_of_another_length_is_refused(
    keystore: Keystore, cipher: Cipher, octets: int
) -> None:
    with pytest.raises(Policy, match="are needed"), keystore.transport_key(cipher, bytes(octets)):
        pass


def _elliptic() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    "key", [b"", bytes(16), b"\x30\x80", pkcs8(rsa_key())[:-1], pkcs8(rsa_key()) * 2, _elliptic()]
)
def test_what_is_no_rsa_key_is_refused(keystore: Keystore, key: bytes) -> None:
    with (
        pytest.raises(Policy, match="no RSA private key in PKCS#8 DER"),
        keystore.transport_key(Cipher.RSA_1_5, key),
    ):
        pass


@pytest.mark.parametrize("bits", [1024, 3072, 4096])
def test_rsa_keys_of_every_size_decrypt(keystore: Keystore, bits: int) -> None:
    key = rsa.generate_private_key(65537, bits)
    value = key.public_key().encrypt(SEED, padding.PKCS1v15())

    with keystore.transport_key(Cipher.RSA_1_5, pkcs8(key)) as transport:
        assert keystore.import_encrypted(transport, value, Digest.SHA1).key.length == 20


def test_an_rsa_value_that_is_no_seed_is_refused(keystore: Keystore) -> None:
    key = fresh_key(Cipher.RSA_1_5)
    with (
        keystore.transport_key(Cipher.RSA_1_5, key) as transport,
        pytest.raises(Policy, match="seed of 200 octets"),
    ):
        keystore.import_encrypted(
            transport, encrypt(Cipher.RSA_1_5, key, b"s" * 200), Digest.SHA512
        )


def test_what_the_module_cannot_decrypt_is_said_with_a_remedy(keystore: Keystore) -> None:
    cipher = Cipher.RSA_OAEP_SHA256
    key = fresh_key(cipher)

    with (
        keystore.transport_key(cipher, key) as transport,
        pytest.raises(Unsupported, match=r"RSA-OAEP-SHA256.*ask the manufacturer"),
    ):
        keystore.import_encrypted(transport, encrypt(cipher, key, SEED), Digest.SHA1)


@pytest.mark.parametrize("cipher", IN_MODULE)
def test_a_transport_key_in_the_module_cannot_be_read(keystore: Keystore, cipher: Cipher) -> None:
    private = Cka.PRIVATE_EXPONENT if cipher.algorithm == "RSA" else Cka.VALUE
    key = fresh_key(cipher)

    with keystore.transport_key(cipher, key) as transport, pytest.raises(Policy):
        keystore._connection.run(
            lambda session: session.attribute(transport._object.handle(session), private)  # type: ignore[attr-defined] # a ModuleKey has it
        )


def test_a_mac_key_is_decrypted_for_the_importer(keystore: Keystore) -> None:
    key, mac_key = bytes(16), os.urandom(20)
    with keystore.transport_key(Cipher.AES_128_CBC, key) as transport:
        value = cbc(Cipher.AES_128_CBC, key, pkcs7(mac_key, 16))

        assert keystore.decrypt_mac_key(transport, value) == mac_key


def test_softhsm_leaves_camellia_and_key_wraps_to_software(keystore: Keystore) -> None:
    by_software = keystore.capabilities.by_software

    assert set(by_software) == {*WRAPS, *(each for each in Cipher if each.algorithm == "CAMELLIA")}


@pytest.mark.parametrize("value", [Rv.MECHANISM_INVALID, Rv.GENERAL_ERROR])
def test_a_cipher_that_the_module_lacks_goes_to_software(keystore: Keystore, value: Rv) -> None:
    cryptoki = keystore._connection.module.cryptoki
    lacking = {Cipher.DES3_CBC, Cipher.AES_128_GCM, Cipher.AES_192_GCM, Cipher.AES_256_GCM}

    with returning(cryptoki, "decrypt_init", value, value):
        assert lacking <= set(keystore.capabilities.by_software)

    for cipher in lacking:
        assert _import(keystore, cipher, SEED, Digest.SHA1) == hmac.digest(SEED, b"m", "sha1")


def test_a_wrong_answer_is_no_ability(keystore: Keystore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abilities, "_SEED", b"another")

    assert Cipher.DES3_CBC in keystore.capabilities.by_software
