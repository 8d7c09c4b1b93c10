"""`seedvault formats`."""

import textwrap
from collections.abc import Iterator

import click

from seedvault.cli import output
from seedvault.cli.options import Session, json_option, jsonl_option
from seedvault.domain.errors import NotFound
from seedvault.wiring import KnownFormat, known_formats

_SHORT = {
    "other keys": "KEYS",
    "SHA-2": "SHA2",
    "counter": "CNT",
    "drift": "DFT",
    "dates": "DATE",
    "policy": "POL",
    "users": "USER",
    "encrypted": "ENC",
    "value MACs": "MAC",
    "signature": "SIG",
}


@click.command("formats")
@click.argument("format_id", metavar="[ID]", required=False)
@jsonl_option
@json_option
@click.pass_obj
def command(session: Session, format_id: str | None) -> None:
    """List the seed-file formats that are read, and what each can carry; or describe one.

    \b
    Examples:
      seedvault formats
      seedvault formats pskc
    """
    formats = known_formats()
    chosen = [_found(formats, format_id)] if format_id else formats
    if session.as_lines:
        output.lines("format", map(_fields, chosen))
    elif session.as_json:
        output.document("formats", {"formats": [_fields(each) for each in chosen]})
    elif format_id:
        output.fields(_words(*chosen))
    else:
        _matrix(formats)


def _matrix(formats: list[KnownFormat]) -> None:
    features = list(formats[0].carries)
    short = [_SHORT.get(feature, feature) for feature in features]
    width = max(len(each.id) for each in formats)
    click.echo(" ".join(["ID".ljust(width), *short]))
    for each in formats:
        marks = (mark.ljust(len(name)) for mark, name in zip(_marks(each), short, strict=True))
        click.echo(" ".join([each.id.ljust(width), *marks]).rstrip())
    legend = (f"{_SHORT[feature]} {feature}" for feature in features if feature in _SHORT)
    output.note(textwrap.fill(", ".join(legend), 79))
    output.note("what one of them holds, and how it is known: seedvault formats ID")


def _marks(each: KnownFormat) -> list[str]:
    return ["x" if yes else "-" for yes in each.carries.values()]


def _words(found: KnownFormat) -> Iterator[tuple[str, str]]:
    yield "format", found.title
    yield "makers", found.makers
    yield "known by", found.known_by
    yield "protection", found.protection
    yield "carries", ", ".join(feature for feature, yes in found.carries.items() if yes)
    for name, meaning, unit in found.fields:
        yield name, f"{meaning} ({unit})" if unit else meaning
    yield from (("quirk", text) for text in found.quirks)
    yield from (("refused", text) for text in found.refused)


def _found(formats: list[KnownFormat], format_id: str) -> KnownFormat:
    for each in formats:
        if each.id == format_id:
            return each
    raise NotFound(f"no format is called {format_id}", remedy="See: seedvault formats")


def _fields(each: KnownFormat) -> dict[str, object]:
    return {
        "id": each.id,
        "title": each.title,
        "makers": each.makers,
        "carries": [feature for feature, yes in each.carries.items() if yes],
    }
