"""`seedvault batch`."""

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedvault.cli import output
from seedvault.cli.options import Session, dry_run_option, json_option, jsonl_option
from seedvault.cli.secret_input import read_secret_file
from seedvault.domain.batch import Batch, batch_number
from seedvault.domain.errors import InvalidInput, KeyNeeded
from seedvault.service.import_batch import ImportReport
from seedvault.service.lookup import batch_of
from seedvault.service.ports import OpenedSeedFile, SeedFileKey

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

_NAMED = 5


@click.group("batch")
def command() -> None:
    """Take over manufacturers' seed files, and look at what came with each."""


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--key-file", metavar="FILE", help="The transport key, hex or raw; - for stdin.")
@click.option("--passphrase-file", metavar="FILE", help="The passphrase; - for stdin.")
@dry_run_option
@json_option
@click.pass_obj
def import_batch(
    session: Session,
    file: Path,
    *,
    key_file: str | None,
    passphrase_file: str | None,
    dry_run: bool,
) -> None:
    """Import a seed file: every token of it, or none.

    The key from the second envelope is asked for, or read from a file; it never stands in the
    command.

    \b
    Examples:
      seedvault batch import tokens.pskcxml --key-file transport.key
      seedvault batch import tokens.pskcxml --passphrase-file - --dry-run
    """
    key = _given_key(key_file, passphrase_file)
    bar = _Bar(file.stat().st_size)
    with session.application() as application:
        importing = application.import_batch
        _spare_the_collector()
        try:
            report = importing(file, key, session.actor, bar, dry_run=dry_run)
        except KeyNeeded as needed:
            if not sys.stdin.isatty():
                raise
            key = _asked_key(needed)
            report = importing(file, key, session.actor, bar, dry_run=dry_run)
        finally:
            bar.close()
    _tell(session, report, dry_run=dry_run)


@command.command("list")
@jsonl_option
@json_option
@click.pass_obj
def list_batches(session: Session) -> None:
    """List all batches, newest first.

    \b
    Example:
      seedvault batch list
    """
    with session.application() as application:
        batches = application.vault.batches()[::-1]
    if session.as_lines:
        output.lines("batch", map(_fields, batches))
        return
    if session.as_json:
        output.document("batch.list", {"batches": [_fields(batch) for batch in batches]})
        return
    output.table(
        ["BATCH", "IMPORTED", "TOKENS", "FORMAT", "FILE"],
        [
            [
                batch.name,
                batch.imported_at,
                str(batch.tokens),
                batch.source.format,
                batch.source.file_name,
            ]
            for batch in batches
        ],
    )


@command.command()
@click.argument("batch")
@json_option
@click.pass_obj
def show(session: Session, batch: str) -> None:
    """Show where a batch came from and how it was protected.

    \b
    Example:
      seedvault batch show B-0001
    """
    batch_number(batch)
    with session.application() as application:
        fields = _fields(batch_of(application.vault, batch))
    if session.as_json:
        output.document("batch.show", fields)
    else:
        output.fields((name.replace("_", " "), value) for name, value in fields.items())


def _spare_the_collector() -> None:
    """Keep the garbage collector from looking, in vain, through what an import makes.

    A million small objects come and go without a cycle among them. It took 8 % of the time.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


class _Bar:
    """A progress bar on standard error, and the file's own words above it."""

    def __init__(self, octets: int) -> None:
        self._octets = octets
        self._seen = 0
        self._bar: ProgressBar[int] | None = None

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

    def close(self) -> None:
        if self._bar is not None:
            self._bar.render_finish()


def _given_key(key_file: str | None, passphrase_file: str | None) -> SeedFileKey:
    if key_file and passphrase_file:
        raise InvalidInput("give --key-file or --passphrase-file, not both")
    if key_file:
        return SeedFileKey(key_file=read_secret_file(key_file))
    if passphrase_file:
        return SeedFileKey(passphrase=_line(passphrase_file))
    return SeedFileKey()


def _line(passphrase_file: str) -> str:
    """The first line of the file, without its end: what an editor leaves behind is not meant."""
    octets = read_secret_file(passphrase_file)
    try:
        return octets.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{passphrase_file} is not UTF-8 text") from error


def _asked_key(needed: KeyNeeded) -> SeedFileKey:
    output.note(needed.what)
    if needed.passphrase:
        return SeedFileKey(passphrase=click.prompt("Passphrase", hide_input=True, err=True))
    text: str = click.prompt("Transport key (hex)", hide_input=True, err=True)
    return SeedFileKey(key_file=text.encode())


def _tell(session: Session, report: ImportReport, *, dry_run: bool) -> None:
    if session.as_json:
        output.document(
            "batch.import",
            {
                "batch": report.batch.name if report.batch else None,
                "tokens": report.tokens,
                "held": [str(serial) for serial in report.held],
                "held_count": report.held_count,
                "short_seeds": report.short_seeds,
                "warnings": list(report.warnings),
                "dry_run": dry_run,
            },
        )
        return
    for warning in report.warnings:
        output.note(f"warning: {warning}")
    if report.short_seeds:
        output.note(f"warning: {report.short_seeds} seeds are shorter than 160 bits (RFC 4226 R6)")
    click.echo(_sentence(report, dry_run=dry_run))


def _sentence(report: ImportReport, *, dry_run: bool) -> str:
    named = ", ".join(str(serial) for serial in report.held[:_NAMED])
    count = report.held_count
    more = f" and {count - _NAMED} more" if count > _NAMED else ""
    held = f", {count} skipped (already held: {named}{more})" if count else ""
    if dry_run:
        return f"{report.tokens} tokens would be in stock{held}; nothing was changed"
    if report.batch is None:
        return f"nothing new{held}"
    return f"{report.batch.name}: {report.tokens} tokens in stock{held}"


def _fields(batch: Batch) -> dict[str, object]:
    return {
        "batch": batch.name,
        "file": batch.source.file_name,
        "sha256": batch.source.sha256.hex(),
        "format": batch.source.format,
        "protection": batch.source.protection,
        "tier": batch.tier.value,
        "imported": batch.imported_at,
        "by": batch.imported_by,
        "tokens": batch.tokens,
        "held": batch.held,
    }
