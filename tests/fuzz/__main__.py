"""`./dev fuzz [READER] [--seconds N] [--seed N]`: exit 1 if any reader broke.

READER is a folder of tests/vectors. What broke one is kept in .fuzz/, for `--replay FILE`.
"""

import argparse
import hashlib
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

from tests.fuzz import corpus
from tests.fuzz.mutate import Mutator
from tests.fuzz.oracle import Broken, Outcome, judge, peak_megabytes
from tests.fuzz.setups import SETUPS, Setup
from tests.fuzz.structured import generate

KEPT = Path(".fuzz")
_STRUCTURED = 50  # files made up at once
_MUTANTS = 400  # between two such times


class Fuzzer:
    """Executes mutants, counts what became of them, and keeps what nothing should become of."""

    def __init__(self, entries: list[corpus.Entry], number: int) -> None:
        self._random = Random(number)
        self._entries = entries
        self._words = corpus.words(entries)
        self._mutator = Mutator(self._random, self._words)
        self.executed = 0
        self.slowest = 0.0
        self.peak = 0
        self.outcomes: Counter[Outcome] = Counter()
        self.broken: dict[str, Path] = {}

    def run(self, seconds: float) -> None:
        """Start with the corpus as it is, then break it until the time is over."""
        now = time.perf_counter()
        self._learn(now + seconds / 2)
        until = now + seconds
        while time.perf_counter() < until:
            for _ in range(_MUTANTS):
                entry, other = self._random.choices(self._entries, k=2)
                self._execute(entry, self._mutator.mutant(entry.octets, other.octets))
                if time.perf_counter() >= until:
                    return
            nothing = corpus.Entry("structured", b"")
            generate(
                lambda octets: self._execute(nothing, octets),  # noqa: B023 - called at once
                self._words,
                _STRUCTURED,
                self._random.getrandbits(32),
            )

    def _learn(self, until: float) -> None:
        """Find out which setups open what."""
        tries = [(entry, setup) for entry in self._entries for setup in SETUPS]
        self._random.shuffle(tries)
        for entry, setup in tries:
            if time.perf_counter() >= until:
                return
            self._execute(entry, entry.octets, setup)

    def _setup(self, entry: corpus.Entry) -> Setup:
        learnt = entry.good and self._random.random() < 0.7
        return self._random.choice(entry.good if learnt else SETUPS)

    def _execute(self, entry: corpus.Entry, octets: bytes, setup: Setup | None = None) -> None:
        setup = setup or self._setup(entry)
        started = time.perf_counter()
        try:
            outcome = judge(octets, setup)
        except Broken as broken:
            self._keep(octets, setup, broken)
            outcome = Outcome("BROKEN", str(broken).partition("\n")[0])
        self.slowest = max(self.slowest, time.perf_counter() - started)
        self.peak = max(self.peak, peak_megabytes())
        self.executed += 1
        if outcome.kind == "records" and setup not in entry.good:
            entry.good.append(setup)
        if outcome not in self.outcomes:  # new ground: go on from here
            self._entries.append(corpus.Entry(entry.reader, octets, list(entry.good)))
        self.outcomes[outcome] += 1

    def _keep(self, octets: bytes, setup: Setup, broken: Broken) -> None:
        said = str(broken)
        if said in self.broken:
            return
        KEPT.mkdir(exist_ok=True)
        kept = KEPT / f"{hashlib.sha256(octets).hexdigest()[:12]}.{setup}"
        kept.write_bytes(octets)
        self.broken[said] = kept


def report(fuzzer: Fuzzer, took: float) -> None:
    """Print what was done, and every outcome by its class and line."""
    print(
        f"{fuzzer.executed} executions in {took:.1f} s ({fuzzer.executed / took:.0f} a second), "
        f"slowest {fuzzer.slowest:.2f} s, peak {fuzzer.peak} MB, "
        f"{len(fuzzer.outcomes)} distinct outcomes"
    )
    for outcome, count in sorted(
        fuzzer.outcomes.items(), key=lambda item: (item[0].kind, -item[1])
    ):
        print(f"{count:8}  {outcome.kind:18} {outcome.where}")
    for said, kept in fuzzer.broken.items():
        print(f"\nBROKEN, replay by: ./dev fuzz --replay {kept}\n{said}")


def replay(kept: Path) -> int:
    """What a kept file does now."""
    try:
        outcome = judge(kept.read_bytes(), Setup.named(kept.suffix[1:]))
    except Broken as broken:
        print(broken)
        return 1
    print(f"{outcome.kind} {outcome.where}")
    return 0


def main(arguments: list[str]) -> int:
    """Exit 1 where a reader broke."""
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__)
    parser.add_argument("reader", nargs="?", choices=corpus.readers(), metavar="READER")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    parser.add_argument("--replay", type=Path, metavar="FILE")
    chosen = parser.parse_args(arguments)
    if chosen.replay is not None:
        return replay(chosen.replay)
    fuzzer = Fuzzer(corpus.entries(chosen.reader), chosen.seed)
    print(f"seed {chosen.seed}, readers: {chosen.reader or ', '.join(corpus.readers())}")
    started = time.perf_counter()
    fuzzer.run(chosen.seconds)
    report(fuzzer, time.perf_counter() - started)
    return 1 if fuzzer.broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
