"""Keys come back from their copies on a fresh PKCS#11 token, and seeds move from KEK to KEK."""

import hashlib
import hmac
import os

import pytest

from hsm import (
    FIRST,
    Ceremony,
    Digest,
    Integrity,
    KeyNotFound,
    Keyring,
    Keystore,
    Location,
    MadeKey,
    Policy,
    Quorum,
    RecoveryKey,
    Terms,
    Unsupported,
    VaultKey,
    initialise,
    named,
)
from hsm.connection import Connection
from hsm.place import prepare
from hsm.templates import EXPOSED_SEED
from tests.support.softhsm import TEST_SO_PIN, fresh_location, pin

SEED = b"12345678901234567890"


@pytest.fixture(scope="module")
def recovery() -> RecoveryKey:
    return RecoveryKey.generate(Quorum(1, 1), os.urandom)[0]


@pytest.fixture
def place() -> Location:
    return fresh_location("copied")


@pytest.fixture
def made(place: Location, recovery: RecoveryKey) -> tuple[MadeKey, ...]:
    """The keys of a vault with copies."""
    return initialise(place, pin(), pin(TEST_SO_PIN), recovery)


def copies(made: tuple[MadeKey, ...]) -> dict[VaultKey, bytes]:
    return {named(each.report.name): each.copy for each in made if each.copy}


def mac(keystore: Keystore, sealed: object) -> bytes:
    with keystore.open(sealed, Digest.SHA1) as key:  # type: ignore[arg-type]
        return key.mac(b"m")


def test_all_but_the_signing_key_are_copied(made: tuple[MadeKey, ...]) -> None:
    assert {key.name for key in copies(made)} == {"k1", "s1", "f1", "x1"}


def test_a_copied_key_is_as_closed_as_any(made: tuple[MadeKey, ...], place: Location) -> None:
    """The way by copy and session object must end with the attributes asked for at the start."""
    for each in made:
        protection = dict(each.report.attributes)
        assert (protection["SENSITIVE"], protection["EXTRACTABLE"]) == (True, False)
        assert (protection["MODIFIABLE"], protection["TOKEN"]) == (False, True)
    keystore = Keystore.connect(place, pin())
    blob = keystore.wrap(bytearray(SEED), Digest.SHA1).key.blob
    with pytest.raises(Unsupported, match="TEMPLATE_INCONSISTENT"):
        keystore._connection.run(lambda s: s.unwrap(s.key(FIRST.kek), blob, EXPOSED_SEED))
    keystore.close()


def test_the_keys_come_back_on_a_fresh_pkcs11_token(
    made: tuple[MadeKey, ...], place: Location, recovery: RecoveryKey
) -> None:
    keystore = Keystore.connect(place, pin())
    wrapped = keystore.wrap(bytearray(SEED), Digest.SHA1, Terms(exportable=True))
    seal = keystore.seal(b"row")
    keystore.close()
    second = fresh_location("second")
    prepare(second, pin(), pin(TEST_SO_PIN))

    with Ceremony(second, pin()) as ceremony:
        reports = ceremony.restore(copies(made), recovery)
        ceremony.make([FIRST.checkpoint], None)

    before = {each.report.name: each.report.check_value for each in made}
    assert {each.name: each.check_value for each in reports}.items() <= before.items()
    restored = Keystore.connect(second, pin())
    assert mac(restored, wrapped.key) == hmac.digest(SEED, b"m", hashlib.sha1)
    assert restored.seal_matches(b"row", seal)
    assert restored.fingerprint(wrapped.key) == wrapped.fingerprint
    restored.close()


def test_another_recovery_key_brings_nothing_back(made: tuple[MadeKey, ...]) -> None:
    second = fresh_location("wrong-shares")
    prepare(second, pin(), pin(TEST_SO_PIN))
    other, _ = RecoveryKey.generate(Quorum(1, 1), os.urandom)
    with Ceremony(second, pin()) as ceremony:
        with pytest.raises(Integrity):
            ceremony.restore(copies(made), other)
        ceremony.refuse_existing(FIRST.objects)


def test_keys_that_are_there_are_not_restored_over(
    made: tuple[MadeKey, ...], place: Location, recovery: RecoveryKey
) -> None:
    with Ceremony(place, pin()) as ceremony, pytest.raises(Policy, match="nothing was changed"):
        ceremony.restore(copies(made), recovery)


def test_a_seed_moves_to_the_next_kek_inside_the_module(
    made: tuple[MadeKey, ...], place: Location, recovery: RecoveryKey
) -> None:
    old = Keystore.connect(place, pin())
    before = old.wrap(bytearray(SEED), Digest.SHA1)
    keyring = Keyring(kek=FIRST.kek.next, fingerprint=FIRST.fingerprint.next)
    with Ceremony(place, pin()) as ceremony:
        ceremony.make([keyring.kek, keyring.fingerprint], recovery)
    new = Keystore.connect(place, pin(), keyring)

    retired = {name.name: copy for name, copy in copies(made).items() if name == FIRST.kek}
    with new.rewrapper(retired, recovery) as rewrapper:
        after = rewrapper.rewrap(before.key)

    assert (after.key.kek_id, after.key.length) == ("k2", len(SEED))
    assert after.key.blob != before.key.blob
    assert after.fingerprint == new.fingerprint(before.key) != before.fingerprint
    with Ceremony(place, pin()) as ceremony:
        ceremony.destroy(FIRST.kek)
    new.recycle()
    assert mac(new, after.key) == hmac.digest(SEED, b"m", hashlib.sha1)
    with pytest.raises(KeyNotFound, match="k1"):
        mac(new, before.key)
    old.close()
    new.close()


def test_rewrapping_stops_at_a_damaged_blob_and_an_unknown_kek(
    made: tuple[MadeKey, ...], place: Location, recovery: RecoveryKey
) -> None:
    keystore = Keystore.connect(place, pin())
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key
    damaged = type(key)(key.format, key.kek_id, key.length, key.blob[:-1] + b"\0")
    retired = {"k1": copies(made)[FIRST.kek]}
    with keystore.rewrapper(retired, recovery) as rewrapper, pytest.raises(Integrity):
        rewrapper.rewrap(damaged)
    with keystore.rewrapper({}, recovery) as rewrapper, pytest.raises(KeyNotFound, match="k1"):
        rewrapper.rewrap(key)
    keystore.close()


def test_rewrapping_goes_on_after_the_module_restarted(
    made: tuple[MadeKey, ...], place: Location, recovery: RecoveryKey
) -> None:
    keystore = Keystore.connect(place, pin())
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key
    with keystore.rewrapper({"k1": copies(made)[FIRST.kek]}, recovery) as rewrapper:
        rewrapper.rewrap(key)
        keystore.recycle()
        assert rewrapper.rewrap(key).key.kek_id == "k1"
    keystore.close()


def test_a_wrong_recovery_key_is_found_before_the_first_seed(
    made: tuple[MadeKey, ...], place: Location
) -> None:
    other, _ = RecoveryKey.generate(Quorum(1, 1), os.urandom)
    keystore = Keystore.connect(place, pin())
    retired = {"k1": copies(made)[FIRST.kek]}
    with pytest.raises(Integrity), keystore.rewrapper(retired, other):
        pass
    keystore.close()


def test_check_values_tell_keys_apart_and_stay(place: Location, made: tuple[MadeKey, ...]) -> None:
    values = [each.report.check_value for each in made]
    assert len(set(values)) == len(values)
    with Ceremony(place, pin()) as ceremony:
        assert [ceremony.report(key).check_value for key in FIRST.made] == values


def test_a_destroyed_key_is_gone_and_is_not_destroyed_twice(
    place: Location, made: tuple[MadeKey, ...]
) -> None:
    with Ceremony(place, pin()) as ceremony:
        ceremony.destroy(FIRST.checkpoint)
        with pytest.raises(KeyNotFound, match="c1"):
            ceremony.destroy(FIRST.checkpoint)
    connection = Connection(place, pin())
    for key in (FIRST.checkpoint, FIRST.checkpoint_public):
        assert connection.run(lambda session, key=key: session.find_all(key)) == []  # type: ignore[misc]
    connection.close()


def test_whoever_loses_a_race_for_a_name_leaves_the_other_ones_key(
    made: tuple[MadeKey, ...], place: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both looked before either made it; in the vault, a lock keeps them apart."""
    second = FIRST.seal.next
    with Ceremony(place, pin()) as one, Ceremony(place, pin()) as other:
        one.make([second], None)
        monkeypatch.setattr(other, "refuse_existing", lambda keys: None)
        with pytest.raises(Policy, match="several objects"):
            other.make([second], None)
        assert one.report(second).name == "s2"


def test_a_recovery_key_is_wiped_while_an_error_still_points_at_it(place: Location) -> None:
    recovery, _ = RecoveryKey.generate(Quorum(1, 1), os.urandom)
    with recovery.expose() as octets:
        held = memoryview(octets)
    recovery.wipe()
    assert bytes(held) == bytes(32)
    with pytest.raises(Policy, match="wiped"), recovery.expose():
        pass
