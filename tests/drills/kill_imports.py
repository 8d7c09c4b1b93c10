"""Imports that are killed at any moment, or run out of disk: all of a file, or nothing of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import func, select

from seedvault.cli.exits import Exit
from seedvault.storage import SqlVault
from seedvault.storage.tables import STAGED_TOKEN
from tests.drills.databases import SqliteDatabases
from tests.drills.defences import Defence
from tests.drills.kill_world import Stage, World
from tests.drills.killing import Left, Verdict, kill, rehearse, spread
from tests.support.cli import Finished
from tests.support.seed_files import Delivery, deliver
from tests.support.tmpfs import small_disk

_TO_THE_END = 4  # of so many kills in a row, the last is followed by the same import to its end
_AT_THE_DOOR = 3  # of so many kills, one comes as soon as anything is visible
_DOOR_S = 0.02
_PATIENCE_S = 60.0  # a server notices only after a while that a killed import is gone


@dataclass(frozen=True, slots=True)
class Importing:
    """A file on its way into copies of an empty vault: undisturbed, in so many seconds.

    `octets` is what the database then takes on disk.
    """

    stage: Stage
    empty: World
    delivery: Delivery
    tokens: int
    seconds: float
    octets: int

    @classmethod
    def rehearsed(cls, stage: Stage, tokens: int, careless: Defence | None = None) -> "Importing":
        """A file of so many tokens, half of them clocks, imported once."""
        totp = tokens // 2
        file = stage.folder / f"{tokens}.pskcxml"
        delivery = deliver(file, totp=totp, hotp=tokens - totp)
        empty = stage.new().without(careless)
        world = stage.copied(empty)
        seconds = rehearse(world.seedvault.start("batch", "import", *delivery.arguments))
        octets = _size(world) if world.url.startswith("sqlite") else 0
        return cls(stage, empty, delivery, tokens, seconds, octets)

    def kills(self, times: int) -> Iterator[Verdict]:
        """Kill it so many times. Some imports begin among what earlier ones have staged."""
        world = self.stage.copied(self.empty)
        for number, moment in enumerate(spread(self.stage.chance, times), 1):
            if number % _AT_THE_DOOR == 0:
                verdict = self._killed_at_the_door(world, moment * _DOOR_S)
            else:
                verdict = self._killed(world, moment * self.seconds)
            if verdict.left is Left.NOTHING and number % _TO_THE_END and number != times:
                self._listed(world, verdict)
            else:
                self._again(world, verdict)
                world = self.stage.copied(self.empty)
            yield verdict

    def full_disks(self, times: int) -> Iterator[Verdict]:
        """Import on to disks that fill up under way; then there is room enough.

        Only SQLite's files are ours to put there.
        """
        if not self.octets:
            return
        least = _size(self.empty) + (256 << 10)
        for number, share in enumerate(spread(self.stage.chance, times)):
            place = self.stage.folder / f"disk-{number}"
            size = least + int(0.9 * share * (self.octets - least))
            with small_disk(place, f"{size >> 10}k") as disk:
                world = self.stage.copied(self.empty, SqliteDatabases(place))
                verdict = Verdict("an import, the disk full")
                ran = self._run(world)
                self._look(world, verdict, told=ran.out)
                if ran.code != Exit.STORAGE_UNAVAILABLE:
                    verdict.wrong.append(f"on a full disk it ended with {ran.code}: {ran.err}")
                disk.remount(f"size={4 * self.octets >> 10}k")
                self._again(world, verdict)
            yield verdict

    def _killed(self, world: World, after_s: float) -> Verdict:
        process = world.seedvault.start("batch", "import", *self.delivery.arguments)
        ended = kill(process, after_s)
        verdict = Verdict("an import, killed at any moment", wrong=list(ended.wrong))
        self._look(world, verdict, told=ended.out)
        return verdict

    def _killed_at_the_door(self, world: World, after_s: float) -> Verdict:
        with world.vault() as vault:
            process = world.seedvault.start("batch", "import", *self.delivery.arguments)
            ended = kill(process, after_s, lambda: bool(vault.batches()))
        verdict = Verdict("an import, killed when visible", wrong=list(ended.wrong))
        self._look(world, verdict, told=ended.out)
        return verdict

    def _look(self, world: World, verdict: Verdict, *, told: str) -> None:
        """What is visible: all, or nothing; and all, if it was told."""
        with world.vault() as vault:
            verdict.rows = _staged(vault)
            verdict.left = self._visible(vault)
            said = [batch.tokens for batch in vault.batches()]
        if verdict.left is Left.PART:
            verdict.half += 1
            verdict.wrong.append(f"visible in part: batches of {said} tokens")
        if told.startswith("B-") and verdict.left is not Left.ALL:
            verdict.lost += 1
            verdict.wrong.append(f"told, and not there: {told}")

    def _visible(self, vault: SqlVault) -> Left:
        seen = vault.counts().in_stock, [batch.tokens for batch in vault.batches()]
        if seen == (0, []):
            return Left.NOTHING
        return Left.ALL if seen == (self.tokens, [self.tokens]) else Left.PART

    def _listed(self, world: World, verdict: Verdict) -> None:
        """The next command of anybody goes as ever, and shows nothing."""
        listed = world.seedvault("batch", "list", "--json")
        if listed.code != Exit.DONE or listed.document["batches"]:
            verdict.wrong.append(f"batch list: {listed}")

    def _again(self, world: World, verdict: Verdict) -> None:
        """The same import, to its end: now all of it is there, and nothing else."""
        ran = self._run_when_free(world)
        verdict.again = True
        with world.vault() as vault:
            left, rows = self._visible(vault), _staged(vault)
        if ran.code != Exit.DONE or left is not Left.ALL:
            verdict.wrong.append(f"run again, {left.value} is there: {ran}")
        if rows:
            verdict.wrong.append(f"{rows} staged rows were not swept")
        verdict.wrong += world.faults(self.stage.chance)

    def _run(self, world: World) -> Finished:
        return world.seedvault("batch", "import", *self.delivery.arguments)

    def _run_when_free(self, world: World) -> Finished:
        given_up = monotonic() + _PATIENCE_S
        while (ran := self._run(world)).code == Exit.NOT_FOUND_OR_CONFLICT:
            if monotonic() > given_up:
                break
            sleep(0.5)
        return ran


def _staged(vault: SqlVault) -> int:
    count: int = vault._database.sql.execute(
        select(func.count()).select_from(STAGED_TOKEN)
    ).scalar_one()
    return count


def _size(world: World) -> int:
    return Path(world.url.removeprefix("sqlite:///")).stat().st_size
