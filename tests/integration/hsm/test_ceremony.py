"""The ceremony makes the keys of a vault, once, and proves them."""

from collections.abc import Callable

import pytest
from pkcs11 import Attribute

from hsm import (
    Demands,
    KeyNotFound,
    Keystore,
    Location,
    PinRejected,
    Policy,
    Report,
    Unsupported,
    ceremony,
    initialise,
)
from hsm.connection import Connection
from hsm.module import Module
from hsm.probe import examine
from hsm.session import Session
from hsm.templates import Cka, Template
from hsm.translate import Rv
from hsm.vault_key import FIRST, VaultKey
from hsm.workshop import Workshop, workshop
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

    told = [(each.report.purpose, each.report.kind, each.report.uses) for each in made]
    assert told == [
        ("KEK", "AES-256", ("wrap", "unwrap")),
        ("seal key", "HMAC-SHA-256", ("sign", "verify")),
        ("fingerprint key", "HMAC-SHA-256", ("sign", "verify")),
        ("checkpoint key", "ECDSA P-256", ("sign",)),
        ("export key", "AES-256", ("encrypt", "decrypt")),
    ]
    assert [each.report.name for each in made] == ["k1", "s1", "f1", "c1", "x1"]
    assert made[0].report.identifier == b"seedvault/kek/k1"


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


@pytest.mark.parametrize("key", FIRST.required)
def test_a_missing_key_is_named(key: VaultKey) -> None:
    location = vault_location("lost-key")
    _remove_all(location, key)

    with pytest.raises(KeyNotFound, match=key.identifier.decode()):
        Keystore.connect(location, pin())


def test_a_key_that_is_there_twice_is_no_key() -> None:
    location = vault_location("two-keks")
    connection = Connection(location, pin())
    with workshop(connection) as shop:
        ceremony._make(shop, FIRST.kek, None, [])
    connection.close()

    with pytest.raises(KeyNotFound, match="2 keys"):
        Keystore.connect(location, pin())


def test_nothing_stays_of_a_ceremony_whose_proof_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    location = vault_location("unproven")
    _remove_all(location)

    with monkeypatch.context() as readable:
        readable.setattr("hsm.ceremony.probe.examine", lambda asked: _examined(asked, readable))
        with pytest.raises(Unsupported, match=r"reading the KEK is allowed.*cannot hold a vault"):
            initialise(location, pin(), pin(TEST_SO_PIN))

    initialise(location, pin(), pin(TEST_SO_PIN))


def _examined(connection: Connection, readable: pytest.MonkeyPatch) -> Report:
    """An examination that finds all well, after which every value can be read."""
    report = examine(connection)
    attribute: Callable[[Session, int, Cka], bytes] = Session.attribute

    def shown(session: Session, handle: int, kind: Cka) -> bytes:
        return b"value" if kind is Cka.VALUE else attribute(session, handle, kind)

    readable.setattr(Session, "attribute", shown)
    return report


def test_an_attribute_the_module_ignores_ends_the_ceremony(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = ceremony._generate

    def ignoring(shop: Workshop, key: VaultKey, template: dict[Attribute, object]) -> object:
        return asked(shop, key, {**template, Attribute.MODIFIABLE: True})

    monkeypatch.setattr(ceremony, "_generate", ignoring)

    with pytest.raises(Unsupported, match="MODIFIABLE = True"):
        initialise(fresh_location("ignoring"), pin(), pin(TEST_SO_PIN))


def test_a_kek_that_gives_its_seeds_away_ends_the_ceremony(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hsm.templates.UNWRAPPED", Template())

    with pytest.raises(Policy, match=r"unwraps-readable: .*\nNo key was made"):
        initialise(fresh_location("open-kek"), pin(), pin(TEST_SO_PIN))


def test_a_weakness_that_was_accepted_is_lived_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hsm.templates.UNWRAPPED", Template())
    location = fresh_location("accepted")

    initialise(location, pin(), pin(TEST_SO_PIN), demands=Demands(accept_weaknesses=True))

    Keystore.connect(location, pin()).close()


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
    with workshop(connection) as shop:
        for key in keys or FIRST.objects:
            for found in shop.objects(key):
                found.destroy()
    connection.close()
