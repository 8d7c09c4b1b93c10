"""Many HMACs under one opened key: right, whatever happens to the module between two of them."""

import hmac
import os
import signal
import threading
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from hsm import Digest, Keystore, Unavailable, WrappedKey
from hsm.mac import CHUNK
from hsm.translate import Rv
from tests.support.softhsm import returning

SEED = b"12345678901234567890"
MANY = [number.to_bytes(8, "big") for number in range(2 * CHUNK + 1)]
PATIENCE_S = 20

AtThe700th = Callable[[str, Callable[[], int]], None]


def _expected(digest: Digest = Digest.SHA1) -> list[bytes]:
    return [hmac.digest(SEED, message, digest.algorithm) for message in MANY]


@pytest.fixture
def key(keystore: Keystore) -> WrappedKey:
    return keystore.wrap(bytearray(SEED), Digest.SHA1).key


@pytest.mark.parametrize("digest", Digest)
def test_each_message_has_its_own_mac_in_its_place(keystore: Keystore, digest: Digest) -> None:
    key = keystore.wrap(bytearray(SEED), digest).key
    with keystore.open(key, digest) as opened:
        assert opened.macs(MANY) == _expected(digest)


def test_messages_may_differ_in_length(keystore: Keystore, key: WrappedKey) -> None:
    messages = [b"", b"m", bytes(300), b"m"]
    with keystore.open(key, Digest.SHA1) as opened:
        assert opened.macs(messages) == [hmac.digest(SEED, each, "sha1") for each in messages]


def test_of_no_message_there_is_no_mac(keystore: Keystore, key: WrappedKey) -> None:
    with keystore.open(key, Digest.SHA1) as opened:
        assert opened.macs([]) == []


@pytest.fixture
def at_the_700th(keystore: Keystore) -> Iterator[AtThe700th]:
    """Does something at the 700th call of a function, in the middle of the second chunk.

    It returns what the function returns, or 0 to have it called.
    """
    cryptoki = keystore._connection.module.cryptoki
    real = {name: getattr(cryptoki, name) for name in ("bare_sign", "bare_sign_init")}

    def meet(name: str, do: Callable[[], int]) -> None:
        calls = count()

        def called(*arguments: object) -> int:
            met = do() if next(calls) == 700 else 0
            return met or int(real[name](*arguments))

        setattr(cryptoki, name, called)

    yield meet
    for name, function in real.items():
        setattr(cryptoki, name, function)


@pytest.mark.parametrize("function", ["bare_sign", "bare_sign_init"])
@pytest.mark.parametrize("value", [Rv.DEVICE_ERROR, Rv.FUNCTION_FAILED, 0x8000_0001])
def test_a_failure_in_the_middle_is_heard(
    keystore: Keystore,
    key: WrappedKey,
    at_the_700th: AtThe700th,
    function: str,
    value: int,
) -> None:
    at_the_700th(function, lambda: value)
    with pytest.raises(Unavailable), keystore.open(key, Digest.SHA1) as opened:
        opened.macs(MANY)


@pytest.mark.parametrize("function", ["bare_sign", "bare_sign_init"])
@pytest.mark.parametrize("value", [Rv.SESSION_HANDLE_INVALID, Rv.KEY_HANDLE_INVALID])
def test_a_session_lost_in_the_middle_is_opened_again(
    keystore: Keystore,
    key: WrappedKey,
    at_the_700th: AtThe700th,
    function: str,
    value: int,
) -> None:
    at_the_700th(function, lambda: value)
    with keystore.open(key, Digest.SHA1) as opened:
        assert opened.macs(MANY) == _expected()


def test_one_lost_twice_is_unavailable(keystore: Keystore, key: WrappedKey) -> None:
    cryptoki = keystore._connection.module.cryptoki
    lost = Rv.SESSION_HANDLE_INVALID
    with (
        pytest.raises(Unavailable, match=lost.name),
        keystore.open(key, Digest.SHA1) as opened,
        returning(cryptoki, "sign", lost, lost),
    ):
        opened.macs(MANY)


def test_a_restart_that_waits_goes_ahead_between_two_chunks(
    keystore: Keystore,
    key: WrappedKey,
    at_the_700th: AtThe700th,
) -> None:
    module = keystore._connection.module
    restart = threading.Thread(target=module.restart, args=(PATIENCE_S,))
    before = module.generation

    def begin_a_restart() -> int:
        restart.start()
        while not module.gate.closing:
            pass
        return 0

    at_the_700th("bare_sign", begin_a_restart)
    with keystore.open(key, Digest.SHA1) as opened:
        assert opened.macs(MANY) == _expected()
        assert module.generation == before + 1
    restart.join()


def test_a_fork_by_another_thread_waits_for_a_chunk_only(
    keystore: Keystore, key: WrappedKey
) -> None:
    said: list[int] = []

    def fork() -> None:
        child = os.fork()
        if child == 0:
            signal.alarm(PATIENCE_S)
            os._exit(0)
        said.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    with keystore.open(key, Digest.SHA1) as opened:
        forking = threading.Thread(target=fork)
        forking.start()
        forked_after = next((turn for turn in range(200) if said or not opened.macs(MANY)), None)
    forking.join()
    assert forked_after is not None
    assert said == [0]


def test_only_the_thread_that_opened_it_may_ask(keystore: Keystore, key: WrappedKey) -> None:
    heard: list[Exception] = []

    def ask() -> None:
        try:
            opened.macs(MANY)
        except Unavailable as error:
            heard.append(error)

    with keystore.open(key, Digest.SHA1) as opened:
        other = threading.Thread(target=ask)
        other.start()
        other.join()
    assert "its own thread only" in str(heard[0])
