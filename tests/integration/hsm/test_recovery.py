"""What the module loses is opened again, once; what stays broken is said."""

import hmac
import threading
from ctypes import create_string_buffer
from dataclasses import replace
from pathlib import Path

import pytest

from hsm import (
    Cipher,
    Digest,
    KeyNotFound,
    Keystore,
    Location,
    PinRejected,
    Policy,
    Unavailable,
)
from hsm.module import Module
from hsm.translate import Rv
from hsm.vault_key import FIRST
from tests.support.softhsm import encrypted, pin, returning, vault_location

SEED = b"12345678901234567890"
LOST = (Rv.SESSION_HANDLE_INVALID, Rv.KEY_HANDLE_INVALID, Rv.DEVICE_REMOVED)


@pytest.mark.parametrize("value", LOST)
def test_a_lost_session_is_opened_again(keystore: Keystore, value: Rv) -> None:
    seal = keystore.seal(b"row")

    with returning(keystore._connection.module.cryptoki, "sign", value) as left:
        assert keystore.seal(b"row") == seal

    assert not left


@pytest.mark.parametrize("value", LOST)
def test_a_session_lost_twice_is_unavailable(keystore: Keystore, value: Rv) -> None:
    with (
        returning(keystore._connection.module.cryptoki, "sign", value, value),
        pytest.raises(Unavailable, match=value.name),
    ):
        keystore.seal(b"row")


def test_an_opened_key_that_is_lost_is_opened_again(keystore: Keystore) -> None:
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key
    cryptoki = keystore._connection.module.cryptoki

    with (
        keystore.open(key, Digest.SHA1) as opened,
        returning(cryptoki, "sign_init", Rv.KEY_HANDLE_INVALID),
    ):
        mac = opened.mac(b"m")

    assert mac == hmac.digest(SEED, b"m", "sha1")


def test_a_seal_is_checked_anew_while_a_key_is_open(keystore: Keystore) -> None:
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key
    seal, cryptoki = keystore.seal(b"row"), keystore._connection.module.cryptoki

    with keystore.open(key, Digest.SHA1) as opened:
        with returning(cryptoki, "verify_init", Rv.SESSION_HANDLE_INVALID):
            assert keystore.seal_matches(b"row", seal)
        assert opened.mac(b"m") == hmac.digest(SEED, b"m", "sha1")


def test_a_library_finalised_by_another_is_initialised_again(keystore: Keystore) -> None:
    seal = keystore.seal(b"row")
    keystore._connection.module.cryptoki.finalize(None)

    assert keystore.seal_matches(b"row", seal)


def test_a_library_restarted_by_another_is_logged_in_to_again(keystore: Keystore) -> None:
    seal, module = keystore.seal(b"row"), keystore._connection.module
    module.cryptoki.finalize(None)
    module._initialise()

    assert keystore.seal_matches(b"row", seal)


def test_a_number_given_to_another_seed_meanwhile_is_not_used(location: Location) -> None:
    keystore = Keystore.connect(location, pin())
    mine, others = (keystore.wrap(bytearray(seed), Digest.SHA1).key for seed in (SEED, SEED[::-1]))
    module, computed = keystore._connection.module, threading.Barrier(2, timeout=20)
    keystore.recycle()
    keystore.seal(b"")  # a number more is spent, as the other thread will spend one to find out

    def another_thread() -> None:
        with keystore.open(others, Digest.SHA1) as opened:
            handles.append(opened._handle)
            computed.wait()
            computed.wait()

    with keystore.open(mine, Digest.SHA1) as opened:
        handles = [opened._handle]
        module.cryptoki.finalize(None)
        module._initialise()
        other = threading.Thread(target=another_thread)
        other.start()
        computed.wait()
        mac = opened.mac(b"m")
        computed.wait()
        other.join()

    assert handles[0] == handles[1]
    assert mac == hmac.digest(SEED, b"m", "sha1")
    keystore.close()


def test_recycling_keeps_every_keystore_of_the_process_in_service(keystore: Keystore) -> None:
    other = Keystore.connect(vault_location("other"), pin())
    seals = keystore.seal(b"row"), other.seal(b"row")
    keystore.recycle()

    assert other.seal_matches(b"row", seals[1])
    assert keystore.seal_matches(b"row", seals[0])
    assert not keystore.seal_matches(b"row", seals[1])
    other.close()


def test_recycling_is_refused_while_this_thread_holds_a_key(keystore: Keystore) -> None:
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key

    with keystore.open(key, Digest.SHA1) as opened:
        with pytest.raises(Unavailable, match="still holds an opened key"):
            keystore.recycle()
        assert opened.mac(b"m") == hmac.digest(SEED, b"m", "sha1")


def test_recycling_gives_leaked_memory_back(keystore: Keystore) -> None:
    key = bytes(16)
    ciphertext = encrypted(key, bytes(16), SEED)

    def load() -> None:
        with keystore.transport_key(Cipher.AES_128_CBC, key) as transport:
            for _ in range(3000):
                keystore.import_encrypted(transport, ciphertext, Digest.SHA1)
        keystore.recycle()

    load()
    before = _resident_kb()
    load()
    load()

    assert _resident_kb() - before < 500  # without: 2 x 3000 x 240 octets = 1,400 kB


def test_a_session_whose_key_was_not_destroyed_is_closed(keystore: Keystore) -> None:
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key
    cryptoki = keystore._connection.module.cryptoki
    session = keystore._connection.borrow()
    keystore._connection.give_back(session)

    with (
        returning(cryptoki, "destroy_object", Rv.GENERAL_ERROR),
        keystore.open(key, Digest.SHA1),
    ):
        pass

    assert not session.healthy
    with pytest.raises(Unavailable, match="SESSION_HANDLE_INVALID"):
        session.hmac(session.key(FIRST.seal), Digest.SHA256, b"")


def test_a_session_that_does_not_open_is_not_counted_as_lent(location: Location) -> None:
    keystore = Keystore.connect(location, pin())
    keystore.recycle()
    keystore.seal(b"")
    link = keystore._connection._current_link()
    link._idle.clear()

    for _ in range(20):
        with (
            returning(link.module.cryptoki, "open_session", 0xB1),
            pytest.raises(Unavailable, match="SESSION_COUNT"),
        ):
            keystore.seal(b"")

    assert keystore.seal(b"")
    keystore.close()


def test_a_pkcs11_token_that_is_late_is_waited_for(keystore: Keystore) -> None:
    keystore.recycle()
    module = keystore._connection.module
    slots = len(module.slots())

    with returning(module.cryptoki, "get_token_info", *[Rv.GENERAL_ERROR] * slots) as left:
        assert keystore.seal(b"")

    assert not left


def test_a_broken_slot_hides_no_other(keystore: Keystore) -> None:
    module = keystore._connection.module
    every = {slot for slot, _ in module.slots()}

    with returning(module.cryptoki, "get_token_info", Rv.GENERAL_ERROR):
        answering = {slot for slot, _ in module.slots()}

    assert len(every - answering) == 1
    assert answering < every


def test_a_failed_login_closes_its_session(keystore: Keystore) -> None:
    keystore.recycle()
    cryptoki, closed = keystore._connection.module.cryptoki, []
    close = cryptoki.close_session

    def counting(session: int) -> int:
        closed.append(session)
        return close(session)

    cryptoki.close_session = counting
    try:
        with (
            returning(cryptoki, "login", Rv.GENERAL_ERROR),
            pytest.raises(Unavailable, match="login"),
        ):
            keystore.seal(b"")
    finally:
        cryptoki.close_session = close

    assert len(closed) == 1
    assert keystore.seal(b"")


def test_a_pkcs11_token_read_while_another_process_writes_it_is_read_again(
    keystore: Keystore,
) -> None:
    """SoftHSM then says that it has no user PIN. None was compared: this is no second try."""
    seal, cryptoki = keystore.seal(b"row"), keystore._connection.module.cryptoki
    keystore.recycle()

    with returning(cryptoki, "login", Rv.USER_PIN_NOT_INITIALIZED) as left:
        assert keystore.seal(b"row") == seal

    assert not left


def test_a_pkcs11_token_without_a_pin_is_said_and_may_get_one(keystore: Keystore) -> None:
    cryptoki = keystore._connection.module.cryptoki
    keystore.recycle()

    with (
        returning(cryptoki, "login", *[Rv.USER_PIN_NOT_INITIALIZED] * 4) as left,
        pytest.raises(PinRejected, match="has no user PIN yet"),
    ):
        keystore.seal(b"row")

    assert not left
    assert keystore.seal(b"row")


def test_a_refused_pin_is_refused_by_an_error_of_its_own_each_time(location: Location) -> None:
    """One error raised again and again keeps each caller's frames: 600 MB in a minute."""
    keystore = Keystore.connect(location, pin())
    cryptoki = keystore._connection.module.cryptoki
    keystore.recycle()
    errors = []

    with returning(cryptoki, "login", Rv.PIN_INCORRECT) as left:
        for _ in range(3):
            with pytest.raises(PinRejected, match="PIN_INCORRECT") as caught:
                keystore.seal(b"row")
            errors.append(caught.value)

    assert not left
    assert len({id(error) for error in errors}) == 3
    keystore.close()


def test_two_pkcs11_tokens_of_one_label_are_told_apart_by_serial() -> None:
    location = vault_location("twin")
    module = Module.load(location.library)
    slot, cryptoki = module.free_slot(), module.cryptoki
    label = create_string_buffer(location.token_label.encode().ljust(32), 32)
    cryptoki.init_token(slot, create_string_buffer(b"so-1234"), 7, label)
    serials = {
        token.serial.decode().strip()
        for _, token in module.slots()
        if token.label.decode().strip() == location.token_label
    }

    with pytest.raises(Policy, match="2 times"):
        module.locate(location)
    assert len({module.locate(replace(location, token_serial=serial)) for serial in serials}) == 2


def test_a_pkcs11_token_gone_for_good_is_not_found(keystore: Keystore) -> None:
    keystore._connection.location = Location(keystore._connection.location.library, "gone")
    keystore.recycle()

    with pytest.raises(KeyNotFound, match="gone"):
        keystore.seal(b"")


def _resident_kb() -> int:
    line = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in line
    )
    return int(line.split()[1])
