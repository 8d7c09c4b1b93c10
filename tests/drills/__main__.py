"""`./dev drill NAME`: what takes minutes, and ends with a table."""

import sys
from collections.abc import Callable
from typing import Final

from tests.drills import (
    audit,
    failover,
    faults,
    kills,
    model,
    mutants,
    race,
    seals,
    stateful,
    threads,
)

DRILLS: Final[dict[str, tuple[str, Callable[[list[str]], int]]]] = {
    "audit": (
        "the audit log rewritten in every way, with and without the database's help",
        audit.main,
    ),
    "failover": ("the primary dies, its standby is promoted, under load", failover.main),
    "faults": ("the HSM fails at every call, in every way", faults.main),
    "kills": ("imports and the rest killed at any moment, disks that fill up", kills.main),
    "model": ("the formal model of once-only, over all its states", model.main),
    "mutants": ("every small mistake in the domain, noticed by its tests", mutants.main),
    "race": ("one code for many processes, at a barrier, round after round", race.main),
    "seals": ("every row of a vault altered and swapped", seals.main),
    "stateful": ("two nodes and a model, whatever hypothesis thinks of", stateful.main),
    "threads": ("threads and processes at once on one PKCS#11 token", threads.main),
}


def main(arguments: list[str]) -> int:
    """The named drill's exit code; 2, and the names, for any other."""
    name, *more = arguments or [""]
    if name in DRILLS:
        return DRILLS[name][1](more)
    print("usage: ./dev drill NAME [ARGS...]\n", file=sys.stderr)
    for known, (what, _) in DRILLS.items():
        print(f"  {known:10} {what}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
