"""The primary dies in the middle of the load, its standby is promoted: nothing is accepted twice.

Two clients spend the same codes on two nodes of one vault. The standby is cut off from the primary
for a second, then the primary is killed, with all its processes; the standby becomes the primary,
and the clients, who name both, find it. There every code is tried again.

With a synchronous standby no client was told of a commit that the standby had not. With an
asynchronous one, what was accepted in that second is accepted again: this is what `seedvault
restore` is for, and it shows that the drill would find it.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep, time
from typing import Any

from tests.support import postgresql
from tests.support.cli import CommandLine, environment
from tests.support.nodes import second_node
from tests.support.postgresql import Server
from tests.support.seed_files import deliver, serial

_DATABASE = "vault"
_HUNG_S = 120


@dataclass(frozen=True, slots=True)
class Load:
    """How long before the failure, how long without the standby, and how long after."""

    before_s: float = 10
    cut_off_s: float = 1
    after_s: float = 10
    tokens: int = 20


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of it. `twice` are codes that somebody was told are accepted, and then again."""

    accepted: int
    accepted_after: int
    twice: int
    unavailable: int
    recovery_s: float

    @property
    def good(self) -> bool:
        """Nothing twice, and the work went on."""
        return not self.twice and self.accepted_after > 0


def run(load: Load, *, synchronous: bool) -> Figures:
    """One failover, from nothing."""
    with ExitStack() as ending:
        primary, standby = _pair(ending, synchronous=synchronous)
        folder = Path(ending.enter_context(TemporaryDirectory(prefix="seedvault-failover-")))
        homes = _vault(folder, f"{primary.folder},{standby.folder}", load.tokens)
        clients = ending.enter_context(_clients(homes, load.tokens))
        _tell(clients, "go")
        sleep(load.before_s)
        primary.cut_off_standby()
        sleep(load.cut_off_s)
        died = time()
        primary.crash()
        _hear(clients, "lost")
        postgresql.promote(standby)
        _tell(clients, "replay")
        _hear(clients, "replayed")
        back = time()
        _tell(clients, "go")
        sleep(load.after_s)
        _tell(clients, "stop")
        return _figures([json.loads(_line(client)) for client in clients], died, back)


def _figures(told: Sequence[dict[str, Any]], died: float, back: float) -> Figures:
    accepted = Counter((token, counter) for each in told for token, counter, _ in each["accepted"])
    moments = sorted(at for each in told for *_, at in each["accepted"])
    again = sum(len(each["twice"]) for each in told)
    after = [at for at in moments if at > died]
    return Figures(
        accepted=len(accepted),
        accepted_after=sum(at > back for at in moments),
        twice=again + sum(times - 1 for times in accepted.values()),
        unavailable=sum(each["unavailable"] for each in told),
        recovery_s=(after[0] if after else back) - died,
    )


def _pair(ending: ExitStack, *, synchronous: bool) -> tuple[Server, Server]:
    """A primary and its standby, streaming."""
    names = "*" if synchronous else ""
    primary = ending.enter_context(postgresql.running(synchronous_standby_names=names))
    folder = ending.enter_context(postgresql.new_folder())
    postgresql.copy_of(primary, folder, "standby")
    standby = postgresql.start(folder)
    ending.callback(standby.stop)
    state = "sync" if synchronous else "async"
    primary.until(f"SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = '{state}'")
    return primary, standby


def _vault(folder: Path, hosts: str, tokens: int) -> list[Path]:
    """The homes of two nodes; all tokens are alice's."""
    seedvault = CommandLine(folder / "home")
    seedvault.ok("init", "--database", _url(hosts))
    delivery = deliver(folder / "delivery.xml", totp=0, hotp=tokens)
    seedvault.ok("batch", "import", *delivery.arguments)
    seedvault.ok("user", "add", "alice")
    desk = folder / "desk.csv"
    lines = [f"{serial(place)},alice" for place in range(tokens)]
    desk.write_text("\n".join(["Serial,User", *lines]))
    seedvault.ok("token", "assign", "--csv", desk)
    return [seedvault.home, second_node(seedvault.home, folder / "node-2")]


def _url(hosts: str) -> str:
    """Both servers; whichever may be written to is the one."""
    return f"postgresql+psycopg://seedvault@/postgres?host={hosts}&target_session_attrs=read-write"


@contextmanager
def _clients(homes: Sequence[Path], tokens: int) -> "Iterator[list[subprocess.Popen[str]]]":
    """A client on each node, ready."""
    clients = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.drills.failover_load", str(home), str(tokens)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        for home in homes
    ]
    try:
        _hear(clients, "ready")
        yield clients
        for client in clients:
            client.communicate(timeout=_HUNG_S)
    finally:
        for client in clients:
            client.kill()
            client.communicate()


def _tell(clients: "Sequence[subprocess.Popen[str]]", word: str) -> None:
    for client in clients:
        assert client.stdin is not None
        client.stdin.write(f"{word}\n")
        client.stdin.flush()


def _hear(clients: "Sequence[subprocess.Popen[str]]", word: str) -> None:
    for client in clients:
        heard = _line(client)
        if heard != word:
            raise RuntimeError(f"a client said {heard!r}, not {word!r}")


def _line(client: "subprocess.Popen[str]") -> str:
    assert client.stdout is not None
    return client.stdout.readline().rstrip("\n")


def table(load: Load, figures: Figures, *, synchronous: bool) -> str:
    """The figures for people."""
    kind = "synchronous" if synchronous else "asynchronous"
    lines = [
        f"two nodes; {kind} standby, cut off {load.cut_off_s:g} s before the primary dies",
        f"  codes accepted            {figures.accepted:>10,}   ({figures.accepted_after:,} after)",
        f"  accepted twice            {figures.twice:>10,}",
        f"  told to try again         {figures.unavailable:>10,}",
        f"  until the first was accepted again {figures.recovery_s:>6.2f} s, promotion included",
    ]
    return "\n".join(lines)


def main(words: list[str]) -> int:
    """Exit 1 unless all was well, and the drill has shown that it would have found it."""
    parser = argparse.ArgumentParser(prog="./dev drill failover", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="of load, before and after")
    seconds = parser.parse_args(words).seconds
    load = Load(before_s=seconds, after_s=seconds)
    figures = run(load, synchronous=True)
    print(table(load, figures, synchronous=True))
    lossy = run(load, synchronous=False)
    print(table(load, lossy, synchronous=False))
    return 0 if figures.good and lossy.twice else 1
