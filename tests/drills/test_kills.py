"""The drill of kills, short."""

from pathlib import Path

import pytest

from tests.drills.databases import Databases, SqliteDatabases
from tests.drills.defences import Defence
from tests.drills.killing import Left, Verdict, table
from tests.drills.kills import Plan, careless, good, troubles

SHORT = Plan(tokens=5_000, kills=6, others=2, disks=1, lines=120, moved=600)
CARELESS = Plan(tokens=2_000, kills=3, others=4, lines=30)


def test_what_is_killed_is_done_or_not_and_the_same_run_again_is_whole(
    databases: Databases,
) -> None:
    found = list(troubles(databases, SHORT))

    assert good(found), "\n".join(table(found))
    assert any(verdict.rows for verdict in found)
    assert any(verdict.left is Left.ALL for verdict in found)


@pytest.mark.parametrize("missing", [Defence.PUBLISH, Defence.EVENT, Defence.TOLD])
def test_without_a_defence_something_is_lost_or_half_done(tmp_path: Path, missing: Defence) -> None:
    found = list(careless(SqliteDatabases(tmp_path), CARELESS, missing))

    assert good(found, missing), "\n".join(table(found))


def test_a_drill_that_notices_nothing_is_not_good() -> None:
    nothing = [Verdict("an import", Left.NOTHING)]

    assert good(nothing)
    assert not good(nothing, Defence.PUBLISH)
    assert not good([Verdict("an import", Left.PART, half=1)])
    assert not good([Verdict("an import", Left.NOTHING, lost=1)])
    assert not good([Verdict("an import", wrong=["rows were not swept"])])
