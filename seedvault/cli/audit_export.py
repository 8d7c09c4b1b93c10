"""`seedvault audit export` and `public-key`."""

from pathlib import Path

import click

from seedvault.cli import output
from seedvault.cli.options import Session, json_option
from seedvault.cli.public_keys import check_place, fingerprint, pem, spoken, write_public_key
from seedvault.domain.errors import NOTHING_CHANGED


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--after-checkpoint",
    type=click.IntRange(1),
    metavar="N",
    help="Begin a new file with checkpoint N: what came before is in another.",
)
@json_option
@click.pass_obj
def export(session: Session, file: Path | None, after_checkpoint: int | None) -> None:
    """Copy the audit log, as far as checkpoints cover it, to FILE, or continue it there.

    FILE is by default the one that seedvault.toml names ([audit] export_file), which every
    checkpoint continues. It only grows: each event and each checkpoint on a line of its own.

    \b
    Examples:
      seedvault audit export /mnt/witness/audit.jsonl
      seedvault audit export /mnt/witness/2027.jsonl --after-checkpoint 40000
    """
    with session.application() as application:
        exporting = application.audit.export(file)
        done = exporting(after_checkpoint or 0)
    name = exporting.file.name
    if session.as_json:
        output.document(
            "audit.export",
            {
                "file": name,
                "events": done.events,
                "checkpoints": done.checkpoints,
                "last_checkpoint": done.last or None,
            },
        )
    else:
        click.echo(f"{done.events} events and {done.checkpoints} checkpoints added to {name}")
        click.echo(f"it ends with checkpoint {done.last}" if done.last else "it holds nothing yet")


@click.command("public-key")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@json_option
@click.pass_obj
def public_key(session: Session, file: Path | None) -> None:
    """Write the public key that verifies checkpoints to FILE, in PEM; without FILE, print it.

    \b
    Example:
      seedvault audit public-key c1.pem
    """
    if file is not None:
        check_place(file)
    with session.application() as application:
        signer = application.record_signer
        name, der = signer.name, signer.public_key
    if file is not None:
        write_public_key(file, der, NOTHING_CHANGED)
    digest = fingerprint(der)
    if session.as_json:
        output.document(
            "audit.public-key",
            {"key": name, "sha256": digest, "pem": pem(der).decode(), "file": str(file or "")},
        )
    elif file is None:
        click.echo(pem(der).decode(), nl=False)
    else:
        click.echo(f"{name} is in {file}; SHA-256 of the key, to be compared by phone:")
        click.echo(spoken(digest))
