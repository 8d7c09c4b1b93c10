"""`./dev drill faults`: the module fails in every way, at every call; who pays, who is let in?

Exit 1 where a wrong code was accepted, a right one twice, a holder charged for the module's fault,
a PIN offered twice, something imported in part, or the module was sound again and we were not.
"""

import argparse
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.drills.fault_judge import cases, judge
from tests.drills.fault_kills import Desk, judge_kill, kills
from tests.drills.fault_operations import OPERATIONS
from tests.drills.fault_table import Verdict, findings, table
from tests.drills.fault_world import world
from tests.support.shim import shim


def main(arguments: list[str]) -> int:
    """Run the whole matrix and print it."""
    parser = argparse.ArgumentParser(prog="./dev drill faults", description=__doc__)
    parser.add_argument(
        "--calls", type=int, default=2, help="at the first N calls of each function (2)"
    )
    most = parser.parse_args(arguments).calls
    with (
        tempfile.TemporaryDirectory(prefix="seedvault-drill-") as folder,
        ThreadPoolExecutor(1) as beside,
    ):
        shim()  # built before two want it
        killed = beside.submit(lambda: list(_kills(Path(folder))))  # in processes of its own
        verdicts = [*_faults(Path(folder), most), *killed.result()]
    for line in table(verdicts):
        print(line)
    wrong = findings(verdicts)
    idle = sum(not verdict.fired for verdict in verdicts)
    print(f"\n{len(verdicts)} cases, {len(wrong)} findings, {idle} faults that never came to pass")
    for found in wrong:
        print(found)
    return 1 if wrong or idle else 0


def _faults(folder: Path, most: int) -> Iterator[Verdict]:
    for operation in OPERATIONS:
        place = folder / operation.name
        place.mkdir()
        with world(place) as made:  # of its own: what one has spoilt is not the next one's
            try:
                for case in cases(made, operation(), most):
                    yield judge(made, case)
            except Exception as broken:  # noqa: BLE001 - it is a finding, and the table still comes
                said = f"nothing goes any more: {broken!r}"
                yield Verdict(operation.name, "any", "any", fired=True, findings=[said])


def _kills(folder: Path) -> Iterator[Verdict]:
    desk = Desk.set_up(folder)
    for doing, fault in kills():
        yield judge_kill(desk, doing, fault)
