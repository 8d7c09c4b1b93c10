"""Two nodes and a model, short; and that the model notices what is missing."""

from pathlib import Path

import pytest

from tests.drills.databases import Databases, SqliteDatabases
from tests.drills.defences import Defence
from tests.drills.stateful import DEFENCES, Plan, run

SHORT = Plan(examples=15, steps=30)
CARELESS = Plan(examples=60, steps=30, seed=4)  # the soonest noticed of six


def test_two_nodes_do_what_the_model_says(databases: Databases) -> None:
    figures = run(databases, SHORT)

    assert figures.examples >= SHORT.examples
    assert figures.again, "no decision was ever overtaken"
    assert figures.steps["rotate"]
    assert figures.steps["clock back"]
    assert figures.steps["restore"]
    told = {"accepted", "already used", "suspended", "not assigned to anyone"}
    assert told <= set(figures.answers)


NOTICED = {
    Defence.CONDITION: "the model says",
    Defence.FLOOR: "word='accepted'.*the model says .*already used",
    Defence.STATE: "the model says .*(suspended|not assigned|revoked|retired)",
    Defence.WAIT: "the model says .*(disabled|locked|too soon)",
}


@pytest.mark.parametrize("missing", DEFENCES)
def test_the_model_notices_what_is_missing(tmp_path: Path, missing: Defence) -> None:
    with pytest.raises(AssertionError, match=NOTICED[missing]):
        run(SqliteDatabases(tmp_path), CARELESS, missing)
