"""`seedvault batch inspect`."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Unpack

import click

from seedvault.cli import output
from seedvault.cli.batch_import import asked_key
from seedvault.cli.exits import Exit
from seedvault.cli.options import Session, json_option
from seedvault.cli.token_words import kind_of, kind_words
from seedvault.cli.told import Told, delivered_key, terms_of, told_options, with_held_key
from seedvault.domain.errors import KeyNeeded
from seedvault.domain.parameters import Parameters
from seedvault.service.inspect import Findings

_SHOWN = 5


@click.command("inspect")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@told_options
@json_option
@click.pass_obj
def inspect(session: Session, file: Path, **told: Unpack[Told]) -> int:
    """Tell what a seed file holds and what importing it would do; import nothing.

    Ends with 3 where an import would not take over all of it.

    \b
    Examples:
      seedvault batch inspect tokens.pskcxml --key-file transport.key
      seedvault batch inspect tokens.csv --format linotp --json
    """
    key, terms = delivered_key(told), terms_of(told)
    with session.application() as application:
        key = with_held_key(key, told, application)
        try:
            findings = application.inspect_file(file, key, terms, session.actor)
        except KeyNeeded as needed:
            if not sys.stdin.isatty():
                raise
            key = asked_key(needed, key)
            findings = application.inspect_file(file, key, terms, session.actor)
    if session.as_json:
        output.document("batch.inspect", {"file": file.name, **_fields(findings)})
    else:
        output.fields(_words(findings))
    return Exit.DONE if findings.is_welcome else Exit.FILE_REFUSED


def _words(found: Findings) -> Iterator[tuple[str, str]]:
    for sentence in found.summary:
        yield "file", sentence
    contrary = f", {found.contrary_count} in conflict" if found.contrary_count else ""
    refused = f", {found.refused_count} refused" if found.refused_count else ""
    counts = f"{found.new} new, {found.held} held already{contrary}{refused}"
    yield "records", f"{found.records}: {counts}"
    yield "makers", _most(found.makers.items())
    yield "models", _most(found.models.items())
    yield "codes", _most((kind_words(kind), count) for kind, count in found.computing.items())
    yield "seeds", _most((f"{size * 8} bits", n) for size, n in found.seed_octets.items())
    if found.first_expiry and found.last_expiry:
        yield "expire", f"{found.first_expiry:%Y-%m-%d} to {found.last_expiry:%Y-%m-%d}"
    for reason, count in found.quarantined.most_common(_SHOWN):
        yield "quarantine", f"{count}: {reason}"
    if found.users:
        yield "users", f"{found.users} records name one: proposals, nothing is assigned"
    if found.refusal:
        yield "would fail", found.refusal
    yield from (("not FIPS", why) for why in found.unapproved)
    yield from (("conflict", why) for why in found.contrary)
    for record in found.refused:
        where = f"{record.serial or 'no serial'}, line {record.line or '?'}"
        yield "refused", f"{where}: {record.reason}"
    yield from (("warning", warning) for warning in found.warnings)


def _fields(found: Findings) -> dict[str, object]:
    return {
        "format": found.format,
        "protection": found.protection,
        "signed_by": found.signer,
        "refusal": found.refusal,
        "not_fips": list(found.unapproved),
        "records": found.records,
        "new": found.new,
        "held": found.held,
        "conflicts": found.contrary_count,
        "first_conflicts": found.contrary,
        "refused": found.refused_count,
        "first_refused": [
            {"serial": one.serial, "line": one.line, "reason": one.reason} for one in found.refused
        ],
        "makers": {maker or "": count for maker, count in found.makers.items()},
        "models": {model or "": count for model, count in found.models.items()},
        "computing": [_computing(*pair) for pair in found.computing.items()],
        "seed_bits": {str(size * 8): count for size, count in found.seed_octets.items()},
        "quarantined": dict(found.quarantined),
        "users": found.users,
        "first_expiry": found.first_expiry,
        "last_expiry": found.last_expiry,
        "warnings": list(found.warnings),
    }


def _computing(parameters: Parameters, count: int) -> dict[str, object]:
    return {"count": count, **kind_of(parameters)}


def _most(counted: Iterable[tuple[str | None, int]]) -> str:
    """The most frequent first, and how many others there are."""
    ordered = sorted(counted, key=lambda pair: -pair[1])
    named = ", ".join(f"{what or 'not said'} ({count})" for what, count in ordered[:_SHOWN])
    more = len(ordered) - _SHOWN
    return f"{named} and {more} others" if more > 0 else named or "-"
