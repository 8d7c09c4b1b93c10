"""A long life bounds what SoftHSM keeps of destroyed objects: the module restarts by itself."""

import hmac
import threading
from pathlib import Path

import pytest

from hsm import Digest, HsmError, Keystore, Unavailable, WrappedKey
from hsm import connection as connection_module
from hsm.module import Module
from hsm.translate import Rv
from tests.support.softhsm import returning

SEED = b"12345678901234567890"
MAC = hmac.digest(SEED, b"m", "sha1")


@pytest.fixture
def key(keystore: Keystore, monkeypatch: pytest.MonkeyPatch) -> WrappedKey:
    monkeypatch.setattr(connection_module, "DESTROYED_MAX", 50)
    monkeypatch.setattr(connection_module, "_RECYCLE_AGAIN", 10)
    return keystore.wrap(bytearray(SEED), Digest.SHA1).key


@pytest.fixture
def module(keystore: Keystore) -> Module:
    return keystore._connection.module


def _verify(keystore: Keystore, key: WrappedKey, times: int) -> None:
    for _ in range(times):
        with keystore.open(key, Digest.SHA1) as opened:
            assert opened.mac(b"m") == MAC


def test_verifying_restarts_the_module_now_and_then(
    keystore: Keystore, key: WrappedKey, module: Module
) -> None:
    before = module.generation

    _verify(keystore, key, 200)

    assert module.generation - before == 4


def test_a_module_that_keeps_nothing_is_not_restarted(
    keystore: Keystore, key: WrappedKey, module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vars(module), "leaks", False)
    before = module.generation

    _verify(keystore, key, 200)

    assert module.generation == before


def test_a_restart_waits_until_no_key_is_open(
    keystore: Keystore, key: WrappedKey, module: Module
) -> None:
    before = module.generation

    with keystore.open(key, Digest.SHA1) as opened:
        _verify(keystore, key, 100)
        assert module.generation == before
        assert opened.mac(b"m") == MAC

    assert module.generation == before + 1


def test_a_restart_that_others_hold_up_is_tried_again_later(
    keystore: Keystore, key: WrappedKey, module: Module
) -> None:
    inside, done = threading.Event(), threading.Event()

    def stay() -> None:
        with keystore.attended():
            inside.set()
            done.wait()

    other = threading.Thread(target=stay)
    other.start()
    inside.wait()
    before = module.generation
    _verify(keystore, key, 60)
    assert module.generation == before
    done.set()
    other.join()
    _verify(keystore, key, 20)

    assert module.generation == before + 1


def test_a_restart_that_fails_takes_no_answer_away(
    keystore: Keystore, key: WrappedKey, module: Module
) -> None:
    # Wrapping has ended four objects: the seed's, and three of its known answer.
    _verify(keystore, key, 45)

    with returning(module.cryptoki, "initialize", *[Rv.GENERAL_ERROR] * 3):
        _verify(keystore, key, 1)
        with pytest.raises(Unavailable):
            _verify(keystore, key, 1)

    _verify(keystore, key, 1)


def test_threads_verify_while_the_module_restarts_by_itself(
    keystore: Keystore, key: WrappedKey, module: Module
) -> None:
    before, errors = module.generation, []

    def work() -> None:
        try:
            _verify(keystore, key, 500)
        except (HsmError, AssertionError) as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert module.generation > before


def test_memory_is_bounded_by_it(keystore: Keystore, monkeypatch: pytest.MonkeyPatch) -> None:
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key
    monkeypatch.setattr(connection_module, "DESTROYED_MAX", 2_000)
    _verify(keystore, key, 6_000)
    before = _resident_kb()

    _verify(keystore, key, 12_000)

    assert _resident_kb() - before < 1_000  # without: 12,000 x 240 octets = 2,900 kB


def _resident_kb() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line)
