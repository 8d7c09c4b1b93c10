"""`seedvault backup` beside the databases' own copies: time and memory, on either database."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

import pyrage

from benchmarks.report import Figure
from benchmarks.scale import stock
from benchmarks.workshop import workshop
from seedvault import config, wiring
from tests.support.postgresql import program, running

_TOKENS = 100_000
_SIZE = "BENCH_BACKUP_TOKENS"
"""Fewer tokens, to see that it runs: the ratios of a small vault are those of starting up."""

# Told by the child: what the system tells of one includes what its parent held.
_TOLD = "\nfrom benchmarks.memory import peak_mb\nprint(peak_mb(), file=sys.stderr)\nsys.exit(code)"
_OURS = "import sys\nfrom seedvault.__main__ import run\ncode = run(sys.argv[1:])" + _TOLD
_SQLITE = (
    """
import sqlite3, sys
import pyrage
source, copy, sealed, recipient = sys.argv[1:]
with sqlite3.connect(source) as one, sqlite3.connect(copy) as other:
    one.backup(other)
to = pyrage.x25519.Recipient.from_str(recipient)
pyrage.encrypt_file(copy, sealed, [to])
code = 0"""
    + _TOLD
)
# Started by a small process: of a child the system tells at least what its parent held.
_ANY = """
import resource, subprocess, sys
from benchmarks.memory import child_peak_mb
subprocess.run(sys.argv[1:], check=True)
print(child_peak_mb(resource.getrusage(resource.RUSAGE_CHILDREN)), file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class _Spent:
    """What a program took, from its start to its end, and the size of what it wrote."""

    seconds: float
    peak_mb: float
    megabytes: float


def run() -> Iterator[Figure]:
    """100,000 tokens on each database: a few minutes."""
    tokens = int(os.environ.get(_SIZE, _TOKENS))
    with workshop() as folder:
        yield from _on_sqlite(folder, tokens)
    with workshop() as folder:
        folder.chmod(0o755)
        (folder / "data").mkdir()
        with running(folder / "data", shared_buffers="256MB", max_wal_size="1GB") as server:
            server.execute("CREATE DATABASE vault")
            yield from _on_postgresql(folder, tokens, server.url("vault"))


def _on_sqlite(folder: Path, tokens: int) -> Iterator[Figure]:
    home = folder / "home"
    recipient = _stocked(home, tokens)
    ours = _ours(home, folder, recipient)
    copy, sealed = folder / "copy.db", folder / "copy.age"
    source = home / "vault.sqlite3"
    theirs = _child([_SQLITE, str(source), str(copy), str(sealed), recipient], sealed)
    yield from _figures(f"SQLite, {tokens:,} tokens", ours, "SQLite's copy, and age", theirs)


def _on_postgresql(folder: Path, tokens: int, url: str) -> Iterator[Figure]:
    home = folder / "home"
    home.mkdir(mode=0o700)
    (home / config.FILE_NAME).write_text(f'[storage]\ndatabase = "{url}"\n')
    recipient = _stocked(home, tokens)
    ours = _ours(home, folder, recipient)
    dump = folder / "vault.dump"
    whence = url.replace("+psycopg", "", 1)
    dumping = [str(program("pg_dump")), "--format=custom", f"--file={dump}", whence]
    theirs = _child([_ANY, *dumping], dump)
    yield from _figures(f"PostgreSQL, {tokens:,} tokens", ours, "pg_dump", theirs)


def _stocked(home: Path, tokens: int) -> str:
    """A vault of so many tokens; the public key that its backup is to be encrypted for."""
    process = get_context("spawn").Process(target=_stock, args=(home, tokens))
    process.start()  # SoftHSM has one store a process
    process.join()
    assert process.exitcode == 0
    return str(pyrage.x25519.Identity.generate().to_public())


def _stock(home: Path, tokens: int) -> None:
    settings = config.load(home)
    wiring.initialise(settings, "benchmark")
    with wiring.Application(settings) as application:
        stock(application, tokens)


def _ours(home: Path, folder: Path, recipient: str) -> _Spent:
    file = folder / "otp.age"
    words = ["--home", str(home), "backup", str(file), "--recipient", recipient]
    return _child([_OURS, *words], file)


def _child(words: list[str], file: Path) -> _Spent:
    """A Python program that tells its peak as the last line of its standard error."""
    begun = perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", *words], check=True, capture_output=True, text=True
    )
    spent = perf_counter() - begun
    return _Spent(spent, float(done.stderr.splitlines()[-1]), file.stat().st_size / 1e6)


def _figures(where: str, ours: _Spent, beside: str, theirs: _Spent) -> Iterator[Figure]:
    yield Figure(f"{where}: {beside}", f"{theirs.seconds:.2f} s")
    yield Figure(f"{where}: backup", f"{ours.seconds:.2f} s", ours.seconds / theirs.seconds, beside)
    yield Figure(
        "  its peak memory", f"{ours.peak_mb:.0f} MB", ours.peak_mb / theirs.peak_mb, beside
    )
    yield Figure(
        "  its size", f"{ours.megabytes:.1f} MB", ours.megabytes / theirs.megabytes, beside
    )
