"""After a fork both sides answer, each with a login of its own."""

import hmac
import os
from collections.abc import Callable

from hsm import Digest, Keystore

SEED = b"12345678901234567890"


def _child_says(work: Callable[[], bool]) -> bool:
    child = os.fork()
    if child == 0:
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
