"""Rows tampered with in the database: refused, told and on record, and nobody is charged."""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import permutations
from pathlib import Path

from hsm import Keystore
from seedvault.cli.exits import Exit, exit_for
from seedvault.domain import life
from seedvault.domain.errors import SealBroken, SeedvaultError
from seedvault.domain.names import Serial
from seedvault.service.binding import AssignToken, UnassignToken, UnlockToken
from seedvault.service.challenge import IssueChallenge
from seedvault.service.lifecycle import ChangeLife
from seedvault.service.pins import ClearPin
from seedvault.service.resync import ResynchroniseToken
from seedvault.service.verify import VerifyCode
from tests.drills.sealed_vault import MALLORY, Known, SealedVault, now, setting
from tests.drills.tampering import Attack, flips, swaps
from tests.support.policies import DEFAULTS
from tests.support.softhsm import pin, vault_location

_EVENT = "seal.broken"
_STEPS = (
    (life.SUSPEND, life.suspend),
    (life.RESUME, life.resume),
    (life.REVOKE, life.revoke),
    (life.RETIRE, life.retire),
    (life.RELEASE, life.release),
)


@dataclass(slots=True)
class Figures:
    """How many operations on tampered rows, and what went wrong with which."""

    attacks: Counter[str] = field(default_factory=Counter)
    operations: int = 0
    refused: int = 0
    exit_7: int = 0
    on_record: int = 0
    unmoved: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """All of them refused, on record, and nothing moved."""
        return not self.failures and self.operations > 0


def run(attacks: Callable[[SealedVault], Iterator[Attack]]) -> Figures:
    """Each of `attacks` on a vault of its own SoftHSM, and every operation after each."""
    keystore = Keystore.connect(vault_location("seals"), pin())
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder:
        world = SealedVault(Path(folder), keystore)
        for attack in attacks(world):
            figures.attacks[attack.name] += 1
            with world.tampered(*attack.changes):
                for name, operation in _operations(world, attack):
                    _try(world, attack, name, operation, figures)
        _all_is_well(world, figures)
    keystore.close()
    return figures


def every_attack(world: SealedVault) -> Iterator[Attack]:
    """Every ordered pair of rows, and every sealed column of every row."""
    for victim, intruder in permutations(world.tokens, 2):
        yield from swaps(world, victim, intruder)
    for victim in world.tokens:
        yield from flips(world, victim)


def some_attacks(world: SealedVault) -> Iterator[Attack]:
    """Every sealed column of three rows, a clock's and a counter's among them, and their pairs."""
    some = [world.tokens[place] for place in (5, 8, 16)]
    for victim, intruder in permutations(some, 2):
        yield from swaps(world, victim, intruder)
    for victim in some:
        yield from flips(world, victim)


def table(figures: Figures) -> str:
    """The figures for people."""
    swapped = sum(times for name, times in figures.attacks.items() if name.endswith("swapped"))
    rows = {
        "blobs swapped": swapped,
        "columns changed": figures.attacks.total() - swapped,
        "operations tried on them": figures.operations,
        "refused": figures.refused,
        "told by exit code 7": figures.exit_7,
        "on record, once": figures.on_record,
        "rows that nothing moved in": figures.unmoved,
    }
    lines = [f"  {name:<28}{number:>8,}" for name, number in rows.items()]
    return "\n".join(["tampering with a token's row", *lines, *figures.failures[:20]])


def main(_words: list[str]) -> int:
    """Exit 1 unless all was well."""
    figures = run(every_attack)
    print(table(figures))
    return 0 if figures.good else 1


def _operations(world: SealedVault, attack: Attack) -> Iterator[tuple[str, Callable[[], object]]]:
    """Everything that reads a token to decide about it; codes are right, or the intruder's."""
    vault, keys, serial = world.vault, world.keys, attack.victim.serial
    for whose in filter(None, (attack.victim, attack.intruder)):
        first, second = whose.codes()
        yield "verify", partial(VerifyCode(vault, keys, now, DEFAULTS), serial, first, "rp")
        resync = ResynchroniseToken(vault, keys, now, DEFAULTS)
        yield "resync", partial(resync, serial, (first, second), "helga")
    yield "assign", lambda: AssignToken(vault, keys, now, DEFAULTS)(serial, MALLORY, "helga")
    yield "unassign", lambda: UnassignToken(vault, keys, now)(serial, "helga")
    yield "pin set", lambda: setting(world)(serial, "blue 8", "helga")
    yield "pin clear", lambda: ClearPin(vault, keys, now)(serial, "helga")
    yield "challenge", lambda: IssueChallenge(vault, keys, now, bytes, DEFAULTS)(serial, "rp")
    yield "unlock", lambda: UnlockToken(vault, keys, now)(serial, "helga")
    for step in _STEPS:
        yield (
            step[0].name,
            lambda step=step: ChangeLife(vault, keys, now, *step)(serial, "x", "helga"),  # type: ignore[misc]  # as above
        )


def _try(
    world: SealedVault, attack: Attack, name: str, operation: Callable[[], object], figures: Figures
) -> None:
    row, heads = world.row(attack.victim), world.heads()
    said: object
    try:
        said = operation()
    except Exception as error:  # noqa: BLE001 - a crash is a finding like any other
        said = error
    new = world.events_since(heads)
    found = {
        "refused": isinstance(said, SealBroken),
        "exit_7": isinstance(said, SeedvaultError) and exit_for(said) is Exit.STORAGE_UNAVAILABLE,
        "on_record": [(kind, Serial(serial or "-")) for kind, serial in new]
        == [(_EVENT, attack.victim.serial)],
        "unmoved": world.row(attack.victim) == row,
    }
    figures.operations += 1
    for what, happened in found.items():
        setattr(figures, what, getattr(figures, what) + happened)
    if not all(found.values()):
        missed = ", ".join(what for what, happened in found.items() if not happened)
        changed = attack.changes[0][1]
        figures.failures.append(
            f"{attack.victim.serial} ({_kind(attack.victim)}), {attack.name} {changed!r:.60}, "
            f"{name}: not {missed}: {said!r:.90} {new}"
        )


def _all_is_well(world: SealedVault, figures: Figures) -> None:
    """Restored, each token verifies: what was refused was the tampering."""
    for token in world.tokens:
        if token.kind.bound and not token.kind.then:
            outcome = VerifyCode(world.vault, world.keys, now, DEFAULTS)(
                token.serial, token.codes()[0], "rp"
            )
            if "Accepted" not in repr(outcome):
                figures.failures.append(f"{token.serial} restored: {outcome}")


def _kind(token: Known) -> str:
    kind = token.kind
    state = "quarantined" if kind.quarantined else "bound" if kind.bound else "in stock"
    if kind.then:
        state = kind.then[0].target.value
    return f"{type(kind.parameters).__name__} {state}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
