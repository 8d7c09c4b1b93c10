"""`seedvault key rotate checkpoint`."""

from pathlib import Path

import click

from seedvault.cli import output
from seedvault.cli.exits import Exit
from seedvault.cli.key_records import Secretary
from seedvault.cli.options import Session
from seedvault.cli.records import KeptRecord
from seedvault.service.rotation import Renewed


def rotate_checkpoint_key(session: Session, records: Path | None, *, dry_run: bool) -> int:
    """A new checkpoint key, and the record of it, which the new key signs."""
    if dry_run:
        with session.application() as application:
            name = application.ceremonies.renew_checkpoint_key.name()
        _tell_dry(session, name)
        return Exit.DONE
    secretary = Secretary(session, records)
    with session.application() as application:
        renewed = application.ceremonies.renew_checkpoint_key(session.actor)
    with session.application() as application:  # the keys that are in use now
        facts = [(renewed.new.purpose.words, f"{renewed.new.name} in the place of {renewed.old}")]
        paper = secretary.write(application, "New keys", facts, [renewed.new])
        application.audit.cover(output.note).in_passing()
    _tell(session, renewed, paper)
    return Exit.DONE


def _tell_dry(session: Session, name: str) -> None:
    if session.as_json:
        output.document("key.rotate", {"new": [name], "tokens": 0, "dry_run": True})
    else:
        click.echo(f"would be made  {name}")
        click.echo("0 tokens would be moved; nothing was changed")


def _tell(session: Session, renewed: Renewed, paper: KeptRecord) -> None:
    new = renewed.new
    if session.as_json:
        output.document(
            "key.rotate",
            {
                "new": [new.name],
                "tokens": 0,
                "left": 0,
                "broken": [],
                "records": [paper.fields],
                "dry_run": False,
            },
        )
        return
    click.echo(f"{renewed.old} -> {new.name}  {new.purpose.words}, check value {new.check_value}")
    click.echo(f"{renewed.old} introduced it: whoever has its public key can verify what follows")
    click.echo(f"record: {paper.text}")
    click.echo(f"next: seedvault key destroy {renewed.old} --approved-by NAME")
