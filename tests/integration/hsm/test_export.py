"""An exportable seed is handed on, still encrypted; any other is not."""

import hmac
import os
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers import Cipher as LibraryCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hsm import (
    Cipher,
    Digest,
    Integrity,
    Keystore,
    Policy,
    Terms,
    Unavailable,
    Unsupported,
    WrappedSeed,
)
from hsm.translate import Rv
from hsm.vault_key import FIRST
from hsm.workshop import workshop
from tests.support.encrypting import encrypt, fresh_key, oaep, pkcs7, public_der, rsa_key
from tests.support.softhsm import pin, returning, vault_location

SEED = b"12345678901234567890"
EXPORTABLE = Terms(exportable=True)
CBC = [Cipher.AES_128_CBC, Cipher.AES_192_CBC, Cipher.AES_256_CBC]


def _exportable(keystore: Keystore, seed: bytes = SEED) -> tuple[WrappedSeed, bytes]:
    wrapped = keystore.wrap(bytearray(seed), Digest.SHA512, EXPORTABLE)
    assert wrapped.export_blob is not None
    return wrapped, wrapped.export_blob


def _cbc_opened(key: bytes, value: bytes) -> bytes:
    decryptor = LibraryCipher(algorithms.AES(key), modes.CBC(value[:16])).decryptor()
    return decryptor.update(value[16:]) + decryptor.finalize()


@pytest.mark.parametrize("cipher", CBC)
@pytest.mark.parametrize("octets", [16, 20, 32, 64, 65, 128])
def test_a_recipient_with_a_pre_shared_key_gets_the_seed_at_its_length(
    keystore: Keystore, cipher: Cipher, octets: int
) -> None:
    seed, key = os.urandom(octets), os.urandom(cipher.key_octets)
    wrapped, blob = _exportable(keystore, seed)

    with keystore.recipient(cipher, key) as recipient:
        handed_on = keystore.export_encrypted(wrapped.key, blob, recipient)

    assert _cbc_opened(key, handed_on.value) == pkcs7(seed, 16)


def test_each_value_has_the_mac_of_the_mac_key_that_goes_along(keystore: Keystore) -> None:
    key = os.urandom(32)
    wrapped, blob = _exportable(keystore)

    with keystore.recipient(Cipher.AES_256_CBC, key) as recipient:
        handed_on = keystore.export_encrypted(wrapped.key, blob, recipient)
        assert recipient.mac_key is not None
        mac_key = _cbc_opened(key, recipient.mac_key)[:32]

    assert handed_on.mac == hmac.digest(mac_key, handed_on.value, "sha256")


def test_a_recipient_with_a_certificate_gets_the_seed_by_rsa(keystore: Keystore) -> None:
    wrapped, blob = _exportable(keystore)

    with keystore.recipient(Cipher.RSA_OAEP_SHA1, public_der(rsa_key())) as recipient:
        handed_on = keystore.export_encrypted(wrapped.key, blob, recipient)

    assert rsa_key().decrypt(handed_on.value, oaep(Cipher.RSA_OAEP_SHA1)) == SEED
    assert recipient.mac_key is not None
    mac_key = rsa_key().decrypt(recipient.mac_key, oaep(Cipher.RSA_OAEP_SHA1))
    assert handed_on.mac == hmac.digest(mac_key, handed_on.value, "sha256")


def test_two_values_of_one_seed_are_never_the_same(keystore: Keystore) -> None:
    wrapped, blob = _exportable(keystore)
    _, again = _exportable(keystore)

    with keystore.recipient(Cipher.AES_256_CBC, bytes(32)) as recipient:
        values = {
            keystore.export_encrypted(wrapped.key, each, recipient).value for each in (blob, again)
        }

    assert blob != again
    assert len(values) == 2


@pytest.mark.parametrize("cipher", [Cipher.AES_128_CBC, Cipher.AES_128_KWP, Cipher.RSA_1_5])
def test_an_encrypted_seed_is_imported_as_exportable_too(
    keystore: Keystore, cipher: Cipher
) -> None:
    key, recipients = fresh_key(cipher), os.urandom(32)
    with keystore.transport_key(cipher, key) as transport:
        value = encrypt(cipher, key, SEED)
        wrapped = keystore.import_encrypted(transport, value, Digest.SHA1, EXPORTABLE)
    assert wrapped.export_blob is not None

    with keystore.recipient(Cipher.AES_256_CBC, recipients) as recipient:
        handed_on = keystore.export_encrypted(wrapped.key, wrapped.export_blob, recipient)

    assert _cbc_opened(recipients, handed_on.value) == pkcs7(SEED, 16)


def test_what_was_handed_on_is_imported_by_another_vault(keystore: Keystore) -> None:
    key = os.urandom(32)
    wrapped, blob = _exportable(keystore)
    with keystore.recipient(Cipher.AES_256_CBC, key) as recipient:
        value = keystore.export_encrypted(wrapped.key, blob, recipient).value
    other = Keystore.connect(vault_location("other"), pin())

    with other.transport_key(Cipher.AES_256_CBC, key) as transport:
        taken = other.import_encrypted(transport, value, Digest.SHA1)

    with other.open(taken.key, Digest.SHA1) as opened:
        assert opened.mac(b"m") == hmac.digest(SEED, b"m", "sha1")
    other.close()


def test_only_what_is_asked_to_be_exportable_has_a_second_copy(keystore: Keystore) -> None:
    assert keystore.wrap(bytearray(SEED), Digest.SHA1).export_blob is None


def test_a_second_copy_is_not_shown(keystore: Keystore) -> None:
    wrapped, _ = _exportable(keystore)

    assert "export_blob" not in repr(wrapped)


def _changed(blob: bytes) -> bytes:
    return blob[:20] + bytes([blob[20] ^ 1]) + blob[21:]


@pytest.mark.parametrize("damage", [_changed, lambda blob: blob[:-1], lambda _: b""])
def test_a_damaged_copy_is_not_handed_on(
    keystore: Keystore, damage: Callable[[bytes], bytes]
) -> None:
    wrapped, blob = _exportable(keystore)

    with (
        keystore.recipient(Cipher.AES_256_CBC, bytes(32)) as recipient,
        pytest.raises(Integrity, match="Nothing was handed on"),
    ):
        keystore.export_encrypted(wrapped.key, damage(blob), recipient)


def test_a_copy_of_another_tokens_seed_is_not_handed_on(keystore: Keystore) -> None:
    wrapped, _ = _exportable(keystore)
    _, others = _exportable(keystore, SEED[::-1])

    with (
        keystore.recipient(Cipher.AES_256_CBC, bytes(32)) as recipient,
        pytest.raises(Integrity, match="another seed"),
    ):
        keystore.export_encrypted(wrapped.key, others, recipient)


def test_a_module_that_names_the_damage_is_understood(keystore: Keystore) -> None:
    wrapped, blob = _exportable(keystore)
    cryptoki = keystore._connection.module.cryptoki

    with (
        keystore.recipient(Cipher.AES_256_CBC, bytes(32)) as recipient,
        returning(cryptoki, "decrypt", Rv.ENCRYPTED_DATA_INVALID),
        pytest.raises(Integrity, match="Nothing was handed on"),
    ):
        keystore.export_encrypted(wrapped.key, blob, recipient)


@pytest.mark.parametrize("function", ["decrypt", "unwrap_key"])
def test_a_sick_module_is_not_taken_for_damage(keystore: Keystore, function: str) -> None:
    wrapped, blob = _exportable(keystore)
    cryptoki = keystore._connection.module.cryptoki

    with (
        keystore.recipient(Cipher.AES_256_CBC, bytes(32)) as recipient,
        returning(cryptoki, function, Rv.GENERAL_ERROR),
        returning(cryptoki, "wrap_key", Rv.GENERAL_ERROR),
        pytest.raises(Unavailable, match="cannot even unwrap"),
    ):
        keystore.export_encrypted(wrapped.key, blob, recipient)


def test_nothing_stays_on_the_page(keystore: Keystore) -> None:
    wrapped, blob = _exportable(keystore)
    with keystore.recipient(Cipher.AES_256_CBC, bytes(32)) as recipient:
        keystore.export_encrypted(wrapped.key, blob, recipient)

    session = keystore._connection.borrow()
    octets = bytes(session.desk.page.octets)
    keystore._connection.give_back(session)

    assert not any(octets)


def test_a_recipient_ends_with_its_block(keystore: Keystore) -> None:
    wrapped, blob = _exportable(keystore)
    with keystore.recipient(Cipher.AES_256_CBC, bytes(32)) as recipient:
        keystore.recycle()
        keystore.export_encrypted(wrapped.key, blob, recipient)

    with pytest.raises(Unavailable, match="wiped"):
        keystore.export_encrypted(wrapped.key, blob, recipient)


@pytest.mark.parametrize("cipher", [Cipher.AES_256_GCM, Cipher.DES3_CBC, Cipher.RSA_1_5])
def test_seeds_are_handed_on_under_few_ciphers(keystore: Keystore, cipher: Cipher) -> None:
    with (
        pytest.raises(Unsupported, match="not handed on under"),
        keystore.recipient(cipher, bytes(32)),
    ):
        pass


def test_what_the_module_cannot_encrypt_is_said_with_a_remedy(keystore: Keystore) -> None:
    with (
        pytest.raises(Unsupported, match="use RSA-OAEP with SHA-1"),
        keystore.recipient(Cipher.RSA_OAEP_SHA256, public_der(rsa_key())),
    ):
        pass


def _elliptic() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("cipher", "key"),
    [
        (Cipher.AES_256_CBC, bytes(16)),
        (Cipher.RSA_OAEP_SHA1, b"no key"),
        (Cipher.RSA_OAEP_SHA1, _elliptic()),
        (Cipher.RSA_OAEP_SHA1, public_der(rsa.generate_private_key(65537, 1024))),
    ],
    ids=["a short AES key", "no key", "an elliptic one", "a short RSA key"],
)
def test_a_key_that_no_recipient_should_have_is_refused(
    keystore: Keystore, cipher: Cipher, key: bytes
) -> None:
    with pytest.raises(Policy, match="recipient"), keystore.recipient(cipher, key):
        pass


def test_a_vault_older_than_the_export_key_goes_on_without() -> None:
    location = vault_location("older")
    keystore = Keystore.connect(location, pin())
    wrapped, blob = _exportable(keystore)
    with workshop(keystore._connection) as shop:
        (key,) = shop.objects(FIRST.export)
        key.destroy()
    keystore.close()
    older = Keystore.connect(location, pin())

    assert older.wrap(bytearray(SEED), Digest.SHA1).fingerprint == wrapped.fingerprint
    with pytest.raises(Unsupported, match="no export key"):
        older.wrap(bytearray(SEED), Digest.SHA1, EXPORTABLE)
    with (
        older.recipient(Cipher.AES_256_CBC, bytes(32)) as recipient,
        pytest.raises(Unsupported, match="no export key"),
    ):
        older.export_encrypted(wrapped.key, blob, recipient)
    older.close()


def test_a_module_without_gcm_keeps_no_second_copies(keystore: Keystore) -> None:
    cryptoki = keystore._connection.module.cryptoki

    with (
        returning(cryptoki, "encrypt_init", Rv.MECHANISM_INVALID),
        pytest.raises(Unsupported, match="as not exportable"),
    ):
        keystore.wrap(bytearray(SEED), Digest.SHA1, EXPORTABLE)


def test_no_module_wraps_an_opened_seed_for_anybody(keystore: Keystore) -> None:
    # Why there are second copies at all.
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key

    with pytest.raises(Policy):
        keystore._connection.run(
            lambda session: session.wrap(
                session.key(FIRST.kek), session.unwrap(session.key(FIRST.kek), key.blob)
            )
        )
