"""`seedvault batch`."""

import click

from seedvault.cli import output
from seedvault.cli.batch_export import export
from seedvault.cli.batch_import import import_batch
from seedvault.cli.batch_inspect import inspect
from seedvault.cli.options import Session, json_option, jsonl_option
from seedvault.domain.batch import Batch, batch_number
from seedvault.service.lookup import batch_of


@click.group("batch")
def command() -> None:
    """Take over manufacturers' seed files, and look at what came with each."""


command.add_command(import_batch)
command.add_command(inspect)
command.add_command(export)


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
        "quarantined": batch.quarantined,
        "refused": batch.refused,
        "exportable": batch.exportable,
        "signed_by": batch.source.signer,
        "transport_key": batch.source.transport_key,
    }
