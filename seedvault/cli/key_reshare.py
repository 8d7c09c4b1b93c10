"""`seedvault key reshare`."""

from pathlib import Path

import click

from seedvault.cli import output
from seedvault.cli.key_records import Secretary
from seedvault.cli.options import Session, dry_run_option, json_option
from seedvault.cli.records import KeptRecord, record_option
from seedvault.cli.shares import read_shares, share_file_option
from seedvault.wiring import RECOVERY_SHARE, SharePlan
from seedvault.wiring.ceremonies import recovery_of
from seedvault.wiring.shares import check_shares


@click.command()
@share_file_option
@click.option(
    "--new-share-file",
    "new_files",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="A new file for a new share; once for each custodian.",
)
@click.option("--needed", type=int, help="How many shares bring it back; default: more than half.")
@record_option
@dry_run_option
@json_option
@click.pass_obj
def reshare(  # noqa: PLR0913 - one parameter for each option
    session: Session,
    *,
    share_files: tuple[str, ...],
    new_files: tuple[Path, ...],
    needed: int | None,
    records: Path | None,
    dry_run: bool,
) -> None:
    """Make a new recovery key and its shares, for other custodians or another number of them.

    Every copy is made anew under it, inside the HSM; no key changes. The old shares still open
    what lies in older backups: rotate the keys as well where one of them was lost.

    \b
    Example:
      seedvault key reshare --share-file anna.share --share-file ben.share \\
        --new-share-file dora.share --new-share-file emil.share
    """
    chosen = tuple(file.absolute() for file in new_files)
    plan = SharePlan(len(chosen) // 2 + 1 if needed is None else needed, chosen)
    opener = recovery_of(read_shares(share_files, session.home / RECOVERY_SHARE))
    with opener as old, session.application() as application:
        ceremonies = application.ceremonies
        if dry_run:
            check_shares(plan)
            names = [key.name for key in ceremonies.reshare_keys.check(old)]
            _tell(session, plan, names, None, None)
            return
        secretary = Secretary(session, records)
        with ceremonies.new_recovery(plan) as new:
            copied = ceremonies.reshare_keys(old, new, session.actor)
            set_id = new.set_id
        names = [key.name for key in copied]
        facts = [
            ("Copied anew", ", ".join(names)),
            ("Shares", f"{plan}, set {set_id}, in the place of set {old.set_id}"),
        ]
        kept = secretary.write(application, "New shares of the recovery key", facts, [])
    _tell(session, plan, names, set_id, kept)


def _tell(
    session: Session, plan: SharePlan, names: list[str], set_id: str | None, kept: KeptRecord | None
) -> None:
    if session.as_json:
        output.document(
            "key.reshare",
            {
                "keys": names,
                "shares": [str(file) for file in plan.files],
                "shares_needed": plan.needed,
                "set": set_id,
                "record": kept.fields if kept else None,
                "dry_run": kept is None,
            },
        )
        return
    if kept is None:
        click.echo(f"{', '.join(names)} would be copied anew ({plan}); nothing was changed")
        return
    click.echo(f"{', '.join(names)} copied anew; they open with {plan} shares of set {set_id}")
    for file in plan.files:
        click.echo(f"share   {file}")
    click.echo(f"record: {kept.text}")
    click.echo("next: destroy the old shares; seedvault key backup FILE, where there is one")
