"""How figures are printed: what, how much, beside what, and the target if there is one."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing. `ratio` compares it with `beside`; `met` is None without a target."""

    what: str
    value: str
    ratio: float | None = None
    beside: str = ""
    target: str = ""
    met: bool | None = None


def show(title: str, figures: Iterable[Figure]) -> bool:
    """Print the figures as they come; whether every target was met."""
    print(f"\n{title}", flush=True)
    good = True
    for figure in figures:
        ratio = f"{figure.ratio:7.2f} x {figure.beside}" if figure.ratio is not None else ""
        verdict = {None: "", True: "met", False: "MISSED"}[figure.met]
        target = f"[{figure.target}: {verdict}]" if figure.target else ""
        print(f"  {figure.what:<44} {figure.value:>16}  {ratio} {target}".rstrip(), flush=True)
        good &= figure.met is not False
    return good
