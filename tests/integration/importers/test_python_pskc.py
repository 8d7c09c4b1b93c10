"""python-pskc, the reader that other systems are built on, and this one agree on ciphers and MACs.

Both ways: it reads what our maker makes, and we read what it writes. It has neither GCM nor RSA,
and knows Camellia by the W3C's name only.
"""

from io import BytesIO

import pytest
from pskc import PSKC

from importers import (
    Cipher,
    EncryptedSeed,
    Instructions,
    MacAlgorithm,
    Mode,
    Passphrase,
    PreSharedKey,
    Unlock,
    open_seed_file,
)
from importers.values import decrypt_value
from tests.support.pskc_maker import Order, Tokens, published_seed, write_pskc
from tests.support.sealed_maker import (
    SEED,
    Sealed,
    key_for,
    sealed,
    unlock_for,
    uri_of,
)

CBC = [cipher for cipher in Cipher if cipher.mode is Mode.CBC]
KEY_WRAP = [cipher for cipher in Cipher if cipher.mode is Mode.KEY_WRAP]
# It imports 3DES and Camellia from where cryptography had them until version 43.
pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")


def theirs(text: str, key: bytes) -> bytes:
    """The only seed, as python-pskc decrypts it; it checks the value MAC where there is one."""
    container = PSKC(BytesIO(text.encode()))
    container.encryption.key = key
    (read,) = container.keys
    assert read.check() is not False
    secret = read.secret
    assert isinstance(secret, bytes)
    return secret


def ours(text: bytes, unlock: Unlock, instructions: Instructions) -> bytes:
    """The only seed, decrypted by our transport key."""
    with open_seed_file(BytesIO(text), unlock, name="f", instructions=instructions) as file:
        (record,) = file
        assert isinstance(record.seed, EncryptedSeed)
        assert file.transport_key is not None
        with file.transport_key.expose() as key:
            return decrypt_value(record.seed.cipher, bytes(key), record.seed.value).octets


def agreed(order: Sealed, unlock: Unlock, instructions: Instructions) -> bytes:
    text = sealed(order)
    key = key_for(order.cipher) if order.key is None else order.key
    seed = theirs(text, key)
    assert ours(text.encode(), unlock, instructions) == seed
    return seed


@pytest.mark.parametrize("mac", list(MacAlgorithm))
@pytest.mark.parametrize("cipher", CBC)
def test_both_read_the_same_seed_under_every_cbc_cipher(cipher: Cipher, mac: MacAlgorithm) -> None:
    assert agreed(Sealed(cipher, mac=mac), unlock_for(cipher), Instructions()) == SEED


@pytest.mark.parametrize("mac", [None, MacAlgorithm.HMAC_SHA256])
@pytest.mark.parametrize("cipher", KEY_WRAP)
def test_both_read_the_same_seed_under_every_key_wrap(
    cipher: Cipher, mac: MacAlgorithm | None
) -> None:
    assert agreed(Sealed(cipher, mac=mac), unlock_for(cipher), Instructions()) == SEED


@pytest.mark.parametrize("cipher", [Cipher.DES3_CBC, Cipher.DES3_KW])
def test_both_take_a_3des_bundle_of_two_keys(cipher: Cipher) -> None:
    two = bytes(range(16))
    assert agreed(Sealed(cipher, two), PreSharedKey(two), Instructions()) == SEED


@pytest.mark.parametrize("cipher", [Cipher.AES_128_CBC, Cipher.DES3_CBC, Cipher.CAMELLIA_256_CBC])
def test_both_take_the_encryption_key_for_a_mac_key_that_is_missing(cipher: Cipher) -> None:
    legacy = Instructions(legacy_macs=True)
    assert agreed(Sealed(cipher, mac_key=None), unlock_for(cipher), legacy) == SEED


@pytest.mark.parametrize("cipher", [Cipher.AES_128_CBC, Cipher.AES_256_CBC])
def test_both_derive_the_same_key_from_a_passphrase(cipher: Cipher) -> None:
    target = BytesIO()
    write_pskc(Order((Tokens(1),), passphrase="correct horse", cipher=cipher), target)
    container = PSKC(BytesIO(target.getvalue()))
    container.encryption.derive_key("correct horse")
    seed = container.keys[0].secret
    assert seed == published_seed("GALT10000000")
    assert ours(target.getvalue(), Passphrase("correct horse"), Instructions()) == seed


# --- what python-pskc writes -----------------------------------------------------------------


def written(cipher: Cipher, seed: bytes) -> bytes:
    container = PSKC()
    container.add_key(
        serial="GALT1", id="1", secret=seed, algorithm="hotp", counter=0, response_length=6
    ).response_encoding = "DECIMAL"
    container.encryption.setup_preshared_key(
        key=key_for(cipher), key_name="transport-key", algorithm=uri_of(cipher)
    )
    target = BytesIO()
    container.write(target)
    return target.getvalue()


@pytest.mark.parametrize("octets", [16, 20, 32, 64])
@pytest.mark.parametrize("cipher", CBC)
def test_what_it_writes_under_cbc_is_read(cipher: Cipher, octets: int) -> None:
    seed = bytes(range(octets))
    assert ours(written(cipher, seed), unlock_for(cipher), Instructions()) == seed


@pytest.mark.parametrize("octets", [16, 24, 32, 64])
@pytest.mark.parametrize("cipher", KEY_WRAP)
def test_what_it_writes_under_key_wrap_is_read(cipher: Cipher, octets: int) -> None:
    seed = bytes(range(octets))
    assert ours(written(cipher, seed), unlock_for(cipher), Instructions()) == seed


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_its_padded_key_wrap_under_the_name_of_the_plain_one_can_be_said(bits: int) -> None:
    cipher, seed = Cipher[f"AES_{bits}_KW"], bytes(range(20))
    told = Instructions(cipher=f"kw-aes-{bits}-pad")
    assert ours(written(cipher, seed), unlock_for(cipher), told) == seed
