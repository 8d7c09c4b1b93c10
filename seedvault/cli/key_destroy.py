"""`seedvault key destroy`."""

from pathlib import Path

import click

from seedvault.cli import output
from seedvault.cli.confirm import confirm
from seedvault.cli.key_records import Secretary
from seedvault.cli.options import Session, dry_run_option, json_option
from seedvault.cli.records import KeptRecord, record_option
from seedvault.service.key_ports import KeyReport


@click.command()
@click.argument("name")
@click.option("--approved-by", metavar="NAME", required=True, help="The second person; on record.")
@click.option("--yes", is_flag=True, help="Do not ask for the key's name to be typed.")
@record_option
@dry_run_option
@json_option
@click.pass_obj
def destroy(  # noqa: PLR0913 - one parameter for each option
    session: Session,
    name: str,
    *,
    approved_by: str,
    yes: bool,
    records: Path | None,
    dry_run: bool,
) -> None:
    """Destroy a key that is not in use and that no token needs, with a second person's agreement.

    What lies in backups under this key is then opened by nobody but the custodians, whose shares
    bring its copy back. A certificate of destruction is written, which the HSM signs.

    \b
    Example:
      seedvault key destroy k1 --approved-by ben
    """
    with session.application() as application:
        ceremony = application.ceremonies.destroy_key
        if dry_run:
            _tell(session, ceremony.check(name, session.actor, approved_by), None)
            return
        secretary = Secretary(session, records)
        confirm(name, "destroy", yes=yes)
        report = ceremony(name, session.actor, approved_by)
        facts = [("Destroyed", f"{report.purpose.words} {name}"), ("Tokens that needed it", "0")]
        kept = secretary.write(
            application, "Certificate of destruction", facts, [report], approved_by
        )
    _tell(session, report, kept)


def _tell(session: Session, report: KeyReport, kept: KeptRecord | None) -> None:
    if session.as_json:
        output.document(
            "key.destroy",
            {
                "name": report.name,
                "check_value": report.check_value,
                "record": kept.fields if kept else None,
                "dry_run": kept is None,
            },
        )
        return
    what = f"{report.purpose.words} {report.name}, check value {report.check_value}"
    if kept is None:
        click.echo(f"{what} would be destroyed; nothing was changed")
        return
    click.echo(f"destroyed  {what}")
    click.echo(f"certificate: {kept.text}")
