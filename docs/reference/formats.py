"""Writes a page for each seed-file format: `python -m docs.reference.formats`.

Everything on a page is what the reader itself declares, see `importers.Format`.
"""

from collections.abc import Iterator
from pathlib import Path

from importers import FORMATS, Feature, Format

FOLDER = Path(__file__).with_name("formats")
_MADE = (
    "Made from the readers' own declarations by `python -m docs.reference.formats`: "
    "change it there."
)


def pages() -> dict[str, str]:
    """Every page by its file name."""
    made = {f"{each.id.replace('/', '-')}.md": _page(each) for each in FORMATS}
    return made | {"README.md": _index()}


def _index() -> str:
    lines = [
        "# Seed-file formats",
        "",
        f"{_MADE} `seedvault formats` prints this table too.",
        "",
        f"| format | {' | '.join(feature.value for feature in Feature)} |",
        f"|---|{'---|' * len(Feature)}",
    ]
    for each in FORMATS:
        marks = ("x" if feature in each.features else "" for feature in Feature)
        link = f"[{each.title}]({each.id.replace('/', '-')}.md)"
        lines.append(f"| {link} | {' | '.join(marks)} |")
    return "\n".join(lines) + "\n"


def _page(each: Format) -> str:
    return "\n".join(_lines(each)) + "\n"


def _lines(each: Format) -> Iterator[str]:
    yield from (f"# {each.title}", "", _MADE, "")
    yield from ("| | |", "|---|---|")
    yield f"| `--format` | `{each.id}` |"
    yield f"| makers | {_cell(each.makers)} |"
    yield f"| known by | {_cell(each.known_by)} |"
    yield f"| protection | {_cell(each.protection)} |"
    carried = ", ".join(feature.value for feature in Feature if feature in each.features)
    yield f"| carries | {carried} |"
    yield from ("", "## Fields", "", "| field | meaning | unit or spelling |", "|---|---|---|")
    for field in each.fields:
        yield f"| `{_cell(field.name)}` | {_cell(field.meaning)} | {_cell(field.unit)} |"
    for title, texts in (("Quirks", each.quirks), ("Refused", each.refused)):
        if texts:
            yield from ("", f"## {title}", "")
            yield from (f"- {text}" for text in texts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
