"""A file that was encrypted for a private key in the HSM is opened there, by that key."""

from functools import partial
from itertools import count
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11 import Attribute, KeyType

from hsm.workshop import workshop
from importers import Cipher, MacAlgorithm
from seedvault.domain.errors import FileRefused, HsmUnavailable
from seedvault.intake import SeedFiles
from seedvault.keys import HsmKeys
from seedvault.service.ports import TakenSeed
from seedvault.service.seed_files import NO_TERMS, Delivered, HeldKey, SeedFileKey, Terms
from tests.support.sealed_maker import SEED, Sealed, sealed
from tests.support.tokens import NOON

HMAC = MacAlgorithm.HMAC_SHA256
NUMBERS = count()


def made_on_token(keys: HsmKeys) -> tuple[str, bytes]:
    """The label of a new private key on the PKCS#11 token, and its public half in DER."""
    label = f"maker {next(NUMBERS)}"
    with workshop(keys.keystore._connection) as shop:
        public, _ = shop.view.generate_keypair(KeyType.RSA, 2048, store=True, label=label)
        numbers = RSAPublicNumbers(
            int.from_bytes(public[Attribute.PUBLIC_EXPONENT]),
            int.from_bytes(public[Attribute.MODULUS]),
        )
    der = numbers.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return label, der


def taken(keys: HsmKeys, path: Path, label: str, terms: Terms = NO_TERMS) -> TakenSeed:
    """The one seed of the file, taken over by the key of that label."""
    key = SeedFileKey(held=HeldKey(label, partial(keys.decrypt_mac_key, label)))
    with SeedFiles().open(path, key, NOON, terms) as file, keys.taking_from(file, terms) as taker:
        (record,) = file
        assert isinstance(record, Delivered)
        return taker.take(record.seed, record.device)


def delivered(folder: Path, order: Sealed) -> Path:
    path = folder / "f.xml"
    path.write_text(sealed(order))
    return path


@pytest.mark.parametrize("cipher", [Cipher.RSA_OAEP_SHA1, Cipher.RSA_1_5])
def test_the_key_in_the_hsm_opens_macs_and_seeds(
    keys: HsmKeys, tmp_path: Path, cipher: Cipher
) -> None:
    label, public = made_on_token(keys)
    path = delivered(tmp_path, Sealed(cipher, public, mac=HMAC))
    assert taken(keys, path, label).wrapped.length == len(SEED)


def test_values_without_macs_need_the_operator_s_word(keys: HsmKeys, tmp_path: Path) -> None:
    label, public = made_on_token(keys)
    path = delivered(tmp_path, Sealed(Cipher.RSA_OAEP_SHA1, public, mac=None))
    with pytest.raises(FileRefused):
        taken(keys, path, label)
    allowed = Terms(allow_unauthenticated=True)
    assert taken(keys, path, label, allowed).wrapped.length == len(SEED)


def test_another_key_of_the_hsm_does_not_open_the_file(keys: HsmKeys, tmp_path: Path) -> None:
    _, public = made_on_token(keys)
    other, _ = made_on_token(keys)
    path = delivered(tmp_path, Sealed(Cipher.RSA_OAEP_SHA1, public, mac=HMAC))
    with pytest.raises(FileRefused, match="does not open this file"):
        taken(keys, path, other)


def test_a_label_that_no_key_has_is_named(keys: HsmKeys, tmp_path: Path) -> None:
    path = delivered(tmp_path, Sealed(Cipher.RSA_OAEP_SHA1, mac=HMAC))
    with pytest.raises(HsmUnavailable, match="nobody's"):
        taken(keys, path, "nobody's")


def test_a_file_under_a_shared_key_does_not_want_it(keys: HsmKeys, tmp_path: Path) -> None:
    path = delivered(tmp_path, Sealed(Cipher.AES_128_CBC, mac=HMAC))
    with pytest.raises(FileRefused, match="a key that lives elsewhere was given"):
        taken(keys, path, "any")
