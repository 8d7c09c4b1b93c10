"""`hsm` beside the PKCS#11 calls it makes: what checks, restarts and forks cost on the way.

Seconds are those of this thread's own work: SoftHSM does its part in it as well, and what else the
machine has to do changes no ratio.
"""

import hmac
from collections.abc import Callable, Iterator
from time import thread_time

from benchmarks.raw_pkcs11 import LABEL, Ctypes, Messages, PythonPkcs11
from benchmarks.report import Figure
from benchmarks.turns import in_turns
from benchmarks.workshop import KEY
from hsm import Cipher, Digest, Keystore, Terms, WrappedKey
from tests.support.softhsm import encrypted, pin, vault_location

_SEED = b"12345678901234567890"  # RFC 4226 appendix D
_ROUNDS = 25
_MACS_A_ROUND = 400
_WINDOWS = (1, 3, 10, 100)
_OPEN_TARGET, _IMPORT_TARGET = 0.80, 0.70

Kinds = dict[str, Callable[[], object]]

_RAW, _BINDING, _KEYSTORE, _OTHER = "raw ctypes, unchecked", "binding", "keystore", "python-pkcs11"


def run() -> Iterator[Figure]:
    """Medians of 25 rounds, the kinds in turns, on a SoftHSM of this run alone."""
    location = vault_location("benchmark")
    keystore = Keystore.connect(location, pin())
    ways = _Ways(
        Ctypes(location, KEY, checked=False), Ctypes(location, KEY), PythonPkcs11(location, KEY)
    )
    key = keystore.wrap(bytearray(_SEED), Digest.SHA1).key
    for way in (ways.raw, ways.binding):
        _prove(way, key)
    yield from _macs(ways, key, keystore)
    for window in _WINDOWS:
        yield from _windows(ways, key, keystore, _steps(window))
    yield from _imports(ways, keystore)
    keystore.close()


class _Ways:
    """The three that make bare calls."""

    def __init__(self, raw: Ctypes, binding: Ctypes, other: PythonPkcs11) -> None:
        self.raw, self.binding, self.other = raw, binding, other

    def kinds(self, call: Callable[[Ctypes | PythonPkcs11], Callable[[], object]]) -> Kinds:
        """The same call by each."""
        return {_RAW: call(self.raw), _BINDING: call(self.binding), _OTHER: call(self.other)}


def _prove(way: Ctypes, key: WrappedKey) -> None:
    """Calls that fail are fast: those that nobody checks must have given right answers."""
    way.verify(key.blob, _steps(3))
    verified = way.output.raw[:20] == hmac.digest(_SEED, _steps(3)[-1], "sha1")
    way.take_in(encrypted(KEY, bytes(16), _SEED))
    if not verified or way.output.raw[:32] != hmac.digest(_SEED, LABEL, "sha256"):
        raise RuntimeError("the bare calls give wrong answers: their rate would mean nothing")


def _macs(ways: _Ways, key: WrappedKey, keystore: Keystore) -> Iterator[Figure]:
    messages = _steps(1)

    def resident(way: Ctypes | PythonPkcs11) -> Callable[[], object]:
        opened = way.resident(key.blob)
        return lambda: way.mac(opened, messages)

    with keystore.open(key, Digest.SHA1) as opened:
        kinds = ways.kinds(resident) | {_KEYSTORE: lambda: opened.mac(messages[0])}
        yield from _figures("1 HMAC, key open", kinds, _MACS_A_ROUND, calls=2)


def _windows(
    ways: _Ways, key: WrappedKey, keystore: Keystore, messages: Messages
) -> Iterator[Figure]:
    def through_keystore() -> None:
        with keystore.open(key, Digest.SHA1) as opened:
            opened.macs(messages)

    window = len(messages)
    kinds = ways.kinds(lambda way: lambda: way.verify(key.blob, messages))
    yield from _figures(
        f"open, {window} HMAC{'s' * (window > 1)}",
        kinds | {_KEYSTORE: through_keystore},
        max(_MACS_A_ROUND // (window + 2), 10),
        calls=2 + 2 * window,
        target=_OPEN_TARGET if window == 1 else None,
    )


def _imports(ways: _Ways, keystore: Keystore) -> Iterator[Figure]:
    value, terms = encrypted(KEY, bytes(16), _SEED), Terms(authenticated=True)
    with keystore.transport_key(Cipher.AES_128_CBC, KEY) as transport:
        kinds = ways.kinds(lambda way: lambda: way.take_in(value)) | {
            _KEYSTORE: lambda: keystore.import_encrypted(transport, value, Digest.SHA1, terms)
        }
        yield from _figures("import", kinds, _MACS_A_ROUND // 3, calls=7, target=_IMPORT_TARGET)


def _figures(
    what: str, kinds: Kinds, times: int, *, calls: int, target: float | None = None
) -> Iterator[Figure]:
    """A rate each, and how it stands to the raw one; of the raw, the PKCS#11 calls a second."""
    spent = in_turns(kinds, _ROUNDS, times, thread_time)
    raw = spent.pop(_RAW)
    yield Figure(f"{what}: {_RAW}", f"{1 / raw:,.0f} /s")
    yield Figure("the same, in PKCS#11 calls", f"{calls / raw:,.0f} calls/s")
    for name, seconds in spent.items():
        ratio = raw / seconds
        aim = target if name == _KEYSTORE else None
        yield Figure(
            f"{what}: {name}",
            f"{1 / seconds:,.0f} /s",
            ratio,
            "raw",
            f"at least {aim}" if aim else "",
            None if aim is None else ratio >= aim,
        )


def _steps(window: int) -> Messages:
    return [step.to_bytes(8, "big") for step in range(window)]
