"""`seedvault key transport destroy`."""

from dataclasses import replace
from pathlib import Path

import click

from seedvault.cli import output
from seedvault.cli.confirm import confirm
from seedvault.cli.key_records import Secretary
from seedvault.cli.options import LABEL, Session, dry_run_option, json_option
from seedvault.cli.records import KeptRecord, record_option
from seedvault.cli.transport_words import ceremony_record, opened_fields, opened_words
from seedvault.domain.names import KeyLabel
from seedvault.service.transport_keys import Destroyed


@click.command()
@click.argument("label", type=LABEL)
@click.option("--approved-by", metavar="NAME", required=True, help="The second person; on record.")
@click.option("--yes", is_flag=True, help="Do not ask for the label to be typed.")
@record_option
@dry_run_option
@json_option
@click.pass_obj
def destroy(  # noqa: PLR0913 - one parameter for each option
    session: Session,
    label: KeyLabel,
    *,
    approved_by: str,
    yes: bool,
    records: Path | None,
    dry_run: bool,
) -> None:
    """Destroy a transport key, with a second person's agreement.

    No file that was encrypted with it can be opened any more; tokens that were imported stay. A
    certificate of destruction is written: it lists the batches that the key opened, and the HSM
    signs it.

    \b
    Example:
      seedvault key transport destroy thales-2026 --approved-by ben
    """
    with session.application() as application:
        ceremony = application.ceremonies.destroy_transport_key
        if dry_run:
            _tell(session, ceremony.check(label, session.actor, approved_by), None)
            return
        secretary = Secretary(session, records)
        confirm(str(label), "destroy", yes=yes)
        done = ceremony(label, session.actor, approved_by)
        record = ceremony_record(session, application, "Certificate of destruction", _facts(done))
        kept = secretary.keep(application, replace(record, approved_by=approved_by))
    _tell(session, done, kept)


def _facts(done: Destroyed) -> list[tuple[str, str]]:
    key = done.key
    opened = [opened_words(batch) for batch in done.batches] or ["none"]
    return [
        ("Destroyed", f"transport key {key.label}"),
        ("Kind", key.kind.words),
        ("Check value", key.check_value),
        ("Origin", key.origin),
        ("Since", f"{key.created_at:%Y-%m-%d %H:%M:%S} UTC, by {key.created_by}"),
        ("How", _how(done)),
        *(("Batch it opened", words) for words in opened),
    ]


def _how(done: Destroyed) -> str:
    if done.was_there:
        return "destroyed in the HSM, and looked for afterwards: it is gone"
    if done.begun_at is not None:
        return (
            f"gone from the HSM: a run of {done.begun_at:%Y-%m-%d %H:%M:%S} UTC, which did not "
            "finish, had begun to destroy it"
        )
    return "the HSM did not have it any more"


def _tell(session: Session, done: Destroyed, kept: KeptRecord | None) -> None:
    key = done.key
    if session.as_json:
        output.document(
            "key.transport.destroy",
            {
                "label": str(key.label),
                "kind": key.kind.code,
                "check_value": key.check_value,
                "was_there": done.was_there,
                "opened": [opened_fields(batch) for batch in done.batches],
                "record": kept.fields if kept else None,
                "dry_run": kept is None,
            },
        )
        return
    opened = ", ".join(batch.name for batch in done.batches) or "nothing"
    what = f"transport key {key.label} ({key.kind.words}, {key.check_value})"
    missing = "" if done.was_there else "; it is not on the PKCS#11 token"
    if kept is None:
        click.echo(f"{what} would be destroyed{missing}; nothing was changed")
        click.echo(f"it opened {opened}")
        return
    click.echo(f"destroyed  {what}{missing}")
    click.echo(f"it opened {opened}")
    click.echo(f"certificate: {kept.text}")
