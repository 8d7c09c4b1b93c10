"""What became of a case, and the table of them all."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_HEADINGS = (
    *("function", "fault", "cases", "fail-open", "charged", "recovered", "told"),
    *("PIN again", "longest ms"),
)


@dataclass(slots=True)
class Verdict:
    """One case; every word of `findings` is a fault of ours.

    `recovered` without a restart of the program; `told` by exit code 6 and a remedy.
    """

    case: str
    function: str
    kind: str
    fired: bool = False
    told: bool = False
    recovered: bool = False
    recovery_s: float = 0.0
    fail_open: int = 0
    charged: int = 0
    pin_retries: int = 0
    findings: list[str] = field(default_factory=list)


def table(verdicts: list[Verdict]) -> Iterator[str]:
    """A line for each function and kind of fault, then for each kind, then for all."""
    groups: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault((verdict.function, verdict.kind), []).append(verdict)
        groups.setdefault(("any", verdict.kind), []).append(verdict)
    yield _line(_HEADINGS)
    for (function, kind), those in sorted(groups.items(), key=lambda group: _order(group[0])):
        yield _line((function, kind, *_figures(those)))
    yield _line(("any", "any", *_figures(verdicts)))


def findings(verdicts: Iterable[Verdict]) -> list[str]:
    """What is wrong, and in which case."""
    return [f"{verdict.case}: {found}" for verdict in verdicts for found in verdict.findings]


def _order(group: tuple[str, str]) -> tuple[bool, str, str]:
    function, kind = group
    return function == "any", function, kind


def _figures(those: list[Verdict]) -> Iterator[str]:
    yield str(len(those))
    yield str(sum(verdict.fail_open for verdict in those))
    yield str(sum(verdict.charged for verdict in those))
    yield str(sum(verdict.recovered for verdict in those))
    yield str(sum(verdict.told for verdict in those))
    yield str(sum(verdict.pin_retries for verdict in those))
    yield f"{max(verdict.recovery_s for verdict in those) * 1000:.0f}"


def _line(cells: Iterable[str]) -> str:
    function, kind, *figures = cells
    return f"{function:20} {kind:19}" + "".join(f"{figure:>11}" for figure in figures)
