"""`seedvault audit list`."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import TypedDict

import click

from seedvault.cli import output
from seedvault.cli.events import place, tell_event_lines, tell_events
from seedvault.cli.options import SERIAL, Session, json_option, jsonl_option
from seedvault.domain.audit import EventKind, LoggedEvent
from seedvault.domain.errors import InvalidInput
from seedvault.domain.names import Serial
from seedvault.service.lookup import batch_of, spelling_of
from seedvault.service.ports import EventFilter, Place, Vault

_TIMES = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f%z",  # as documents say it
)
_PAGE = 1_000


class _Asked(TypedDict):
    """The values of the options below, by the names that click gives them."""

    serial: Serial | None
    user: str | None
    actor: str | None
    batch: str | None
    chain: int | None
    kinds: tuple[frozenset[EventKind], ...]
    since: datetime | None
    until: datetime | None
    before: Place | None
    limit: int


def _in_utc(
    _context: click.Context, _parameter: click.Parameter, value: datetime | None
) -> datetime | None:
    try:
        return value.astimezone(UTC) if value else None
    except (OverflowError, ValueError) as error:
        raise click.BadParameter("no clock shows that time") from error


class _Kinds(click.ParamType[frozenset[EventKind]]):
    """One kind, or a group of them: `code.rejected`, `code.`, `code.*`."""

    name = "kind"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> frozenset[EventKind]:
        group = value.removesuffix("*")
        found = frozenset(
            kind
            for kind in EventKind
            if kind.value == value or (group.endswith(".") and kind.value.startswith(group))
        )
        if not found:
            known = ", ".join(kind.value for kind in EventKind)
            self.fail(f"{value!r} is none of {known}, nor a group such as code.", param, ctx)
        return found


class _Place(click.ParamType[Place]):
    """An event by its chain and sequence, as `4:17`."""

    name = "place"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> Place:
        chain, _, sequence = value.partition(":")
        if not all(each.isascii() and each.isdigit() for each in (chain, sequence)):
            self.fail(f"{value!r} is no event's place, such as 4:17", param, ctx)
        return Place(int(chain), int(sequence))


_TIME = click.DateTime(_TIMES)


@click.command("list")
@click.option("--serial", type=SERIAL, help="Only events of this token.")
@click.option("--user", help="Only events about this user.")
@click.option("--actor", help="Only what this operator did, such as os:alice.")
@click.option("--batch", help="Only events about this batch, such as B-0001.")
@click.option("--chain", type=click.IntRange(0), metavar="N", help="Only events of this chain.")
@click.option(
    "--kind",
    "kinds",
    type=_Kinds(),
    multiple=True,
    metavar="KIND",
    help="Only events of this kind, such as code.rejected, or of a group, such as code.; may be"
    " given more than once. A wrong one is answered with all.",
)
@click.option(
    "--since",
    type=_TIME,
    callback=_in_utc,
    metavar="TIME",
    help="Only from this time on: 2026-11-24, or 2026-11-24T14:02:00; local, or with +HH:MM or Z.",
)
@click.option(
    "--until", type=_TIME, callback=_in_utc, metavar="TIME", help="Only from before this time."
)
@click.option(
    "--before",
    type=_Place(),
    metavar="CHAIN:SEQUENCE",
    help="Begin after this event: the next page.",
)
@click.option(
    "--limit", type=click.IntRange(0), default=50, show_default=True, help="At most; 0 for all."
)
@jsonl_option
@json_option
@click.pass_obj
def list_events(session: Session, /, **asked: object) -> None:
    """List events, newest first.

    With --jsonl they are printed as they are read, however many there are.

    \b
    Examples:
      seedvault audit list --serial GALT10001234 --kind code.rejected
      seedvault audit list --kind code. --since 2026-11-24 --limit 0 --jsonl
    """
    options: _Asked = asked  # type: ignore[assignment]  # click gives them by their names
    with session.application() as application:
        wanted = _wanted(application.vault, options)
        events = islice(_pages(application.vault, wanted), options["limit"] or None)
        if session.as_lines:
            tell_event_lines(events)
            return
        listed = list(events)
    tell_events(session, "audit.list", listed)
    if len(listed) == options["limit"] and not session.as_json:
        output.note(f"more may follow: --before {place(listed[-1])}")


def _wanted(vault: Vault, asked: _Asked) -> EventFilter:
    before = asked["before"]
    if before is not None and vault.moment_of(before) is None:
        raise InvalidInput(f"there is no event at {before.chain}:{before.sequence}")
    return EventFilter(
        serial=asked["serial"],
        user=spelling_of(vault, asked["user"]) if asked["user"] else None,
        actor=asked["actor"],
        batch=batch_of(vault, asked["batch"]).name if asked["batch"] else None,
        chain=asked["chain"],
        kind=frozenset[EventKind]().union(*asked["kinds"]) or None,
        since=asked["since"],
        until=asked["until"],
        before=before,
        limit=min(asked["limit"] or _PAGE, _PAGE),
    )


def _pages(vault: Vault, wanted: EventFilter) -> Iterator[LoggedEvent]:
    """Every event that is wanted, a page at a time; `limit` is the page's."""
    while page := vault.events(wanted):
        yield from page
        wanted = replace(wanted, before=Place(page[-1].chain, page[-1].sequence), limit=_PAGE)
