"""Verification on PostgreSQL by several processes, beside pgbench with the same statements."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from threading import Thread
from time import perf_counter
from typing import TYPE_CHECKING, Any

from benchmarks.desk import Desk, Silent, bind
from benchmarks.report import Figure
from benchmarks.workshop import KEY, seed_file, workshop
from seedvault import config, wiring
from seedvault.domain.audit import SERIAL_CHAINS
from seedvault.service.seed_files import SeedFileKey
from seedvault.storage.columns import ProgressRow
from seedvault.storage.postgresql import PostgresqlDatabase
from seedvault.storage.statements import Statements
from tests.support.postgresql import Server, program, running

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier

_TOKENS = 2_000
_HASTE = 100  # so much faster than time goes by, no token is asked for two codes of one step
_SECONDS = 8
_PROCESSES = 2
_CLIENTS = 16
_OF_PGBENCH = 0.35
# privacyIDEA 3.14 with 16 clients on a machine of this kind: 35 to 55 checks a second.
_PRIVACYIDEA_PER_S = 55
_TIMES_PRIVACYIDEA = 30
_SPREAD = 5.0
_SERIAL = "('galt' || (10000000 + :token)::text)"
_DIGEST = f"'\\x{'00' * 32}'"


@dataclass(frozen=True, slots=True)
class _Load:
    """So many processes, each with so many threads, verify for some seconds.

    Their tokens are those from `first` on, which no load before has shown codes of; their one
    clock hastens on since `begun`.
    """

    processes: int
    threads: int
    first: int
    begun: datetime

    @property
    def clients(self) -> int:
        return self.processes * self.threads

    def now(self) -> datetime:
        return self.begun + _HASTE * (wiring.system_clock() - self.begun)


def run() -> Iterator[Figure]:
    """Two processes beside two clients of pgbench, then sixteen clients."""
    with workshop() as folder:
        folder.chmod(0o755)
        (folder / "data").mkdir()
        with running(folder / "data", shared_buffers="256MB", max_wal_size="1GB") as server:
            home = _stocked(folder, server)
            begun = wiring.system_clock()
            yield from _beside_pgbench(home, server, begun)
            yield from _at_once(home, begun)


def _beside_pgbench(home: Path, server: Server, begun: datetime) -> Iterator[Figure]:
    load = _Load(_PROCESSES, 1, 0, begun)
    rate = len(_verified(home, load)) / _SECONDS
    bare = _pgbench(home, server, load.clients)
    yield Figure(f"pgbench, the same statements, {load.clients} clients", f"{bare:,.0f} /s")
    yield Figure(
        f"verify, committed, {load.clients} processes",
        f"{rate:,.0f} /s",
        rate / bare,
        "pgbench",
        f"at least {_OF_PGBENCH}",
        rate / bare >= _OF_PGBENCH,
    )
    times = rate / _PRIVACYIDEA_PER_S
    yield Figure(
        "the same",
        f"{_PRIVACYIDEA_PER_S} checks/s",
        times,
        "privacyIDEA's measured rate",
        f"at least {_TIMES_PRIVACYIDEA}",
        times >= _TIMES_PRIVACYIDEA,
    )


def _at_once(home: Path, begun: datetime) -> Iterator[Figure]:
    spent = _verified(home, _Load(_PROCESSES, _CLIENTS // _PROCESSES, _TOKENS // 2, begun))
    middle, slowest = median(spent), quantiles(spent, n=100)[-1]
    yield Figure(f"verify, {_CLIENTS} clients at once", f"{len(spent) / _SECONDS:,.0f} /s")
    yield Figure(
        "slowest of a hundred (p99)",
        f"{1e3 * slowest:,.1f} ms",
        slowest / middle,
        f"the median, {1e3 * middle:,.1f} ms",
        f"at most {_SPREAD}",
        slowest <= _SPREAD * middle,
    )


def _stocked(folder: Path, server: Server) -> Path:
    home = folder / "home"
    home.mkdir()
    server.execute("CREATE DATABASE vault TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
    (home / config.FILE_NAME).write_text(f'[storage]\ndatabase = "{server.url("vault")}"\n')
    settings = config.load(home)
    wiring.initialise(settings, "benchmark")
    file, _ = seed_file(folder, _TOKENS)
    with wiring.Application(settings) as application:
        key = SeedFileKey(key_file=KEY.hex().encode())
        application.import_batch(file, key, "benchmark", Silent())
        bind(application, _TOKENS)
    return home


def _verified(home: Path, load: _Load) -> list[float]:
    """The seconds that each acceptance took, of all clients together."""
    context = get_context("spawn")
    barrier, answers = context.Barrier(load.processes), context.Queue()
    workers = [
        context.Process(target=_serve, args=(home, load, number, barrier, answers))
        for number in range(load.processes)
    ]
    for worker in workers:
        worker.start()
    spent = [seconds for _ in workers for seconds in answers.get()]
    for worker in workers:
        worker.join()
    return spent


def _serve(home: Path, load: _Load, number: int, barrier: "Barrier", answers: Any) -> None:
    """One process: every thread has tokens of its own, as people have."""
    with wiring.Application(config.load(home)) as application:
        own = _TOKENS // 2 // load.clients
        mine = range(number * load.threads, (number + 1) * load.threads)
        desks = [Desk(application, own, load.first + client * own, load.now) for client in mine]
        spent: list[list[float]] = [[] for _ in desks]
        threads = [
            Thread(target=_client, args=(application, desk, barrier if n == 0 else None, seconds))
            for n, (desk, seconds) in enumerate(zip(desks, spent, strict=True))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        answers.put([seconds for each in spent for seconds in each])


def _client(
    application: wiring.Application, desk: Desk, barrier: "Barrier | None", spent: list[float]
) -> None:
    application.vault.counts()  # connects
    if barrier is not None:
        barrier.wait()
    end = perf_counter() + _SECONDS
    while (begun := perf_counter()) < end:
        verify = desk.next_code()
        begun = perf_counter()
        verify()
        spent.append(perf_counter() - begun)


def _pgbench(home: Path, server: Server, clients: int) -> float:
    """Transactions a second on a copy of the vault, with nothing but its statements."""
    server.execute("CREATE DATABASE bare TEMPLATE vault")
    script = home / "verify.sql"
    script.write_text(_script(server))
    done = subprocess.run(
        [
            *(str(program("pgbench")), "--no-vacuum", "--protocol=prepared"),
            *(f"--client={clients}", f"--jobs={clients}", f"--time={_SECONDS}"),
            *(f"--file={script}", server.conninfo("bare")),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    return float(found[1])


class _Written:
    """A driver that only writes down what it is asked, values and all."""

    def execute(self, sql: str, values: Sequence[Any], /) -> str:
        return sql.replace("\n", " ") % tuple(values)

    def executemany(self, sql: str, rows: Any, /) -> None:
        raise NotImplementedError


def _script(server: Server) -> str:
    """What a verification sends; the values are what it was answered, or stand for it."""
    database = PostgresqlDatabase(server.url("bare").replace("+psycopg", "", 1))
    statements, written = Statements(database.dialect), _Written()
    database.close()
    seen = {"seen_id": ":t_id", "seen_version": ":t_version", "seen_state": "'bound'"}
    progress = {name: f":t_{name}" for name in ("next_factor", "synchronised_ms", "drift_steps")}
    nothing = dict.fromkeys(ProgressRow._fields, "NULL")
    counted = dict.fromkeys(("failures", "resyncs", "uses"), "0") | {"must_resync": "false"}
    limits = {"ceiling": ":t_next_factor", "seen_epoch": "1"}
    event = {"chain": ":chain", "sequence": ":h_sequence", "at_ms": ":t_synchronised_ms"}
    words = {"kind": "'code.accepted'", "actor": "'benchmark'", "serial": "'GALT10000001'"}
    absent = dict.fromkeys(("user", "batch"), "NULL")
    detail = {"factor": "1", "detail": "'offset +0'", "digest": _DIGEST}
    moved = {"of_chain": ":chain", "digest": _DIGEST}
    lines = (
        f"{statements.read_token.run(written, folded=_SERIAL)} \\gset t_",
        "BEGIN;",
        f"{statements.advance.run(written, **nothing | progress | counted | seen | limits)};",
        f"{statements.lengthen_chain.run(written, of_chain=':chain')} \\gset h_",
        f"{statements.append_event.run(written, **event | words | absent | detail)};",
        f"{statements.move_head.run(written, **moved)};",
        "COMMIT;",
    )
    chosen = (f"\\set token random(0, {_TOKENS - 1})", f"\\set chain random(1, {SERIAL_CHAINS})")
    return "\n".join((*chosen, *lines))
