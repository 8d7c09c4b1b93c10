"""`seedvault token assign`: one token, or a list of them."""

from pathlib import Path

import click

from seedvault.cli import output
from seedvault.cli.assignment_list import path_of_report, read_list, report_beside
from seedvault.cli.exits import Exit, exit_for
from seedvault.cli.options import SERIAL, USER, Session, dry_run_option, json_option
from seedvault.cli.outcomes import outcome_fields, rejected
from seedvault.domain.errors import StorageUnavailable
from seedvault.domain.names import Serial, UserName
from seedvault.domain.outcome import Rejected
from seedvault.service.binding import Assigned
from seedvault.service.bulk import ManyAssigned

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

    Each line of a list stands for itself. The lines that fail are written to FILE.failed.csv with
    the reason, ready to mend and run again.

    A dry run does not look at codes: a code is checked only when it is spent.

    \b
    Examples:
      seedvault token assign GALT10001234 alice --code 755224
      seedvault token assign --csv desk.csv --dry-run
    """
    if csv_file is not None and serial is None:
        if code is not None:
            raise click.UsageError(
                "--code proves one token; in a list, codes have their own column"
            )
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
    asked = read_list(path)
    with session.application() as application, report_beside(path, dry_run=dry_run) as report:
        many = application.assign_many(asked.wanted(), session.actor, dry_run=dry_run)
        if many.failed:
            try:
                asked.write_failed(report, many.failed)
            except OSError as error:
                raise _unreported(path, many, error) from error
    _tell_list(session, path, many, dry_run=dry_run)
    if many.stopped is not None:
        output.note(f"error: {many.stopped.what}\n{_kept(many, dry_run=dry_run)}")
        return exit_for(many.stopped)
    return Exit.FILE_REFUSED if many.failed else Exit.DONE


def _tell_list(session: Session, path: Path, many: ManyAssigned, *, dry_run: bool) -> None:
    if session.as_json:
        rows = [
            {"line": line.wanted.line, "serial": line.wanted.serial, "reason": line.reason}
            for line in many.failed
        ]
        stopped = many.stopped.what if many.stopped else None
        fields: dict[str, object] = {"assigned": many.done, "failed": rows, "stopped": stopped}
        output.document("token.assign.list", {**fields, "dry_run": dry_run})
        return
    would = "would be " if dry_run else ""
    rest = f", {len(many.failed)} not ({path_of_report(path)}):" if many.failed else ""
    click.echo(f"{many.done} {would}assigned{rest}")
    for line in many.failed[:_NAMED]:
        click.echo(f"  line {line.wanted.line}  {line.wanted.serial}  {line.reason}")
    if len(many.failed) > _NAMED:
        click.echo(f"  and {len(many.failed) - _NAMED} more")


def _kept(many: ManyAssigned, *, dry_run: bool) -> str:
    """What a list that was stopped has changed, and what to do then."""
    done = "Nothing was changed." if dry_run else f"{many.done} were assigned, and stay so."
    remedy = many.stopped.remedy if many.stopped else ""
    return "\n".join(
        part for part in (done, remedy, "Then run the report of failed lines.") if part
    )


def _unreported(path: Path, many: ManyAssigned, error: OSError) -> StorageUnavailable:
    return StorageUnavailable(
        f"{path_of_report(path)} cannot be written: {error.strerror}",
        unchanged=f"{many.done} lines went through, and stay so; {len(many.failed)} did not.",
        remedy="Free some space, then run the same list again.",
    )
