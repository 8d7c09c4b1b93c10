"""A list of assignments, and tokens on their way under new keys: killed at any moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seedvault.cli.exits import Exit
from seedvault.domain.audit import EventKind
from seedvault.domain.token import owner_of
from seedvault.domain.vault_key import KeyPurpose
from seedvault.service.ports import TokenFilter
from seedvault.storage import SqlVault
from tests.drills.defences import Defence
from tests.drills.kill_world import Stage, World
from tests.drills.killing import Left, Process, Verdict, kill, rehearse, spread
from tests.support.seed_files import serial

_USERS = ("alice", "bob", "carol", "dora")
_PAGE = 100_000


@dataclass(frozen=True, slots=True)
class Assigning:
    """A list of as many lines as there are tokens in stock: what was told as done is done."""

    stage: Stage
    stocked: World
    desk: Path
    lines: int

    @classmethod
    def prepared(cls, stage: Stage, lines: int, missing: Defence | None = None) -> "Assigning":
        """A vault with so many tokens and a few users, and the list."""
        stocked = stage.stocked(lines)
        for user in _USERS:
            stocked.seedvault.ok("user", "add", user)
        desk = stage.folder / "desk.csv"
        rows = [f"{wanted},{user}" for wanted, user in _wanted(lines).items()]
        desk.write_text("\n".join(["serial,user", *rows, ""]))
        return cls(stage, stocked.without(missing), desk, lines)

    def kills(self, times: int) -> Iterator[Verdict]:
        """Kill it so many times, then run the same list to its end."""
        world = self.stage.copied(self.stocked)
        with world.vault() as vault:
            seconds = rehearse(self._start(world), lambda: bool(vault.counts().bound))
        for moment in spread(self.stage.chance, times):
            world = self.stage.copied(self.stocked)
            with world.vault() as vault:
                process = self._start(world)
                ended = kill(process, moment * seconds, lambda: bool(vault.counts().bound))
            verdict = Verdict("a list of assignments", wrong=list(ended.wrong))
            self._look(world, verdict, told=ended.out)
            self._again(world, verdict)
            yield verdict

    def _start(self, world: World) -> Process:
        return world.seedvault.start("token", "assign", "--csv", self.desk)

    def _look(self, world: World, verdict: Verdict, *, told: str) -> None:
        """The first lines are done, each with its event, and all others are not."""
        owners = _owners(world)
        recorded = {
            str(event.serial): event.user for event in world.on_record(EventKind.TOKEN_ASSIGNED)
        }
        whole = dict(list(_wanted(self.lines).items())[: len(owners)])
        verdict.left = _how_much(len(owners), self.lines)
        if not owners == recorded == whole:
            verdict.half += 1
            verdict.wrong.append(
                f"{len(owners)} have an owner, {len(recorded)} on record, and they are not "
                "the first lines of the list"
            )
        if f"{self.lines} assigned" in told and verdict.left is not Left.ALL:
            verdict.lost += 1
            verdict.wrong.append(f"told, and not there: {told}")

    def _again(self, world: World, verdict: Verdict) -> None:
        ran = world.seedvault("token", "assign", "--csv", self.desk)
        verdict.again = True
        if ran.code not in {Exit.DONE, Exit.FILE_REFUSED} or _owners(world) != _wanted(self.lines):
            verdict.wrong.append(f"run again, the list is not done: {ran}")
        verdict.wrong += world.faults(self.stage.chance)


@dataclass(frozen=True, slots=True)
class Moving:
    """Tokens on their way under new keys: each is under the old ones or the new, and whole."""

    stage: Stage
    stocked: World
    tokens: int

    @classmethod
    def prepared(cls, stage: Stage, tokens: int) -> "Moving":
        """A vault with so many tokens."""
        return cls(stage, stage.stocked(tokens), tokens)

    def kills(self, times: int) -> Iterator[Verdict]:
        """Kill it so many times, then let the tokens that are left move."""
        seconds = 0.0
        for number, moment in enumerate([0.0, *spread(self.stage.chance, times)]):
            world = self.stage.copied(self.stocked)
            with world.vault() as vault:
                process = world.seedvault.start("key", "rotate")
                if number == 0:
                    seconds = rehearse(process, lambda: _is_renewed(vault))
                    continue
                ended = kill(process, moment * seconds, lambda: _is_renewed(vault))
            verdict = Verdict("tokens moving under new keys", wrong=list(ended.wrong))
            self._look(world, verdict)
            self._again(world, verdict)
            yield verdict

    def _look(self, world: World, verdict: Verdict) -> None:
        with world.vault() as vault:
            needed = vault.key_references()
        verdict.left = _how_much(needed.get("k2", 0), self.tokens)
        for purpose in (KeyPurpose.KEK, KeyPurpose.SEAL, KeyPurpose.FINGERPRINT):
            under = [needed.get(f"{purpose.letter}{version}", 0) for version in (1, 2)]
            if sum(under) != self.tokens or under[1] != needed.get("k2", 0):
                verdict.half += 1
                verdict.wrong.append(f"{purpose.words}: {under[0]} under the old, {under[1]} new")
        verdict.wrong += world.faults(self.stage.chance)

    def _again(self, world: World, verdict: Verdict) -> None:
        ran = world.seedvault("key", "rotate", "--resume")
        verdict.again = True
        with world.vault() as vault:
            needed = vault.key_references()
        if ran.code != Exit.DONE or needed != dict.fromkeys(("k2", "s2", "f2"), self.tokens):
            verdict.wrong.append(f"resumed, they are under {needed}: {ran}")
        verdict.wrong += world.faults(self.stage.chance)


def _wanted(lines: int) -> dict[str, str]:
    return {serial(number): _USERS[number % len(_USERS)] for number in range(lines)}


def _owners(world: World) -> dict[str, str]:
    with world.vault() as vault:
        tokens = [listed.token for listed in vault.listed(TokenFilter(limit=_PAGE))]
    return {str(token.device.serial): str(owner) for token in tokens if (owner := owner_of(token))}


def _how_much(done: int, of_all: int) -> Left:
    if not done:
        return Left.NOTHING
    return Left.ALL if done == of_all else Left.PART


def _is_renewed(vault: SqlVault) -> bool:
    return any(key.name == "k2" for key in vault.vault_keys())
