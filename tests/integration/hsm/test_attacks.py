"""Who holds the PIN still cannot take a key or a seed out of the module."""

from ctypes import addressof, byref, create_string_buffer

import pytest

from hsm import Digest, HsmError, Keystore, Policy, Unsupported
from hsm.cryptoki import Mechanism
from hsm.link import LentSession
from hsm.mechanisms import Ckm
from hsm.templates import EXPOSED_SEED, Cka, Ckk, Cko, Template
from hsm.vault_key import FIRST, VaultKey
from hsm.workshop import workshop

SECRET_KEYS = FIRST.made


@pytest.mark.parametrize("key", [key for key in SECRET_KEYS if key != FIRST.checkpoint])
def test_the_value_of_a_key_is_not_read(keystore: Keystore, key: VaultKey) -> None:
    with pytest.raises(Policy):
        keystore._connection.run(lambda session: session.attribute(session.key(key), Cka.VALUE))


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_a_key_is_not_wrapped_under_the_kek(keystore: Keystore, key: VaultKey) -> None:
    with pytest.raises(Policy):
        keystore._connection.run(
            lambda session: session.wrap(session.key(FIRST.kek), session.key(key))
        )


@pytest.mark.parametrize(
    "weakness",
    [
        (Cka.SENSITIVE, False),
        (Cka.EXTRACTABLE, True),
        (Cka.DECRYPT, True),
        (Cka.WRAP, True),
    ],
)
def test_a_blob_is_not_unwrapped_with_more_rights(
    keystore: Keystore, weakness: tuple[Cka, bool]
) -> None:
    blob = keystore.wrap(bytearray(b"12345678901234567890"), Digest.SHA1).key.blob
    template = Template((Cka.CLASS, Cko.SECRET_KEY), (Cka.KEY_TYPE, Ckk.GENERIC_SECRET), weakness)

    with pytest.raises((Policy, Unsupported)):
        keystore._connection.run(
            lambda session: session.unwrap(session.key(FIRST.kek), blob, template)
        )


def test_a_blob_is_not_unwrapped_as_a_thief_would(keystore: Keystore) -> None:
    blob = keystore.wrap(bytearray(b"12345678901234567890"), Digest.SHA1).key.blob

    with pytest.raises((Policy, Unsupported)):
        keystore._connection.run(
            lambda session: session.unwrap(session.key(FIRST.kek), blob, EXPOSED_SEED)
        )


def test_an_opened_seed_is_not_read(keystore: Keystore) -> None:
    blob = keystore.wrap(bytearray(b"12345678901234567890"), Digest.SHA1).key.blob

    with pytest.raises(Policy):
        keystore._connection.run(
            lambda session: session.attribute(
                session.unwrap(session.key(FIRST.kek), blob), Cka.VALUE
            )
        )


@pytest.mark.parametrize("mechanism", [0x1081, Ckm.AES_CBC])
def test_the_kek_does_not_decrypt(keystore: Keystore, mechanism: int) -> None:
    # One ECB call under an AES key would undo any wrapping.
    iv = create_string_buffer(16)

    def decrypt(session: LentSession) -> None:
        parameter = (None, 0) if mechanism == 0x1081 else (addressof(iv), 16)
        session.cryptoki.decrypt_init(
            session.handle, byref(Mechanism(mechanism, *parameter)), session.key(FIRST.kek)
        )

    with pytest.raises(Policy):
        keystore._connection.run(decrypt)


@pytest.mark.parametrize("use", [Cka.DECRYPT, Cka.EXTRACTABLE, Cka.ENCRYPT])
def test_no_right_is_given_to_the_kek_later(keystore: Keystore, use: Cka) -> None:
    def widen() -> None:
        with workshop(keystore._connection) as shop:
            (kek,) = shop.objects(FIRST.kek)
            shop.session.change(kek.handle, Template((use, True)))

    with pytest.raises(HsmError):
        widen()
