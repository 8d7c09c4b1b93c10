"""`seedvault batch import`."""

import gc
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from seedvault.cli import output
from seedvault.cli.options import Session, dry_run_option, json_option
from seedvault.cli.side_files import SideFile
from seedvault.cli.told import Told, delivered_key, terms_of, told_options, with_held_key
from seedvault.domain.errors import KeyNeeded
from seedvault.domain.names import Serial
from seedvault.service.import_batch import ImportReport
from seedvault.service.seed_files import OpenedSeedFile, RefusedRecord, SeedFileKey

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

_NAMED = 5


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@told_options
@click.option("--skip-bad", is_flag=True, help="Import what is good; report the rest in a file.")
@click.option("--exportable", is_flag=True, help="Allow this batch to be handed on later.")
@dry_run_option
@json_option
@click.pass_obj
def import_batch(
    session: Session,
    file: Path,
    *,
    skip_bad: bool,
    exportable: bool,
    dry_run: bool,
    **told: Unpack[Told],
) -> None:
    """Import a seed file: every token of it, or none.

    The key from the second envelope is asked for, or read from a file; it never stands in the
    command. What the file says of users is written to FILE.proposed.csv for you to look at;
    nothing is assigned by itself.

    \b
    Examples:
      seedvault batch import tokens.pskcxml --key-file transport.key
      seedvault batch import tokens.pskcxml --passphrase-file - --dry-run
      seedvault batch import tokens.csv --format pingid --type totp --step 30
      seedvault batch import tokens.pskcxml --key-file transport.key --skip-bad
    """
    key = delivered_key(told)
    terms = terms_of(told, skip_bad=skip_bad, exportable=exportable, dry_run=dry_run)
    watch = _Watch(file)
    with session.application() as application, watch:
        importing = application.import_batch
        key = with_held_key(key, told, application)
        _spare_the_collector()
        try:
            report = importing(file, key, session.actor, watch, terms)
        except KeyNeeded as needed:
            if not sys.stdin.isatty():
                raise
            key = asked_key(needed, key)
            report = importing(file, key, session.actor, watch, terms)
        watch.keep()
    _tell(session, report, watch, dry_run=dry_run)
    if report.refused:
        raise SystemExit(3)


def asked_key(needed: KeyNeeded, given: SeedFileKey) -> SeedFileKey:
    """The key that the file asks for, typed in without being shown."""
    output.note(needed.what)
    if needed.passphrase:
        passphrase: str = click.prompt("Passphrase", hide_input=True, err=True)
        return replace(given, passphrase=passphrase)
    text: str = click.prompt("Transport key (hex)", hide_input=True, err=True)
    return replace(given, key_file=text.encode())


def _spare_the_collector() -> None:
    """Keep the garbage collector from looking, in vain, through what an import makes.

    A million small objects come and go without a cycle among them. It took 8 % of the time.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


class _Watch:
    """A progress bar on standard error, the file's own words above it, and two lists beside it."""

    def __init__(self, file: Path) -> None:
        self._octets = file.stat().st_size
        self._seen = 0
        self._bar: ProgressBar[int] | None = None
        self.refusals = SideFile(file, "refused", ("serial", "line", "reason"))
        self.proposals = SideFile(file, "proposed", ("serial", "user"))

    def __enter__(self) -> "_Watch":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()
        self.refusals.discard()
        self.proposals.discard()

    def keep(self) -> None:
        """Leave the lists, where there is anything in them, beside the file."""
        self.refusals.keep()
        self.proposals.keep()

    def opened(self, file: OpenedSeedFile) -> None:
        for sentence in file.summary:
            output.note(sentence)
        if sys.stderr.isatty():
            self._bar = click.progressbar(
                length=self._octets,
                label="importing",
                fill_char="━",
                empty_char=" ",
                file=sys.stderr,
            )
            self._bar.render_progress()

    def advanced(self, tokens: int, octets: int) -> None:
        if self._bar is not None:
            self._bar.label = f"importing {tokens} tokens"
            self._bar.update(octets - self._seen)
        self._seen = octets

    def refused(self, record: RefusedRecord) -> None:
        self.refusals.add(record.serial, record.line, record.reason)

    def proposed(self, serial: Serial, user: str) -> None:
        self.proposals.add(serial.verbatim, user)


def _tell(session: Session, report: ImportReport, watch: _Watch, *, dry_run: bool) -> None:
    if session.as_json:
        output.document("batch.import", _fields(report, watch, dry_run=dry_run))
        return
    for warning in report.warnings:
        output.note(f"warning: {warning}")
    if report.short_seeds:
        output.note(f"warning: {report.short_seeds} seeds are shorter than 160 bits (RFC 4226 R6)")
    click.echo(_sentence(report, dry_run=dry_run))
    if report.refused:
        click.echo(f"refused: {report.refused} of the records{watch.refusals.told}")
    if report.proposed:
        click.echo(
            f"users are named by {report.proposed} of the records, nothing is assigned"
            f"{watch.proposals.told}"
        )
        if not dry_run:
            click.echo(f"look at it, then: seedvault token assign --csv {watch.proposals.kept}")


def _fields(report: ImportReport, watch: _Watch, *, dry_run: bool) -> dict[str, object]:
    return {
        "batch": report.batch.name if report.batch else None,
        "tokens": report.tokens,
        "quarantined": report.quarantined,
        "held": [str(serial) for serial in report.held],
        "held_count": report.held_count,
        "short_seeds": report.short_seeds,
        "refused": report.refused,
        "refused_file": watch.refusals.kept,
        "proposed": report.proposed,
        "proposed_file": watch.proposals.kept,
        "warnings": list(report.warnings),
        "dry_run": dry_run,
    }


def _sentence(report: ImportReport, *, dry_run: bool) -> str:
    named = ", ".join(str(serial) for serial in report.held[:_NAMED])
    count = report.held_count
    more = f" and {count - _NAMED} more" if count > _NAMED else ""
    held = f", {count} skipped (already held: {named}{more})" if count else ""
    stock = report.tokens - report.quarantined
    quarantined = f", {report.quarantined} in quarantine" if report.quarantined else ""
    if dry_run:
        return f"{stock} tokens would be in stock{quarantined}{held}; nothing was changed"
    if report.batch is None:
        return f"nothing new{held}"
    return f"{report.batch.name}: {stock} tokens in stock{quarantined}{held}"
