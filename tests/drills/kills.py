"""`./dev drill kills`: imports, lists, moves and logins are killed at any moment; disks fill up.

Exit 1 where a batch is visible in part, something that was told as done is not there, or the same
command run again does not bring it to its end; where seals, seeds or the record are not whole.

Three defences hold it. A batch and its tokens become visible by one commit, a change and its event
are written by one, and an outcome is told after its commit. `--without` takes one of them out, and
then something must be found.
"""

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.drills.databases import Databases, Kind, add_option, databases
from tests.drills.defences import Defence
from tests.drills.kill_imports import Importing
from tests.drills.kill_lists import Assigning, Moving
from tests.drills.kill_verifications import Verifying
from tests.drills.kill_world import Stage
from tests.drills.killing import Verdict, table
from tests.support.tmpfs import may_mount

_DEFENCES = (Defence.PUBLISH, Defence.EVENT, Defence.TOLD)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much, and how often: of everything but imports, `others` kills each."""

    tokens: int = 100_000
    kills: int = 40
    others: int = 10
    disks: int = 5
    lines: int = 1_000
    moved: int = 4_000
    seed: int = 1


def troubles(made: Databases, plan: Plan) -> Iterator[Verdict]:
    """All of them, one after the other."""
    stage = Stage(made, random.Random(plan.seed))
    importing = Importing.rehearsed(stage, plan.tokens)
    yield from importing.kills(plan.kills)
    if may_mount():
        yield from importing.full_disks(plan.disks)
    yield from Assigning.prepared(stage, plan.lines).kills(plan.others)
    yield from Moving.prepared(stage, plan.moved).kills(plan.others)
    yield from Verifying.prepared(stage).kills(plan.others)


def careless(made: Databases, plan: Plan, missing: Defence) -> Iterator[Verdict]:
    """Only what rests on the defence that is missing."""
    stage = Stage(made, random.Random(plan.seed))
    match missing:
        case Defence.PUBLISH:
            return Importing.rehearsed(stage, plan.tokens, missing).kills(plan.kills)
        case Defence.EVENT:
            return Assigning.prepared(stage, plan.lines, missing).kills(plan.others)
        case Defence.TOLD:
            return Verifying.prepared(stage, missing).kills(plan.others)
    raise ValueError(f"nothing that is killed here rests on {missing.value}")


def good(verdicts: list[Verdict], missing: Defence | None = None) -> bool:
    """Nothing is wrong; without a defence, something must have been lost or half done."""
    if missing:
        return any(verdict.half or verdict.lost for verdict in verdicts)
    return not any(verdict.half or verdict.lost or verdict.wrong for verdict in verdicts)


def main(words: list[str]) -> int:
    """Exit 1 unless all was well."""
    usual = Plan()
    parser = argparse.ArgumentParser(prog="./dev drill kills", description=__doc__)
    parser.add_argument("--tokens", type=int, default=usual.tokens, help="a file (%(default)s)")
    parser.add_argument("--kills", type=int, default=usual.kills, help="of imports (%(default)s)")
    parser.add_argument("--seed", type=int, default=usual.seed, help="of the moments (%(default)s)")
    add_option(parser, [Kind.SQLITE, Kind.POSTGRESQL])
    parser.add_argument("--without", type=Defence, choices=_DEFENCES, help="take a defence out")
    asked = parser.parse_args(words)
    plan = Plan(asked.tokens, asked.kills, max(2, asked.kills // 4), seed=asked.seed)
    well = True
    for kind in asked.database:
        with databases(kind) as made:
            missing = asked.without
            done = careless(made, plan, missing) if missing else troubles(made, plan)
            found = list(done)
        print(f"{plan.tokens:,} tokens a file, {kind.title}, SoftHSM, seed {plan.seed}")
        print("\n".join(table(found)), flush=True)
        if not may_mount():
            print("  full disks were not tried: mounting a small one takes root")
        well = good(found, asked.without) and well
    return 0 if well else 1
