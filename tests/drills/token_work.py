"""A process at work on a PKCS#11 token that others use as well: `python -m` this, figures as JSON.

LABEL SECONDS THREADS: threads that open, MAC, seal, wrap, import and restart the module by chance,
each answer compared with what hashlib says.
leak LABEL OBJECTS MAX: one thread that opens so many keys, the module restarted after each MAX.
"""

import hmac
import json
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hsm import (
    Cipher,
    Digest,
    HsmError,
    Keystore,
    Location,
    Terms,
    TransportKey,
    Unavailable,
    WrappedKey,
)
from hsm import connection as connection_module
from hsm.softhsm import find_library
from tests.support.softhsm import encrypted, pin

TRANSPORT_KEY = b"1234567890123456"
_AUTHENTICATED = Terms(authenticated=True)
_EARLY = 0.2  # of the time: what is resident then is compared with the end


class Worker:
    """One thread's own chance, keys and answers."""

    def __init__(self, keystore: Keystore, transport: TransportKey, number: int) -> None:
        self._keystore = keystore
        self._transport = transport
        self._random = random.Random(number)
        self._known: list[tuple[bytes, WrappedKey, Digest]] = []
        self.done: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        self.unavailable: list[str] = []
        self.errors: list[str] = []
        self._works: dict[Callable[[], bool], int] = {
            self.mac: 600, self.seal: 200, self.wrap: 100, self.import_encrypted: 100,
            self.recycle: 1,
        }  # fmt: skip

    def work_until(self, end: float) -> None:
        """One thing after the other; what fails is noted."""
        self.wrap()
        while time.monotonic() < end:
            (work,) = self._random.choices(list(self._works), list(self._works.values()))
            name = work.__name__
            try:
                self.wrong[name] += not work()
            except Unavailable as error:
                self.unavailable.append(f"{name}: {error!r}")
            except HsmError as error:
                self.errors.append(f"{name}: {error!r}")
            self.done[name] += 1

    def mac(self) -> bool:
        """A window of three, under a seed wrapped before."""
        seed, key, digest = self._random.choice(self._known)
        messages = [self._random.randbytes(8) for _ in range(3)]
        with self._keystore.open(key, digest) as opened:
            return all(
                opened.mac(message) == hmac.digest(seed, message, digest.algorithm)
                for message in messages
            )

    def seal(self) -> bool:
        """A seal is right for its own message and for no other."""
        message = self._random.randbytes(100)
        seal = self._keystore.seal(message)
        return self._keystore.seal_matches(message, seal) and not self._keystore.seal_matches(
            message + b"x", seal
        )

    def wrap(self) -> bool:
        """A new seed, and a window under it."""
        seed, digest = self._seed(), self._random.choice(list(Digest))
        return self._keep(seed, self._keystore.wrap(bytearray(seed), digest).key, digest)

    def import_encrypted(self) -> bool:
        """The same from a maker's value; equal seeds have equal fingerprints."""
        seed, digest = self._seed(), self._random.choice(list(Digest))
        value = encrypted(TRANSPORT_KEY, self._random.randbytes(16), seed)
        taken = self._keystore.import_encrypted(self._transport, value, digest, _AUTHENTICATED)
        again = self._keystore.wrap(bytearray(seed), digest)
        return self._keep(seed, taken.key, digest) and taken.fingerprint == again.fingerprint

    def recycle(self) -> bool:
        """A restart in the middle of everybody's work."""
        self._keystore.recycle()
        return True

    def _seed(self) -> bytes:
        return self._random.randbytes(self._random.choice((16, 20, 32, 64)))

    def _keep(self, seed: bytes, key: WrappedKey, digest: Digest) -> bool:
        self._known = [*self._known[-20:], (seed, key, digest)]
        with self._keystore.open(key, digest) as opened:
            return opened.mac(b"m") == hmac.new(seed, b"m", digest.algorithm).digest()


def work(label: str, seconds: float, threads: int) -> dict[str, object]:
    """What the threads of this process did, and what it had resident early and at the end."""
    keystore = _keystore(label)
    begun, before = time.monotonic(), keystore._connection.module.generation
    with keystore.transport_key(Cipher.AES_128_CBC, TRANSPORT_KEY) as transport:
        workers = [
            Worker(keystore, transport, 1000 * os.getpid() + number) for number in range(threads)
        ]
        running = [
            threading.Thread(target=worker.work_until, args=(begun + seconds,))
            for worker in workers
        ]
        for thread in running:
            thread.start()
        time.sleep(seconds * _EARLY)
        early = _resident_kb()
        for thread in running:
            thread.join()
    return {
        "done": sum((worker.done for worker in workers), Counter()),
        "wrong": sum((worker.wrong for worker in workers), Counter()).total(),
        "errors": [error for worker in workers for error in worker.errors],
        "unavailable": [error for worker in workers for error in worker.unavailable],
        "restarts": keystore._connection.module.generation - before,
        "grown_kb": _resident_kb() - early,
    }


def leak(label: str, objects: int, destroyed_max: int) -> dict[str, object]:
    """How much the process grew while it opened and destroyed so many objects."""
    connection_module.DESTROYED_MAX = destroyed_max
    keystore = _keystore(label)
    key = keystore.wrap(bytearray(b"12345678901234567890"), Digest.SHA1).key
    before = 0
    for number in range(objects + 1000):
        if number == 1000:
            before = _resident_kb()
        with keystore.open(key, Digest.SHA1):
            pass
    return {"grown_kb": _resident_kb() - before}


def _keystore(label: str) -> Keystore:
    library = find_library()
    assert library is not None
    return Keystore.connect(Location(library, label), pin())


def _resident_kb() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line)


def main(words: list[str]) -> None:
    """Print one line of JSON."""
    if words[0] == "leak":
        figures = leak(words[1], int(words[2]), int(words[3]))
    else:
        figures = work(words[0], float(words[1]), int(words[2]))
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
