"""After a fork both sides answer, each with a login of its own."""

import hmac
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from hsm import Digest, Keystore

SEED = b"12345678901234567890"
HUNG_S = 30


def _child_says(work: Callable[[], bool]) -> bool:
    child = os.fork()
    if child == 0:
        signal.alarm(HUNG_S)  # a child that hangs is killed, and says nothing good
        try:
            os._exit(0 if work() else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_parent_and_child_both_answer_after_a_fork(keystore: Keystore) -> None:
    seal = keystore.seal(b"row")

    assert _child_says(lambda: keystore.seal_matches(b"row", seal))
    assert keystore.seal_matches(b"row", seal)


def test_a_key_opened_before_the_fork_serves_on_both_sides(keystore: Keystore) -> None:
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key
    expected = hmac.digest(SEED, b"m", "sha1")

    with keystore.open(key, Digest.SHA1) as opened:
        assert _child_says(lambda: opened.mac(b"m") == expected)
        assert opened.mac(b"m") == expected


def test_a_child_may_leave_the_block_of_its_parent(keystore: Keystore) -> None:
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key
    opened = keystore.open(key, Digest.SHA1)
    opened.__enter__()

    def leave() -> bool:
        opened.__exit__(None, None, None)
        return keystore.seal_matches(b"", keystore.seal(b""))

    assert _child_says(leave)
    opened.__exit__(None, None, None)


def test_a_child_may_import_while_its_parent_does(keystore: Keystore) -> None:
    mark = keystore.wrap(bytearray(SEED), Digest.SHA1).fingerprint

    assert _child_says(lambda: keystore.wrap(bytearray(SEED), Digest.SHA1).fingerprint == mark)
    assert keystore.wrap(bytearray(SEED), Digest.SHA1).fingerprint == mark


def test_the_child_of_a_child_answers_as_well(keystore: Keystore) -> None:
    seal = keystore.seal(b"row")

    def grandchild_and_child() -> bool:
        return _child_says(lambda: keystore.seal_matches(b"row", seal)) and keystore.seal_matches(
            b"row", seal
        )

    assert _child_says(grandchild_and_child)
    assert _child_says(lambda: _child_says(lambda: keystore.seal_matches(b"row", seal)))


@contextmanager
def _busy(keystore: Keystore, threads: int) -> Iterator[list[bool]]:
    """Threads that verify until the block ends, and whether their answers were right."""
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key
    stop, right = threading.Event(), []

    def verify() -> None:
        while not stop.is_set():
            with keystore.open(key, Digest.SHA1) as opened:
                right.append(opened.mac(b"m") == hmac.digest(SEED, b"m", "sha1"))

    workers = [threading.Thread(target=verify) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        yield right
    finally:
        stop.set()
        for worker in workers:
            worker.join()


def test_children_of_a_process_at_work_answer(keystore: Keystore) -> None:
    """A child inherits the locks that other threads held in the library: 45 of 100 hung."""
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key

    def verify() -> bool:
        with keystore.open(key, Digest.SHA1) as opened:
            return opened.mac(b"m") == hmac.digest(SEED, b"m", "sha1")

    with _busy(keystore, 4) as right:
        assert all(_child_says(verify) for _ in range(12))

    assert right
    assert all(right)


def test_parent_and_child_verify_at_the_same_time(keystore: Keystore) -> None:
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key

    def verify_often() -> bool:
        answers = []
        for _ in range(500):
            with keystore.open(key, Digest.SHA1) as opened:
                answers.append(opened.mac(b"m"))
        return set(answers) == {hmac.digest(SEED, b"m", "sha1")}

    with _busy(keystore, 1) as right:
        assert _child_says(verify_often)
        before = len(right)
        while len(right) == before:  # the parent goes on
            pass

    assert all(right)


def test_a_fork_does_not_wait_for_ever(keystore: Keystore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keystore._connection.module.gate, "patience_s", 0.05)
    inside, done = threading.Event(), threading.Event()

    def stay() -> None:
        with keystore.attended():
            inside.set()
            done.wait()

    other = threading.Thread(target=stay)
    other.start()
    inside.wait()
    seal = keystore.seal(b"row")

    assert _child_says(lambda: keystore.seal_matches(b"row", seal))
    done.set()
    other.join()
    assert keystore.seal_matches(b"row", seal)
