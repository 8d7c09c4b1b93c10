"""`./dev drill stateful`: hypothesis drives two nodes on one vault, with a model beside them.

They verify right, spent, future and wrong codes, resynchronise, assign, suspend, revoke, unlock.
Clocks jump and differ, a node is restarted, keys are rotated, the vault is put back to an older
copy; and what one node decided is committed after the other node's. Exit 1 where the vault gives
an answer that no order of what was done explains, a row is not what the model says, a code is
accepted twice, the record is not whole, or the holder of a sound token does not get in.

What holds it can be taken out by `--without`, and then the drill must fail: the conditional write
(`condition`), the floor under spent codes (`floor`), the state of a token (`state`), the wait after
failures (`wait`).
"""

import argparse
import traceback
from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.drills.databases import Databases, Kind, add_option, databases
from tests.drills.defences import Defence, without
from tests.drills.stateful_cluster import Ground
from tests.drills.stateful_machine import Figures, TwoNodes

DEFENCES = (Defence.CONDITION, Defence.FLOOR, Defence.STATE, Defence.WAIT)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of it; equal seeds, equal examples."""

    examples: int = 200
    steps: int = 50
    seed: int = 1


def run(made: Databases, plan: Plan, missing: Defence | None = None) -> Figures:
    """Raises what an example raised first; with all defences, the smallest such example."""
    figures = Figures()
    with without(missing):
        machine = type(
            "TwoNodesHere", (TwoNodes,), {"ground": Ground.prepared(made), "figures": figures}
        )
        run_state_machine_as_test(
            seed(plan.seed)(machine),
            settings=settings(
                max_examples=plan.examples,
                stateful_step_count=plan.steps,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate] if missing else [Phase.generate, Phase.shrink],
                report_multiple_bugs=False,
            ),
        )
    return figures


def table(kind: Kind, plan: Plan, figures: Figures) -> Iterator[str]:
    """The figures for people."""
    yield f"two nodes, {kind.title}, SoftHSM, seed {plan.seed}"
    steps = sum(figures.steps.values())
    rows = {
        "examples": figures.examples,
        "steps run": steps,
        **{f"  {name}": times for name, times in figures.steps.most_common()},
        "done between decision and commit": figures.crossed,
        "decided again for it": figures.again,
        "answers": sum(figures.answers.values()),
        **{f"  {word}": times for word, times in figures.answers.most_common()},
    }
    yield from (f"  {name:<40}{number:>9,}" for name, number in rows.items())


def main(words: list[str]) -> int:
    """Exit 1 unless all was well."""
    usual = Plan()
    parser = argparse.ArgumentParser(prog="./dev drill stateful", description=__doc__)
    parser.add_argument("--examples", type=int, default=usual.examples, help="(%(default)s)")
    parser.add_argument("--steps", type=int, default=usual.steps, help="of each (%(default)s)")
    parser.add_argument("--seed", type=int, default=usual.seed, help="(%(default)s)")
    parser.add_argument("--without", type=Defence, choices=DEFENCES, help="take a defence out")
    add_option(parser, [Kind.SQLITE, Kind.POSTGRESQL])
    asked = parser.parse_args(words)
    plan = Plan(asked.examples, asked.steps, asked.seed)
    wrong = 0
    for kind in asked.database:
        with databases(kind) as made:
            try:
                figures = run(made, plan, asked.without)
            except Exception:  # noqa: BLE001 - whatever it is, it is the finding
                traceback.print_exc()
                wrong += 1
            else:
                print("\n".join(table(kind, plan, figures)), flush=True)
    return int(not wrong if asked.without else bool(wrong))
