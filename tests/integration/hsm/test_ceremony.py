"""The ceremony makes the keys of a vault, once, and proves them."""

import pytest
from pkcs11 import Attribute, KeyType, Session

from hsm import (
    KeyNotFound,
    Keystore,
    KeySummary,
    Location,
    PinRejected,
    Policy,
    Unsupported,
    ceremony,
    initialise,
)
from hsm.ceremony import _objects, _workshop
from hsm.connection import Connection
from hsm.module import Module
from hsm.templates import REQUIRED, Template, VaultKey
from hsm.translate import Rv
from tests.support.softhsm import (
    TEST_SO_PIN,
    fresh_location,
    library,
    pin,
    returning,
    vault_location,
)


def test_the_ceremony_says_what_it_made() -> None:
    made = initialise(fresh_location("made"), pin(), pin(TEST_SO_PIN))

    assert made == (
        KeySummary("KEK k1", "AES-256", ("wrap", "unwrap"), b"seedvault/kek/k1"),
        KeySummary("seal key", "HMAC-SHA-256", ("sign", "verify"), b"seedvault/seal/1"),
        KeySummary(
            "fingerprint key", "HMAC-SHA-256", ("sign", "verify"), b"seedvault/fingerprint/1"
        ),
        KeySummary("checkpoint key", "ECDSA P-256", ("sign",), b"seedvault/checkpoint/1"),
        KeySummary("export key", "AES-256", ("encrypt", "decrypt"), b"seedvault/export/1"),
    )


def test_a_second_ceremony_is_refused_and_changes_nothing() -> None:
    location = vault_location("twice")
    keystore = Keystore.connect(location, pin())
    seal = keystore.seal(b"row")

    with pytest.raises(Policy, match="nothing was changed"):
        initialise(location, pin(), pin(TEST_SO_PIN))

    assert keystore.seal_matches(b"row", seal)
    keystore.close()


def test_a_pkcs11_token_that_is_there_already_is_used() -> None:
    location = vault_location("emptied")
    _remove_all(location)

    initialise(location, pin(), pin(TEST_SO_PIN))

    Keystore.connect(location, pin()).close()


def test_without_an_so_pin_the_pkcs11_token_must_be_there() -> None:
    with pytest.raises(KeyNotFound, match="no PKCS#11 token"):
        initialise(fresh_location("custodian"), pin(), None)


def test_the_pin_of_a_pkcs11_token_that_is_there_must_fit() -> None:
    with pytest.raises(PinRejected):
        initialise(vault_location("other-pin"), pin("000000"), pin(TEST_SO_PIN))


@pytest.mark.parametrize("key", REQUIRED)
def test_a_missing_key_is_named(key: VaultKey) -> None:
    location = vault_location("lost-key")
    _remove_all(location, key)

    with pytest.raises(KeyNotFound, match=key.identifier.decode()):
        Keystore.connect(location, pin())


def test_a_key_that_is_there_twice_is_no_key() -> None:
    location = vault_location("two-keks")
    connection = Connection(location, pin())
    with _workshop(connection) as session:
        ceremony._make_secret(session, ceremony._KEK, KeyType.AES, {})
    connection.close()

    with pytest.raises(KeyNotFound, match="2 keys"):
        Keystore.connect(location, pin())


def test_nothing_stays_of_a_ceremony_whose_proof_fails() -> None:
    location = vault_location("unproven")
    _remove_all(location)
    cryptoki = Module.load(library()).cryptoki

    with (
        returning(cryptoki, "wrap_key", Rv.MECHANISM_INVALID),
        pytest.raises(Unsupported, match="cannot hold a vault"),
    ):
        initialise(location, pin(), pin(TEST_SO_PIN))

    initialise(location, pin(), pin(TEST_SO_PIN))


def test_an_attribute_the_module_ignores_ends_the_ceremony(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = ceremony._make_secret

    def ignoring(
        session: Session, recipe: ceremony._Recipe, kind: KeyType, more: dict[Attribute, object]
    ) -> None:
        asked(session, recipe, kind, {**more, Attribute.MODIFIABLE: True})

    monkeypatch.setattr(ceremony, "_make_secret", ignoring)

    with pytest.raises(Unsupported, match="MODIFIABLE = True"):
        initialise(fresh_location("ignoring"), pin(), pin(TEST_SO_PIN))


def test_a_kek_that_gives_its_seeds_away_ends_the_ceremony(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hsm.templates.UNWRAPPED", Template())

    with pytest.raises(Unsupported, match="unwrapping a seed that can be read is allowed"):
        initialise(fresh_location("open-kek"), pin(), pin(TEST_SO_PIN))


def test_a_module_without_a_free_slot_is_named() -> None:
    module = Module.load(library())
    slots = len(module.slots())

    with (
        returning(module.cryptoki, "get_token_info", *[Rv.TOKEN_NOT_PRESENT] * 2 * slots),
        pytest.raises(KeyNotFound, match="no free slot"),
    ):
        initialise(fresh_location("full"), pin(), pin(TEST_SO_PIN))


def _remove_all(location: Location, *keys: VaultKey) -> None:
    connection = Connection(location, pin())
    with _workshop(connection) as session:
        for key in keys or VaultKey:
            for found in _objects(session, key):
                found.destroy()
    connection.close()
