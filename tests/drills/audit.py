"""The audit log tampered with, in every column and by every trick: all of it is found.

`--without-signatures` verifies as if every signature held: the rewritten logs that are then missed
show that it is the signatures which find them.
"""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import IntegrityError

from hsm import Keystore
from seedvault.domain.trust import Verifies
from seedvault.keys import verifies
from tests.drills.audit_attacks import Attack, By, Written, capable, clumsy, on_the_copy
from tests.drills.audit_world import AuditWorld
from tests.support.softhsm import pin, vault_location

_OF_THE_COPY = "export: "
WITHOUT_SIGNATURES = "--without-signatures"


@dataclass(slots=True)
class Row:
    """One kind of attack, how often it was tried, and what found it."""

    tried: int = 0
    by_database: int = 0
    by_export: int = 0
    missed: int = 0


@dataclass(slots=True)
class Figures:
    """All attacks by their names; `untouched` says what was found where nobody touched anything."""

    rows: dict[str, Row] = field(default_factory=dict)
    untouched: list[str] = field(default_factory=list)

    @property
    def tried(self) -> int:
        return sum(row.tried for row in self.rows.values())

    @property
    def missed(self) -> list[str]:
        """The attacks that were not found by what must find them."""
        return [name for name, row in self.rows.items() if row.missed]

    @property
    def good(self) -> bool:
        return self.tried > 0 and not self.missed and not self.untouched

    def count(self, name: str, *, by_database: bool, by_export: bool, found: bool) -> None:
        row = self.rows.setdefault(name, Row())
        row.tried += 1
        row.by_database += by_database
        row.by_export += by_export
        row.missed += not found


def run(every: int, copies: int, check: Verifies = verifies) -> Figures:
    """Attacks at every `every`-th event, and at every `copies`-th line of the export."""
    keystore = Keystore.connect(vault_location("audit"), pin())
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder:
        world = AuditWorld(Path(folder), keystore, check)
        log = _read(world)
        untouched = world.attacked(lambda _: None)
        figures.untouched = [
            f"{broken.place}: {broken.what}"
            for report in (untouched.alone, untouched.beside)
            for broken in report.breaks
        ]
        for attack in _on_the_database(log, every):
            _judge(world, attack, figures)
        older = world.replaced(world.older)
        figures.count(
            "the whole database replaced by an older copy",
            by_database=older.by_database,
            by_export=older.by_export,
            found=older.by_export,
        )
        _on_the_export(world, copies, figures)
    keystore.close()
    return figures


def table(figures: Figures) -> str:
    """The figures for people."""
    width = max(map(len, figures.rows))
    lines = [f"{'attack':<{width}}  {'tried':>6} {'found':>6}  by the database alone"]
    for name, row in figures.rows.items():
        found = row.tried - row.missed
        alone = "yes" if row.by_database == row.tried else f"{row.by_database} of {row.tried}"
        if name.startswith(_OF_THE_COPY):
            alone = "(offline)"
        missed = "  MISSED" if row.missed else ""
        lines.append(f"{name:<{width}}  {row.tried:>6} {found:>6}  {alone}{missed}")
    found = figures.tried - sum(row.missed for row in figures.rows.values())
    share = f"{found / figures.tried:.2%}" if figures.tried else "none"
    total = f"found, of {figures.tried} below the last exported checkpoint: {share}"
    return "\n".join([*lines, total, *(f"UNTOUCHED, AND {each}" for each in figures.untouched)])


def main(words: list[str]) -> int:
    """Exit 1 unless all was found."""
    check: Verifies = _whatever if WITHOUT_SIGNATURES in words else verifies
    figures = run(every=7, copies=3, check=check)
    print(table(figures))
    return 0 if figures.good else 1


def _whatever(_key: bytes, _octets: bytes, _signature: bytes) -> bool:
    """A verifier without the defence: every signature is right."""
    return True


def _on_the_database(log: Written, every: int) -> Iterator[Attack]:
    yield from clumsy(log, every)
    yield from capable(log, every * 3)


def _judge(world: AuditWorld, attack: Attack, figures: Figures) -> None:
    try:
        found = world.attacked(attack.change)
    except IntegrityError:
        return  # SQLite itself lets nothing but integers stand where rows are numbered
    enough = found.by_database if attack.by is By.DATABASE else found.by_export
    figures.count(
        attack.name, by_database=found.by_database, by_export=found.by_export, found=enough
    )


def _on_the_export(world: AuditWorld, every: int, figures: Figures) -> None:
    lines = world.export.read_bytes().splitlines(keepends=True)
    for name, changed in on_the_copy(lines, every):
        report = world.offline(b"".join(changed))
        found = bool(report.breaks)
        figures.count(f"{_OF_THE_COPY}{name}", by_database=False, by_export=found, found=found)


def _read(world: AuditWorld) -> Written:
    vault = world.vault()
    try:
        chains = {head.chain: list(vault.chain(head.chain)) for head in vault.heads()}
        return Written(chains, list(vault.checkpoints()))
    finally:
        vault.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
