"""Vaults made by the real command line, to be copied for every trouble; and what stands in them."""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from seedvault import config
from seedvault.domain.audit import SERIAL_CHAINS, AuditEvent, EventKind
from seedvault.storage import SqlVault, open_vault
from tests.drills.careless import CarelessCommandLine
from tests.drills.databases import Databases
from tests.drills.defences import Defence
from tests.support.cli import CommandLine, environment
from tests.support.seed_files import deliver

_SAMPLED = 200
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class World:
    """A vault in which something is killed."""

    seedvault: CommandLine

    def without(self, missing: Defence | None) -> "World":
        """The same vault, worked on by a careless command line."""
        if missing is None:
            return self
        return World(CarelessCommandLine(self.seedvault.home, missing=missing))

    @property
    def url(self) -> str:
        return str(config.load(self.seedvault.home).database)

    @contextmanager
    def vault(self) -> Iterator[SqlVault]:
        """Its database, seen from beside; the HSM is not asked."""
        with closing(open_vault(self.url, lambda: datetime.now(UTC))) as vault:
            yield vault

    def on_record(self, kind: EventKind) -> list[AuditEvent]:
        """Every event of a kind, chain by chain."""
        with self.vault() as vault:
            chains = [vault.chain(number) for number in range(SERIAL_CHAINS + 1)]
            return [
                logged.event for chain in chains for logged in chain if logged.event.kind is kind
            ]

    def faults(self, chance: random.Random) -> list[str]:
        """What is wrong with its record, and with some of its tokens, drawn by chance."""
        words = (self.seedvault.home, str(_SAMPLED), str(chance.randrange(1_000_000)))
        ran = subprocess.run(
            [sys.executable, "-m", "tests.drills.sampling", *words],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env=environment(),
        )
        wrong: list[str] = json.loads(ran.stdout)
        return wrong


@dataclass(frozen=True, slots=True)
class Stage:
    """Where worlds are made. `chance` is seeded."""

    databases: Databases
    chance: random.Random

    @property
    def folder(self) -> Path:
        return self.databases.folder

    def new(self) -> World:
        """A new, empty vault."""
        home = self.folder / f"home-{next(_numbers)}"
        seedvault = CommandLine(home)
        seedvault.ok("init", "--database", self.databases.new())
        return World(seedvault)

    def stocked(self, tokens: int) -> World:
        """A vault with so many event-based tokens in stock."""
        world = self.new()
        delivery = deliver(world.seedvault.home.with_suffix(".pskcxml"), totp=0, hotp=tokens)
        world.seedvault.ok("batch", "import", *delivery.arguments)
        return world

    def copied(self, world: World, databases: Databases | None = None) -> World:
        """Another vault that is like this one, which nobody may be using now."""
        home = self.folder / f"home-{next(_numbers)}"
        shutil.copytree(world.seedvault.home, home)
        url = (databases or self.databases).copy(world.url)
        config.save(replace(config.load(home), database=url))
        return World(replace(world.seedvault, home=home))
