"""`seedvault token assign`: one token, or a list of them."""

import csv
from collections.abc import Iterator
from pathlib import Path

import click

from seedvault.cli import output
from seedvault.cli.exits import Exit
from seedvault.cli.options import SERIAL, USER, Session, dry_run_option, json_option
from seedvault.cli.outcomes import outcome_fields, rejected
from seedvault.domain.errors import InvalidInput
from seedvault.domain.names import Serial, UserName
from seedvault.domain.outcome import Rejected
from seedvault.service.binding import Assigned
from seedvault.service.bulk import Failed, Wanted

_NAMED = 20


@click.command("assign")
@click.argument("serial", type=SERIAL, required=False)
@click.argument("user", type=USER, required=False)
@click.option("--code", help="A code read from the token: proves that it is the one.")
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A list with the columns serial, user and, if you like, code.",
)
@dry_run_option
@json_option
@click.pass_obj
def assign(  # noqa: PLR0913 - one parameter for each option
    session: Session,
    serial: Serial | None,
    user: UserName | None,
    *,
    code: str | None,
    csv_file: Path | None,
    dry_run: bool,
) -> int:
    """Give a token in stock to a user; or many, from a list.

    A dry run does not look at codes: a code is checked only when it is spent.

    \b
    Examples:
      seedvault token assign GALT10001234 alice --code 755224
      seedvault token assign --csv desk.csv --dry-run
    """
    if csv_file is not None and serial is None:
        return _assign_list(session, csv_file, dry_run=dry_run)
    if serial is None or user is None or csv_file is not None:
        raise click.UsageError("name a SERIAL and a USER, or give --csv FILE")
    with session.application() as application:
        if dry_run:
            application.assign_token.check(serial, user)
            return _tell_dry(session, serial, user)
        outcome = application.assign_token(serial, user, session.actor, code)
    return _tell(session, serial, user, outcome)


def _tell_dry(session: Session, serial: Serial, user: UserName) -> int:
    if session.as_json:
        fields: dict[str, object] = {"serial": str(serial), "user": str(user)}
        output.document("token.assign", {**fields, "dry_run": True})
    else:
        click.echo(f"{serial} -> {user} would be assigned")
    return Exit.DONE


def _tell(session: Session, serial: Serial, user: UserName, outcome: Assigned | Rejected) -> int:
    if isinstance(outcome, Rejected):
        if session.as_json:
            output.document("token.assign", outcome_fields(serial, outcome))
        else:
            click.echo(rejected(serial, outcome) + "\nNothing was assigned.")
        return Exit.DECIDED_NO
    proof = outcome.proof
    if session.as_json:
        fields: dict[str, object] = {"serial": str(serial), "user": str(user)}
        output.document("token.assign", {**fields, "proven": proof is not None, "dry_run": False})
    else:
        how = f"proven by code, drift {proof.offset:+d}" if proof else "by serial, not proven"
        click.echo(f"{outcome.token.device.serial} -> {outcome.token.owner}, {how}")
    return Exit.DONE


def _assign_list(session: Session, path: Path, *, dry_run: bool) -> int:
    with session.application() as application:
        done, failed = application.assign_many(_lines(path), session.actor, dry_run=dry_run)
    report = path.with_suffix(".failed.csv")
    if failed:
        _write_failed(report, failed)
    if session.as_json:
        rows = [
            {"line": line.wanted.line, "serial": line.wanted.serial, "reason": line.reason}
            for line in failed
        ]
        output.document("token.assign.list", {"assigned": done, "failed": rows, "dry_run": dry_run})
    else:
        _tell_list(done, failed, report, dry_run=dry_run)
    return Exit.FILE_REFUSED if failed else Exit.DONE


def _tell_list(done: int, failed: list[Failed], report: Path, *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    click.echo(f"{done} {would}assigned" + (f", {len(failed)} not ({report}):" if failed else ""))
    for line in failed[:_NAMED]:
        click.echo(f"  line {line.wanted.line}  {line.wanted.serial}  {line.reason}")
    if len(failed) > _NAMED:
        click.echo(f"  and {len(failed) - _NAMED} more")


def _lines(path: Path) -> Iterator[Wanted]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream, strict=True)
            columns = [name.strip().casefold() for name in rows.fieldnames or []]
            if not {"serial", "user"} <= set(columns) or len(set(columns)) != len(columns):
                raise InvalidInput(
                    f"{path}: the first line must name the columns serial and user, each once",
                    remedy="Optional: code. Separated by commas.",
                )
            rows.fieldnames = columns
            for row in rows:
                yield _wanted(rows.line_num, row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{path} cannot be read as CSV: {error}") from error


def _wanted(line: int, row: dict[str, str | None]) -> Wanted:
    cells = {name: (value or "").strip() for name, value in row.items() if isinstance(value, str)}
    return Wanted(line, cells.get("serial", ""), cells.get("user", ""), cells.get("code") or None)


def _write_failed(report: Path, failed: list[Failed]) -> None:
    """The lines that failed, ready to mend and run again: the same columns plus `reason`."""
    with report.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["serial", "user", "code", "reason"])
        for line in failed:
            wanted = line.wanted
            writer.writerow([wanted.serial, wanted.user, wanted.code or "", line.reason])
