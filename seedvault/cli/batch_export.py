"""`seedvault batch export`."""

from pathlib import Path

import click

from seedvault.cli import output
from seedvault.cli.options import Session, dry_run_option, json_option
from seedvault.cli.secret_input import read_secret_file
from seedvault.domain.errors import InvalidInput
from seedvault.service.handover import HandedOver, Handover


@click.command("export")
@click.argument("batch")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--to", "name", required=True, help="Who gets it: named in the file and on record.")
@click.option("--key-file", metavar="FILE", help="The recipient's AES-256 key; - for stdin.")
@click.option(
    "--certificate",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The recipient's RSA certificate (PEM), instead of a key.",
)
@click.option("--approved-by", metavar="NAME", help="Who else agreed; it goes on record.")
@dry_run_option
@json_option
@click.pass_obj
def export(  # noqa: PLR0913 - one parameter for each option
    session: Session,
    batch: str,
    file: Path,
    *,
    name: str,
    key_file: str | None,
    certificate: Path | None,
    approved_by: str | None,
    dry_run: bool,
) -> None:
    """Hand a batch on: write its seeds to FILE, encrypted under a recipient's key.

    Only a batch that was imported with --exportable can be handed on. Each seed is on record
    before the file is there.

    \b
    Examples:
      seedvault batch export B-0001 out.xml --to radius --key-file k
      seedvault batch export B-0001 out.xml --to radius --certificate radius.pem
    """
    if (key_file is None) == (certificate is None):
        raise InvalidInput("give --key-file or --certificate, one of them")
    with session.application() as application:
        recipient = application.recipient(
            name,
            read_secret_file(key_file) if key_file else None,
            certificate.read_bytes() if certificate else None,
        )
        order = Handover(batch, recipient, file, approved_by)
        done = application.hand_over(order, session.actor, dry_run=dry_run)
    _tell(session, done, order, dry_run=dry_run)


def _tell(session: Session, done: HandedOver, order: Handover, *, dry_run: bool) -> None:
    if session.as_json:
        output.document(
            "batch.export",
            {
                "batch": done.batch.name,
                "tokens": done.tokens,
                "left_out": done.left_out,
                "to": order.recipient.name,
                "cipher": order.recipient.means,
                "file": None if dry_run else str(order.path),
                "dry_run": dry_run,
            },
        )
        return
    if done.left_out:
        output.note(f"{done.left_out} keys of other kinds were left out")
    would = "would be handed on" if dry_run else "handed on"
    where = "" if dry_run else f": {order.path}"
    click.echo(f"{done.batch.name}: {done.tokens} seeds {would} to {order.recipient.name}{where}")
