"""`seedvault audit verify`."""

from collections.abc import Iterator
from pathlib import Path

import click

from seedvault.cli import output
from seedvault.cli.exits import Exit
from seedvault.cli.options import Session, json_option
from seedvault.domain.audit import Break
from seedvault.service.audit import AuditReport
from seedvault.service.audit_restores import EndedExport
from seedvault.wiring.auditing import export_readers, public_keys, verify_offline

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option(
    "--export",
    "exports",
    type=_FILE,
    multiple=True,
    metavar="FILE",
    help="Verify this exported log; once for each file that it goes on in, in their order.",
)
@click.option(
    "--public-key",
    "keys",
    type=_FILE,
    multiple=True,
    metavar="PEM",
    help="The public key of the first checkpoint, and of any that none before it introduced.",
)
@click.option(
    "--with-database",
    is_flag=True,
    help="Hold the export against the database, even though a public key was named.",
)
@json_option
@click.pass_obj
def verify(
    session: Session, exports: tuple[Path, ...], keys: tuple[Path, ...], *, with_database: bool
) -> int:
    """Recompute every link of the log and every signature over it; exit 1 where one does not hold.

    Alone, it verifies the database, by the checkpoint key in the HSM or by --public-key. With
    --export and --public-key it verifies that file alone: neither vault nor HSM is needed. With
    --export and without a key, or --with-database, it verifies both and compares them, and so finds
    what was cut off or rewritten in the database since.

    \b
    Examples:
      seedvault audit verify
      seedvault audit verify --export audit.jsonl
      seedvault audit verify --export audit.jsonl --public-key c1.pem
    """
    if with_database and not exports:
        raise click.UsageError("--with-database compares: name the --export to compare with")
    readers, known = export_readers(exports), public_keys(keys)
    database: AuditReport | None = None
    exported: AuditReport | None = None
    if exports and known and not with_database:
        exported = verify_offline(readers, known)
    else:
        with session.application() as application:
            audit = application.audit
            exported = audit.compare(readers, known) if exports else None
            database = audit.verify(known)
    unfinished = any(reader.unfinished for reader in readers)
    reports = {"export": exported, "database": database}
    if session.as_json:
        _document(reports, unfinished=unfinished)
    else:
        _tell(reports, unfinished=unfinished)
    whole = not any(report.breaks for report in reports.values() if report)
    return Exit.DONE if whole else Exit.DECIDED_NO


def _document(reports: dict[str, AuditReport | None], *, unfinished: bool) -> None:
    exported, database = reports["export"], reports["database"]
    main = database or exported
    fields = _fields(main) if main else {}
    beside = _fields(exported) | {"unfinished": unfinished} if exported and database else None
    output.document("audit.verify", fields | {"export": beside})


def _fields(report: AuditReport) -> dict[str, object]:
    last = report.last
    return {
        "events": report.events,
        "chains": report.chains,
        "checkpoints": report.checkpoints,
        "last_checkpoint": {"number": last.number, "at": last.at} if last else None,
        "begun_after": report.begun_after,
        "uncovered": report.uncovered,
        "unvouched": list(report.unvouched),
        "ended": _ended(report.ended) if report.ended else None,
        "breaks": [_break(broken) for broken in report.breaks],
        "more_breaks": report.more_breaks,
    }


def _ended(ended: EndedExport) -> dict[str, object]:
    restore = ended.restore
    return {
        "epoch": restore.epoch,
        "at": restore.event.at,
        "by": restore.event.actor,
        "detail": restore.event.detail,
        "beyond": ended.beyond,
        "checkpoints": ended.checkpoints,
    }


def _break(broken: Break) -> dict[str, object]:
    return {
        "chain": broken.chain,
        "sequence": broken.sequence,
        "checkpoint": broken.checkpoint,
        "line": broken.line,
        "what": broken.what,
    }


def _tell(reports: dict[str, AuditReport | None], *, unfinished: bool) -> None:
    both = None not in reports.values()
    for name, report in reports.items():
        if report is not None:
            for line in _lines(report):
                click.echo(f"{name}: {line}" if both else line)
    if unfinished:
        output.note("the last line of the export is not whole: it is being written, or was cut off")


def _lines(report: AuditReport) -> Iterator[str]:
    if report.breaks:
        for broken in report.breaks:
            yield f"BROKEN  {broken.place}: {broken.what}"
        if report.more_breaks:
            yield f"BROKEN  and in {report.more_breaks} more places"
        return
    yield f"whole: {report.events} events in {report.chains} chains, every link holds"
    if report.begun_after:
        yield f"it goes on from checkpoint {report.begun_after}: what was before stands elsewhere"
    if report.ended:
        yield from _of_before(report.ended)
    if report.last is None:
        yield f"no checkpoint yet: {report.events} events are not covered"
        return
    last = report.last
    yield (
        f"signed: up to checkpoint {last.number} of {output.local(last.at)}; "
        f"{report.uncovered} events after it are not covered yet"
    )
    for name in report.unvouched:
        yield f"key {name} is known from the log alone: only later signatures vouch for it"


def _of_before(ended: EndedExport) -> Iterator[str]:
    restore = ended.restore
    yield (
        f"RESTORED  {output.local(restore.event.at)} by {restore.event.actor}, to epoch "
        f"{restore.epoch}: from checkpoint {ended.beyond} on, the export is of the vault before "
        "that, and the database does not have it"
    )
    yield f"on record: {restore.event.detail}"
