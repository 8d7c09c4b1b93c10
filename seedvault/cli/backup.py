"""`seedvault backup`."""

import sys
from pathlib import Path

import click

from seedvault.cli import output
from seedvault.cli.options import Session, dry_run_option, json_option
from seedvault.service.backup_ports import Tell, Written
from seedvault.wiring.archiving import back_up, recipients

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_NOT_IN_IT = (
    "not in it: the keys in the HSM (seedvault key backup), seedvault.toml, the PIN",
    "its seeds are wrapped by the KEK: whoever opens it needs the HSM as well, or enough shares",
)


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--recipient",
    "keys",
    multiple=True,
    metavar="KEY",
    help="Who may open it: a public key of age's, or of OpenSSH's.",
)
@click.option(
    "--recipient-file",
    "files",
    type=_FILE,
    multiple=True,
    metavar="FILE",
    help="A file of such keys, one a line.",
)
@dry_run_option
@json_option
@click.pass_obj
def command(
    session: Session, file: Path, *, keys: tuple[str, ...], files: tuple[Path, ...], dry_run: bool
) -> None:
    """Write the whole vault to FILE, encrypted to public keys and signed by the HSM.

    Verification goes on meanwhile: the file holds one moment. It is the same for every database,
    and can be restored on another. Keep the private key away from the vault.

    \b
    Examples:
      seedvault backup /srv/backups/otp-2026-11-24.age --recipient age1...
      seedvault backup otp.age --recipient-file recipients.txt
    """
    to = recipients(keys, files)
    with session.application() as application:
        written = back_up(application, to)(file, session.actor, teller(), dry_run=dry_run)
    _tell(session, file, to.names, written, dry_run=dry_run)


def teller() -> Tell:
    """Counts rows on a terminal's standard error, and nowhere else."""
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda rows: click.echo(f"\r{rows} rows", nl=False, err=True)


def _tell(
    session: Session, file: Path, to: tuple[str, ...], written: Written, *, dry_run: bool
) -> None:
    rows = dict(written.rows)
    if session.as_json:
        output.document(
            "backup",
            {
                "file": str(file),
                "sha256": written.sha256,
                "octets": written.octets,
                "recipients": list(to),
                "tokens": rows["token"],
                "events": rows["audit_event"],
                "rows": rows,
                "dry_run": dry_run,
            },
        )
        return
    if sys.stderr.isatty():
        click.echo(err=True)
    done = "would be written; nothing was changed" if dry_run else f"written to {file}"
    click.echo(f"{rows['token']} tokens, {rows['audit_event']} events: {done}")
    click.echo(f"SHA-256 {written.sha256}")
    for who in to:
        click.echo(f"opens with the private key of {who}")
    for line in _NOT_IN_IT:
        output.note(line)
