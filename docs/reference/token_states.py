"""The table in `token-states.md`, made from the domain's own: see `generate`."""

from pathlib import Path

from seedvault.domain.life import TRANSITIONS, Transition

PAGE = Path(__file__).with_name("token-states.md")

_BEGIN, _END = "<!-- made from the code -->\n", "<!-- to here -->\n"
_HEADINGS = ("command", "from", "to", "role", "event", "undone by")


def page() -> str:
    """The page as it stands, its table made anew."""
    before, rest = PAGE.read_text(encoding="utf-8").split(_BEGIN)
    _, after = rest.split(_END)
    rows = [_HEADINGS, ("---",) * len(_HEADINGS), *map(_cells, TRANSITIONS)]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return f"{before}{_BEGIN}{table}{_END}{after}"


def _cells(transition: Transition) -> tuple[str, ...]:
    return (
        f"`{transition.name}`",
        ", ".join(f"`{source.value}`" for source in transition.sources),
        f"`{transition.target.value}`",
        transition.role.value,
        f"`{transition.event.value}`",
        f"`{transition.inverse}`" if transition.inverse else "nothing",
    )
