"""A file that was encrypted for a private key in the HSM is opened there, by that key."""

from functools import partial
from itertools import count
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11 import Attribute, KeyType

from hsm import Component, TransportCeremony, TransportKind, TransportOrder
from hsm.standard_check import in_memory
from importers import Cipher, MacAlgorithm
from seedvault.domain.errors import FileRefused, HsmUnavailable
from seedvault.intake import SeedFiles
from seedvault.keys import HsmKeys
from seedvault.service.ports import TakenSeed
from seedvault.service.seed_files import NO_TERMS, Delivered, HeldKey, SeedFileKey, Terms
from tests.support.python_pkcs11 import library_session
from tests.support.sealed_maker import SEED, Sealed, key_for, sealed
from tests.support.softhsm import pin
from tests.support.tokens import NOON

HMAC = MacAlgorithm.HMAC_SHA256
NUMBERS = count()


def made_on_token(keys: HsmKeys) -> tuple[str, bytes]:
    """The label of a new private key on the PKCS#11 token, and its public half in DER."""
    label = f"maker {next(NUMBERS)}"
    with library_session(keys.keystore._connection) as session:
        public, _ = session.generate_keypair(KeyType.RSA, 2048, store=True, label=label)
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


def brought_in(keys: HsmKeys, kind: TransportKind, key: bytes) -> str:
    """The label of a pre-shared key that custodians brought to the PKCS#11 token."""
    label = f"maker {next(NUMBERS)}"
    parts = bytes(len(key) - 1) + b"\1", bytes([*key[:-1], key[-1] ^ 1])
    with TransportCeremony(keys.keystore._connection.location, pin()) as ceremony:
        components = [
            Component(bytearray(part), in_memory(kind.algorithm, bytearray(part)).zeros)
            for part in parts
        ]
        opened = ceremony.of_components(kind, components)
        ceremony.bring_in(TransportOrder(label, kind), opened)
    return label


@pytest.mark.parametrize(
    ("cipher", "kind"),
    [
        (Cipher.AES_128_CBC, TransportKind.AES_128),
        (Cipher.AES_256_CBC, TransportKind.AES_256),
        (Cipher.AES_192_GCM, TransportKind.AES_192),
        (Cipher.DES3_CBC, TransportKind.DES3),
    ],
)
def test_a_pre_shared_key_in_the_hsm_opens_macs_and_seeds(
    keys: HsmKeys, tmp_path: Path, cipher: Cipher, kind: TransportKind
) -> None:
    label = brought_in(keys, kind, key_for(cipher))
    path = delivered(tmp_path, Sealed(cipher, mac=HMAC))
    assert taken(keys, path, label).wrapped.length == len(SEED)


def test_another_pre_shared_key_of_the_hsm_does_not_open_the_file(
    keys: HsmKeys, tmp_path: Path
) -> None:
    label = brought_in(keys, TransportKind.AES_128, b"another key, 16.")
    path = delivered(tmp_path, Sealed(Cipher.AES_128_CBC, mac=HMAC))
    with pytest.raises(FileRefused, match="does not open this file"):
        taken(keys, path, label)


def test_a_key_that_stays_in_the_hsm_makes_no_macs_of_its_own(
    keys: HsmKeys, tmp_path: Path
) -> None:
    order = Sealed(Cipher.AES_128_CBC, mac=HMAC, mac_key=None, reference="transport-key")
    label = brought_in(keys, TransportKind.AES_128, key_for(Cipher.AES_128_CBC))
    with pytest.raises(FileRefused, match="does not leave the HSM"):
        taken(keys, delivered(tmp_path, order), label)
