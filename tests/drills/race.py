"""`./dev drill race`: processes, each a node, race for one code at a barrier, code after code.

Exit 1 where a code was accepted twice, a fresh one by nobody, or somebody was told what is not on
record. In a second kind of race each does something else with the token: verify, resynchronise,
assign, take back, suspend.

The defence is the conditional write. A short race without it (`--naive`: a longer one) comes first,
and must find codes accepted twice: a rig that finds none there would find none anywhere.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from seedvault.domain.oath import Counting
from tests.drills.databases import Databases, Kind, add_option, databases
from tests.drills.defences import Defence
from tests.drills.nodes import Site, found_site
from tests.drills.race_errands import ALICE, BOB, HOTP, TOTP, Card, Errand, Everything, SameCode
from tests.drills.racing import Crowd, run
from tests.drills.referee import Judgement, judge
from tests.support.tokens import NOON

_RIG = 150  # codes of the race that must find double acceptances
_HEADINGS = ("codes", "attempts", "accepted", "twice", "lost", "wrong", "codes/s")


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, and with how many. `rounds` of everything at once are a tenth of the codes."""

    codes: int = 2_000
    crowd: Crowd = field(default_factory=Crowd)
    seed: int = 1
    rig: int = _RIG

    @property
    def mixed(self) -> int:
        return max(20, self.codes // 10)


@dataclass(frozen=True, slots=True)
class Lap:
    """What became of one race. `lost` counts fresh codes that nobody got accepted."""

    errand: Errand
    careless: Defence | None
    attempts: int
    seconds: float
    found: Judgement
    lost: int

    @property
    def good(self) -> bool:
        """With the defence nothing is wrong; without it, codes must have been accepted twice."""
        if self.careless:
            return self.found.doubles > 0
        return not (self.found.doubles or self.lost or self.found.wrong)

    def __str__(self) -> str:
        return f"{self.errand}, no {self.careless.value}" if self.careless else str(self.errand)


def laps(made: Databases, plan: Plan, *, naive: bool = False) -> Iterator[Lap]:
    """The rig's proof, then the races; only the former where `naive`."""
    site, cards = _track(made)
    rigged = SameCode(cards[0], plan.codes if naive else plan.rig, NOON)
    yield from _laps(site, plan, [rigged], Defence.CONDITION)
    if not naive:
        yield from _laps(site, plan, _errands(cards[1:], plan, rigged.ended))


def table(kind: Kind, crowd: Crowd, found: Sequence[Lap]) -> Iterator[str]:
    """A line for each race, and the figure."""
    yield f"{crowd}, {kind.title}, SoftHSM"
    yield f"  {'race':<36}" + "".join(f"{heading:>10}" for heading in _HEADINGS)
    for lap in found:
        yield f"  {lap!s:<36}" + "".join(f"{cell:>10,.0f}" for cell in _cells(lap))
    careful = [lap for lap in found if not lap.careless]
    if careful:
        codes = sum(lap.errand.rounds for lap in careful)
        doubles = sum(lap.found.doubles for lap in careful)
        yield f"  accepted twice, of 100,000 codes: {doubles * 100_000 / codes:g}"
    for lap in found:
        if not lap.good:
            yield f"  FAILED: {lap}"
            yield from (f"    {wrong}" for wrong in lap.found.wrong[:10])


def _cells(lap: Lap) -> tuple[float, ...]:
    found, rounds = lap.found, lap.errand.rounds
    return (
        *(rounds, lap.attempts, found.accepted, found.doubles, lap.lost, len(found.wrong)),
        rounds / lap.seconds,
    )


def main(words: list[str]) -> int:
    """Exit 1 unless all was well."""
    usual, crowd = Plan(), Crowd()
    parser = argparse.ArgumentParser(prog="./dev drill race", description=__doc__)
    parser.add_argument("--codes", type=int, default=usual.codes, help="in each race (%(default)s)")
    parser.add_argument("--processes", type=int, default=crowd.processes)
    parser.add_argument("--threads", type=int, default=crowd.threads, help="of each process")
    add_option(parser, list(Kind))
    parser.add_argument("--seed", type=int, default=usual.seed, help="of who does what")
    parser.add_argument("--naive", action="store_true", help="only without the conditional write")
    asked = parser.parse_args(words)
    plan = Plan(asked.codes, Crowd(asked.processes, asked.threads), asked.seed)
    good = True
    for kind in asked.database:
        with databases(kind) as made:
            found = list(laps(made, plan, naive=asked.naive))
        print("\n".join(table(kind, plan.crowd, found)), flush=True)
        good = good and all(lap.good for lap in found)
    return 0 if good else 1


def _errands(cards: list[Card], plan: Plan, begun: datetime) -> list[Errand]:
    """Two races of the same code, and two of everything: no clock goes back between them."""
    errands: list[Errand] = []
    for card in cards[:2]:
        errands.append(SameCode(card, plan.codes, begun))
        begun = errands[-1].ended
    for card in cards[2:]:
        errands.append(Everything(card, plan.mixed, begun, plan.seed))
        begun = errands[-1].ended
    return errands


def _track(made: Databases) -> tuple[Site, list[Card]]:
    """A vault with five cards, of which three are alice's and two in stock."""
    kinds: tuple[Counting, ...] = (TOTP, TOTP, HOTP, TOTP, HOTP)
    cards = [Card(number, mover) for number, mover in enumerate(kinds, 1)]
    site = found_site(made.new())
    with site.node() as node:
        node.stock({card.number: card.kind for card in cards})
        node.add_user(BOB)
        node.add_user(ALICE)
        for card in cards[:3]:
            node.assign(card.serial, ALICE)
    return site, cards


def _laps(
    site: Site, plan: Plan, errands: Sequence[Errand], careless: Defence | None = None
) -> Iterator[Lap]:
    races = run(site, plan.crowd, errands, careless)
    with site.node() as node:
        for errand, race in zip(errands, races, strict=True):
            found = judge(node.vault, errand.card.serial, [*errand.known, *race.told])
            attempts = errand.rounds * plan.crowd.contestants
            lost = errand.lost(node, race.told, errands[-1].ended)
            yield Lap(errand, careless, attempts, race.seconds, found, lost)
