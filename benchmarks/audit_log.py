"""The audit log verified, exported and signed, beside the hashing and the signature alone."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from benchmarks.report import Figure
from benchmarks.turns import in_turns
from benchmarks.workshop import workshop
from seedvault import config, wiring
from seedvault.cli.public_keys import pem
from seedvault.domain.audit import GENESIS, AuditEvent, EventKind, link
from seedvault.domain.checkpoint import AT_ONCE
from seedvault.storage import SqlVault, chains
from seedvault.wiring.auditing import export_readers, verify_offline
from tests.support.tokens import NOON, serial

_USUAL, _MILLION = 100_000, 1_000_000
_EACH = 1_000  # events a checkpoint covers, at the least pace under load
_TOKENS = 10_000
_ROUNDS, _CALLS = 5, 40
_MOST_MB = 100
# Told by the child: what the system tells of one includes what its parent held.
_CHILD = """
import sys
from benchmarks.memory import peak_mb
from seedvault.__main__ import run
code = run(sys.argv[1:])
print(peak_mb(), file=sys.stderr)
sys.exit(code)
"""


def run() -> Iterator[Figure]:
    """100,000 events: a minute."""
    yield from _of(_USUAL)


def run_million() -> Iterator[Figure]:
    """1,000,000 events: some minutes, and 1 GB of disk."""
    yield from _of(_MILLION)


def _of(events: int) -> Iterator[Figure]:
    with workshop() as folder:
        home, export, key = folder / "home", folder / "audit.jsonl", folder / "c1.pem"
        settings = config.load(home)
        wiring.initialise(settings, "benchmark")
        with wiring.Application(settings) as application:
            _fill(application, events)
            yield from _speeds(application, events, export)
            yield from _cost_of_a_checkpoint(application)
            key.write_bytes(pem(application.audit.public_key))
        yield from _sizes(home / "vault.sqlite3", export, events)
        offline = ("--export", str(export), "--public-key", str(key))
        for what, words in (("the database", ()), ("the export", offline)):
            yield _memory(f"peak memory, verifying {what}", home, words)


def _fill(application: wiring.Application, events: int) -> None:
    """Events as logins leave them, a checkpoint after each thousand."""
    vault = application.vault
    assert isinstance(vault, SqlVault)
    database, statements = vault._database, vault._statements
    for begun in range(0, events, _EACH):
        with database.writing():
            for number in range(begun, begun + _EACH):
                chains.append(database.driver, statements, _event(number))
        application.audit.write(AT_ONCE)


def _event(number: int) -> AuditEvent:
    at = NOON + timedelta(milliseconds=number)
    card = serial(number % _TOKENS)
    event = AuditEvent(EventKind.CODE_ACCEPTED, at, "os:radius", card, f"user-{number % _TOKENS}")
    return replace(event, factor=number, detail="offset +0")


def _speeds(application: wiring.Application, events: int, export: Path) -> Iterator[Figure]:
    keys = [application.audit.public_key]
    bare = _spent(lambda: _bare(events))
    yield Figure("an event made, encoded and hashed alone", f"{events / bare:,.0f} events/s")
    exporting = _spent(application.audit.export(export))
    spent = {
        "export": exporting,
        "verify the database": _spent(lambda: _whole(application.audit.verify(keys).breaks)),
        "verify the export, offline": _spent(
            lambda: _whole(verify_offline(export_readers([export]), keys).breaks)
        ),
        "verify both and compare them": _spent(
            lambda: _whole(application.audit.compare(export_readers([export]), keys).breaks)
        ),
    }
    for what, seconds in spent.items():
        yield Figure(what, f"{events / seconds:,.0f} events/s", bare / seconds, "that alone")


def _bare(events: int) -> None:
    digest = GENESIS
    for number in range(events):
        event = _event(number)
        digest = link(digest, event.chain, number, event)


def _whole(breaks: tuple[object, ...]) -> None:
    assert not breaks, breaks


def _spent(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun


def _cost_of_a_checkpoint(application: wiring.Application) -> Iterator[Figure]:
    vault, write, signer = application.vault, application.audit.write, application.record_signer

    def commit() -> None:
        with vault.transaction() as transaction:
            transaction.commit(_event(0))

    def both() -> None:
        commit()
        write(AT_ONCE)

    octets = bytes(800)
    spent = in_turns(
        {"sign": lambda: signer.sign(octets), "commit": commit, "both": both}, _ROUNDS, _CALLS
    )
    alone = spent["both"] - spent["commit"]
    yield Figure("a signature alone", f"{spent['sign'] * 1e3:.2f} ms")
    yield Figure("an event committed alone", f"{spent['commit'] * 1e3:.2f} ms")
    yield Figure(
        "a checkpoint, signed and committed",
        f"{alone * 1e3:.2f} ms",
        alone / (spent["sign"] + spent["commit"]),
        "both of them alone",
    )


def _sizes(database: Path, export: Path, events: int) -> Iterator[Figure]:
    checkpoints = [line for line in export.open("rb") if b"seedvault.checkpoint/" in line[:40]]
    lines = export.stat().st_size - sum(map(len, checkpoints))
    yield Figure("an event in the database", f"{database.stat().st_size / events:,.0f} octets")
    yield Figure("an event in the export", f"{lines / events:,.0f} octets")
    yield Figure("a checkpoint in the export", f"{len(checkpoints[-1]):,} octets")


def _memory(what: str, home: Path, words: tuple[str, ...]) -> Figure:
    command = [sys.executable, "-c", _CHILD, "--home", str(home), "audit", "verify", *words]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    peak = float(ran.stderr)
    return Figure(what, f"{peak:.0f} MB", target=f"under {_MOST_MB} MB", met=peak < _MOST_MB)
