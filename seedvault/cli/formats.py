"""`seedvault formats`."""

from collections.abc import Iterator

import click

from seedvault.cli import output
from seedvault.cli.options import Session, json_option
from seedvault.domain.errors import NotFound
from seedvault.wiring import KnownFormat, known_formats

_SHORT = {
    "other keys": "KEYS",
    "SHA-2": "SHA2",
    "counter": "CNT",
    "drift": "DRFT",
    "dates": "DATE",
    "policy": "POL",
    "users": "USER",
    "encrypted": "ENCR",
    "value MACs": "MAC",
    "signature": "SIGN",
}


@click.command("formats")
@click.argument("format_id", metavar="[ID]", required=False)
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
    if session.as_json:
        chosen = [_found(formats, format_id)] if format_id else formats
        output.document("formats", {"formats": [_fields(each) for each in chosen]})
    elif format_id:
        output.fields(_words(_found(formats, format_id)))
    else:
        _matrix(formats)


def _matrix(formats: list[KnownFormat]) -> None:
    output.table(
        ["ID", *(_SHORT.get(feature, feature) for feature in formats[0].carries)],
        [[each.id, *("x" if yes else "" for yes in each.carries.values())] for each in formats],
    )
    output.note("what one of them holds, and how it is known: seedvault formats ID")


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
