"""A PostgreSQL server of the tests' own: no port, no other cluster touched, gone at the end.

It lies in memory where it can: that commits are durable is asserted, so fsync is on, and on tmpfs
it costs nothing. PostgreSQL refuses to be run by root: where the tests are, it is nobody's.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import monotonic, sleep

import psycopg
import pytest

_NOBODY = 65_534
_MEMORY = Path("/dev/shm")
_WAIT_S = 30.0
_USER = "seedvault"
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
_UNPACKED = ".dev/postgresql/usr/lib/postgresql/*/bin"
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0777",  # the folder around it lets nobody else in
    "shared_buffers": "32MB",
    "max_wal_size": "128MB",
    "min_wal_size": "32MB",
    "log_min_messages": "warning",
    "autovacuum": "off",
}
_numbers = count(1)


@dataclass(slots=True)
class Server:
    """A running server. `process` is its postmaster."""

    folder: Path
    process: "subprocess.Popen[bytes]"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def conninfo(self, database: str = "postgres") -> str:
        """For psycopg."""
        return f"postgresql://{_USER}@/{database}?host={self.folder}"

    def url(self, database: str) -> str:
        """For a vault."""
        return self.conninfo(database).replace("postgresql:", "postgresql+psycopg:", 1)

    def execute(self, sql: str, database: str = "postgres") -> None:
        with psycopg.connect(self.conninfo(database), autocommit=True) as connection:
            connection.execute(sql.encode())

    def until(self, asked: str) -> None:
        """Until this question is answered with true."""
        patience = monotonic() + _WAIT_S
        with psycopg.connect(self.conninfo(), autocommit=True) as connection:
            while connection.execute(asked.encode()).fetchone() != (True,):
                if monotonic() > patience:
                    pytest.fail(f"never true: {asked}")
                sleep(0.01)

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The URL of a new database, dropped at the end of the block."""
        name = f"test_{next(_numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def stop(self) -> None:
        """What is under way is broken off; the rest ends in order."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=_WAIT_S)

    def crash(self) -> None:
        """All of its processes at once, as far as one program can."""
        children = self._children()
        self.process.kill()
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self.process.wait(timeout=_WAIT_S)

    def cut_off_standby(self) -> None:
        """From here on, nothing reaches it: what sends is stopped, for good."""
        with psycopg.connect(self.conninfo()) as connection:
            for (sender,) in connection.execute("SELECT pid FROM pg_stat_replication"):
                os.kill(sender, signal.SIGSTOP)

    def _children(self) -> list[int]:
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(child) for child in task.read_text().split()]


@contextmanager
def running(on_disk: Path | None = None, **settings: str) -> Iterator[Server]:
    """A new cluster, on a socket in a folder of its own; its data in `on_disk` where it is given.

    That is an empty directory whose parents anybody may pass.
    """
    with new_folder() as folder:
        if on_disk is not None:
            if os.geteuid() == 0:
                os.chown(on_disk, _NOBODY, _NOBODY)
            (folder / "data").symlink_to(on_disk)
        _run(folder, "initdb", "-D", "data", "-U", _USER, "--auth=trust", "--encoding=UTF8")
        server = start(folder, **settings)
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def new_folder() -> Iterator[Path]:
    """A folder that the server's user owns, with a path short enough for a socket."""
    where = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="seedvault-pg-", dir=where))
    if os.geteuid() == 0:
        os.chown(folder, _NOBODY, _NOBODY)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def start(folder: Path, **settings: str) -> Server:
    """The server over `folder`/data, answering."""
    given = _SETTINGS | {"unix_socket_directories": str(folder)} | settings
    options = [f"--{name}={value}" for name, value in given.items()]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [*_as_server(), str(program("postgres")), "-D", str(folder / "data"), *options],
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
        )
    server = Server(folder, process)
    try:
        _wait(server)
    except BaseException:
        server.process.kill()
        raise
    return server


def copy_of(primary: Server, folder: Path, name: str) -> None:
    """A standby of `primary` in `folder`, not yet started, that streams under this name."""
    source = f"{primary.conninfo()}&application_name={name}"
    _run(folder, "pg_basebackup", "-D", "data", "-d", source, "-R", "-X", "stream", "-c", "fast")


def promote(standby: Server) -> None:
    """Make a standby a primary."""
    _run(standby.folder, "pg_ctl", "promote", "-D", "data", "-s")


def program(name: str) -> Path:
    """A program of PostgreSQL; where it is missing, tests fail as root, and are skipped else."""
    root = Path(__file__).parents[2]
    found = [*root.glob(f"{_UNPACKED}/{name}")]
    for place in _PLACES:
        found += Path("/").glob(f"{place[1:]}/{name}")
    on_path = shutil.which(name)
    if not found and on_path:
        return Path(on_path)
    if not found:
        missing = "PostgreSQL is missing: apt-get install postgresql"
        if os.geteuid() == 0:
            pytest.fail(missing)
        pytest.skip(missing)
    return max(found)


def _run(folder: Path, name: str, *arguments: str) -> None:
    done = subprocess.run(
        [*_as_server(), str(program(name)), *arguments],
        cwd=folder,
        env=os.environ | {"LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{name} failed: {done.stderr}")


def _as_server() -> list[str]:
    """Its user, and its end at the latest with ours."""
    if shutil.which("setpriv") is None:
        return []
    user = [f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
    return ["setpriv", "--pdeathsig=INT", *(user if os.geteuid() == 0 else [])]


def _wait(server: Server) -> None:
    """Until it answers, and is the one that was started."""
    patience = monotonic() + _WAIT_S
    while True:
        try:
            with psycopg.connect(server.conninfo()) as connection:
                row = connection.execute("SHOW data_directory").fetchone()
        except psycopg.OperationalError:
            if server.process.poll() is not None or monotonic() > patience:
                pytest.fail((server.folder / "log").read_text())
            sleep(0.02)
        else:
            assert row == (str(server.data),)
            return
