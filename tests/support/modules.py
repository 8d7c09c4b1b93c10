"""Three real PKCS#11 modules, each on files of its own: SoftHSM, NSS softokn and opencryptoki.

NSS is loaded through p11-kit's proxy, which reads a user's configuration, and root's never: where
the tests run as root, those on NSS run in a child under another user (`run_as_nobody`).
opencryptoki has one place for its files on a machine, and a daemon: it is used only where nobody
else uses it, and everything is taken away afterwards.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path
from signal import SIGTERM
from time import monotonic, sleep

import pytest

from hsm import Location, prepare
from hsm.cryptoki import CKF_RW_SESSION, CKF_SERIAL_SESSION, CKU_SO, CKU_USER, Cryptoki
from hsm.link import open_session
from hsm.module import Module
from tests.support.softhsm import TEST_PIN, TEST_SO_PIN, fresh_location, pin

ROOT = Path(__file__).parents[2]
ONLY = "SEEDVAULT_TEST_MODULE"
"""Names the one module that the tests of a child process are for."""

_NOBODY = 65534
_LABEL = "matrix"
_LIBRARIES = (Path("/usr/lib"), Path("/usr/lib64"), Path("/usr/local/lib"))
_WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class RealModule:
    """A module by its name; `start` makes a PKCS#11 token on it that holds nothing."""

    name: str
    start: Callable[[], "Iterator[Location]"]


def _found(*names: str) -> Path | None:
    unpacked = [Path(place) for place in os.environ.get("LD_LIBRARY_PATH", "").split(":") if place]
    for directory in (*unpacked, *_LIBRARIES):
        for name in names:
            for path in sorted(directory.glob(f"**/{name}")):
                return path
    return None


def _need(what: str, package: str, *names: str) -> Path:
    """A library; where it is missing, tests fail as root, and are skipped else."""
    found = _found(*names)
    if found is not None:
        return found
    missing = f"{what} is missing: apt-get install {package}"
    if os.geteuid() == 0:
        pytest.fail(missing)
    pytest.skip(missing)


def _softhsm() -> Iterator[Location]:
    location = fresh_location("matrix")
    prepare(location, pin(), pin(TEST_SO_PIN))
    yield location


def _nss() -> Iterator[Location]:
    softokn = _need("NSS softokn", "libnss3", "libsoftokn3.so")
    proxy = _need("p11-kit", "p11-kit-modules", "p11-kit-proxy.so")
    with tempfile.TemporaryDirectory(prefix="seedvault-nss-") as home:
        modules = Path(home) / ".config" / "pkcs11" / "modules"
        database = Path(home) / "database"
        modules.mkdir(parents=True)
        database.mkdir()
        (modules.parent / "pkcs11.conf").write_text("user-config: only\n")
        (modules / "softokn.module").write_text(
            f"module: {softokn}\n"
            f"x-init-reserved: configdir='sql:{database}' certPrefix='' keyPrefix='' "
            f"secmod='secmod.db' flags= dbTokenDescription='{_LABEL}'\n"
        )
        os.environ["HOME"] = home  # read when the proxy is initialised
        module = Module.load(proxy)
        slot = next(slot for slot, token in module.slots() if token.label.startswith(b"matrix"))
        with _officer(module.cryptoki, slot, b"") as session:
            module.cryptoki.init_pin(session, TEST_PIN.encode(), len(TEST_PIN))
        yield Location(proxy, _LABEL)


_OCK_LOCK = Path(tempfile.gettempdir()) / "seedvault-opencryptoki.lock"
_OCK_STORE = Path("/var/lib/opencryptoki/swtok")
_OCK_LOCKS = Path("/var/lock/opencryptoki/swtok")
_OCK_MEMORY = Path("/dev/shm/var.lib.opencryptoki.swtok")
_OCK_PID = Path("/var/run/pkcsslotd.pid")
_OCK_SLOT = 3  # "IBM OS PKCS#11" by libpkcs11_sw.so, in the package's own configuration
_OCK_SO_PIN = b"87654321"  # what it comes with


def _opencryptoki() -> Iterator[Location]:
    if os.geteuid() != 0:
        pytest.skip("opencryptoki has to be started by root: pkcsslotd, /var/lib/opencryptoki")
    library = _need("opencryptoki", "opencryptoki", "libopencryptoki.so.0", "libopencryptoki.so")
    with _OCK_LOCK.open("a+") as lock:
        flock(lock, LOCK_EX)  # another run of these tests
        if lock.seek(0, os.SEEK_END):  # one that was killed: what is there is ours
            _end_ock()
        if (_OCK_STORE / "NVTOK.DAT").exists() or _daemon() is not None:
            pytest.skip("opencryptoki is somebody's here: its PKCS#11 token is not touched")
        lock.write("in use by the tests\n")
        lock.flush()
        _locks_for_this_boot()
        subprocess.run(["pkcsslotd"], check=True)
        try:
            _wait_for(lambda: _daemon() is not None)
            yield _ock_token(library)
            _leave(library)
        finally:
            _end_ock()
            lock.truncate(0)


def _locks_for_this_boot() -> None:
    """The package makes them when it is installed, and systemd after each start of the machine."""
    for directory in (_OCK_LOCKS.parent, _OCK_LOCKS):
        directory.mkdir(mode=0o770, exist_ok=True)
        shutil.chown(directory, group="pkcs11")


def _ock_token(library: Path) -> Location:
    module = Module.load(library)
    cryptoki, secret = module.cryptoki, TEST_PIN.encode()
    cryptoki.init_token(_OCK_SLOT, _OCK_SO_PIN, len(_OCK_SO_PIN), _LABEL.encode().ljust(32))
    with _officer(cryptoki, _OCK_SLOT, _OCK_SO_PIN) as session:
        # Both PINs are asked to be changed before anything else.
        changed = b"87654320"
        cryptoki.set_pin(session, _OCK_SO_PIN, len(_OCK_SO_PIN), changed, len(changed))
        cryptoki.init_pin(session, b"000000", 6)
        cryptoki.logout(session)
        cryptoki.login(session, CKU_USER, b"000000", 6)
        cryptoki.set_pin(session, b"000000", 6, secret, len(secret))
    return Location(library, _LABEL)


def _leave(library: Path) -> None:
    """The daemon stays for as long as a process is with it."""
    module = Module.load(library)
    module.abandon()
    module.cryptoki.finalize(None)


def _end_ock() -> None:
    daemon = _daemon()
    if daemon is not None:
        os.kill(daemon, SIGTERM)
        _wait_for(lambda: _daemon() is None)
    for path in (*_OCK_STORE.glob("MK_*"), *_OCK_STORE.glob("TOK_OBJ/*"), *_OCK_LOCKS.iterdir()):
        path.unlink()
    for path in (_OCK_STORE / "NVTOK.DAT", _OCK_MEMORY):
        path.unlink(missing_ok=True)


def _daemon() -> int | None:
    """The process of pkcsslotd. Its number outlives it in the file, and may be another's by now."""
    try:
        number = int(_OCK_PID.read_text())
        state = Path(f"/proc/{number}/stat").read_text().split()
    except (OSError, ValueError):
        return None
    return number if state[1:2] == ["(pkcsslotd)"] and state[2] != "Z" else None


def _wait_for(happened: Callable[[], bool]) -> None:
    patience = monotonic() + _WAIT_S
    while not happened():
        if monotonic() > patience:
            pytest.fail("pkcsslotd does not do what it was asked to")
        sleep(0.05)


@contextmanager
def _officer(cryptoki: Cryptoki, slot: int, so_pin: bytes) -> Iterator[int]:
    """A session of the security officer."""
    session = open_session(cryptoki, slot, CKF_SERIAL_SESSION | CKF_RW_SESSION)
    cryptoki.login(session, CKU_SO, so_pin, len(so_pin))
    yield session
    cryptoki.logout(session)
    cryptoki.close_session(session)


MODULES = {
    each.name: each
    for each in (
        RealModule("softhsm", _softhsm),
        RealModule("nss", _nss),
        RealModule("opencryptoki", _opencryptoki),
    )
}


def names_here() -> list[str]:
    """The modules that this process can load; root cannot load NSS by p11-kit."""
    only = os.environ.get(ONLY)
    if only:
        return [only]
    return [name for name in MODULES if name != "nss" or os.geteuid() != 0]


def run_as_nobody(module: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """pytest on one module in a child that root started and that is not root.

    It may read what root may, since the checkout may lie in root's home; nothing else is left.
    """
    drop = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
    read = ["--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"]
    return subprocess.run(
        [*drop, *read, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        env=os.environ | {ONLY: module},
        capture_output=True,
        text=True,
        check=False,
    )
