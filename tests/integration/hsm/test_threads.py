"""Threads share one login and one module, and each gets right answers."""

import hmac
import threading
import time
from collections.abc import Callable

import pytest

from hsm import Digest, HsmError, Keystore, Unavailable
from hsm import link as link_module

SEED = b"12345678901234567890"
THREADS = 8


def _in_threads(number: int, work: Callable[[int], object]) -> list[Exception]:
    """What went wrong in `number` threads that each ran `work`."""
    errors: list[Exception] = []

    def guarded(index: int) -> None:
        try:
            work(index)
        except (HsmError, AssertionError) as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_eight_threads_get_right_answers(keystore: Keystore) -> None:
    until = time.monotonic() + 2

    def work(index: int) -> None:
        seed = SEED + bytes([index + 1])
        key = keystore.wrap(bytearray(seed), Digest.SHA1).key
        while time.monotonic() < until:
            with keystore.open(key, Digest.SHA1) as opened:
                assert opened.mac(b"m") == hmac.digest(seed, b"m", "sha1")
            assert keystore.seal_matches(seed, keystore.seal(seed))

    assert _in_threads(THREADS, work) == []


def test_threads_get_right_answers_while_the_module_restarts(keystore: Keystore) -> None:
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key
    until = time.monotonic() + 1

    def work(index: int) -> None:
        while time.monotonic() < until:
            if index == 0:
                keystore.recycle()
            with keystore.open(key, Digest.SHA1) as opened:
                assert opened.mac(b"m") == hmac.digest(SEED, b"m", "sha1")
                assert keystore.seal_matches(b"", keystore.seal(b""))

    assert _in_threads(THREADS, work) == []


def test_more_threads_than_sessions_take_turns(keystore: Keystore) -> None:
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key

    def work(_index: int) -> None:
        with keystore.open(key, Digest.SHA1) as opened:
            time.sleep(0.01)
            assert opened.mac(b"m") == hmac.digest(SEED, b"m", "sha1")

    assert _in_threads(3 * link_module.SESSIONS_MAX, work) == []


def test_a_thread_that_finds_no_session_is_told(
    keystore: Keystore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "SESSION_WAIT_S", 0.05)
    ready = threading.Barrier(link_module.SESSIONS_MAX + 1)
    done = threading.Event()

    def keep(_index: int) -> None:
        session = keystore._connection.borrow()
        ready.wait()
        done.wait()
        keystore._connection.give_back(session)

    keepers = [
        threading.Thread(target=keep, args=(index,)) for index in range(link_module.SESSIONS_MAX)
    ]
    for keeper in keepers:
        keeper.start()
    ready.wait()

    with pytest.raises(
        Unavailable,
        match=r"all 16 sessions of this process are in use, .* in 0\.05 s: try again",
    ):
        keystore.seal(b"")
    done.set()
    for keeper in keepers:
        keeper.join()

    assert keystore.seal(b"")


def test_one_more_than_there_are_sessions_waits_and_gets_one(keystore: Keystore) -> None:
    seal, answers = keystore.seal(b"row"), []
    ready = threading.Barrier(link_module.SESSIONS_MAX + 1)
    waiting, turns = threading.Event(), threading.Semaphore(0)

    def keep() -> None:
        with keystore.attended():
            ready.wait()
            turns.acquire()

    def late() -> None:
        waiting.set()
        answers.append(keystore.seal(b"row"))

    keepers = [threading.Thread(target=keep) for _ in range(link_module.SESSIONS_MAX)]
    for keeper in keepers:
        keeper.start()
    ready.wait()
    latecomer = threading.Thread(target=late)
    latecomer.start()
    waiting.wait()
    assert answers == []
    turns.release()
    latecomer.join()

    assert answers == [seal]
    turns.release(link_module.SESSIONS_MAX - 1)
    for keeper in keepers:
        keeper.join()


def test_an_opened_key_serves_its_own_thread_only(keystore: Keystore) -> None:
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key

    with keystore.open(key, Digest.SHA1) as opened:
        (error,) = _in_threads(1, lambda _index: opened.mac(b"m"))

    assert "its own thread" in str(error)
