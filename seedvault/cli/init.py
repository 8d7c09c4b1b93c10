"""`seedvault init`."""

from dataclasses import replace
from pathlib import Path
from typing import TypedDict

import click

from seedvault import config, wiring
from seedvault.cli import output
from seedvault.cli.key_records import Secretary
from seedvault.cli.options import Session, dry_run_option, json_option
from seedvault.cli.records import KeptRecord


def _a_file_that_stays(
    _context: click.Context, _parameter: click.Parameter, value: Path | None
) -> Path | None:
    if value == Path("-"):
        raise click.UsageError(
            "--pin-file names where the PIN stays, for every later command;"
            " standard input does not stay. Write it to a file that only you can read."
        )
    return value


@click.command("init")
@click.option(
    "--module", type=click.Path(path_type=Path), help="A PKCS#11 library; default: SoftHSM."
)
@click.option("--token-label", help="The PKCS#11 token's label in that module.")
@click.option(
    "--pin-file",
    type=click.Path(path_type=Path),
    callback=_a_file_that_stays,
    help="Where that PKCS#11 token's PIN stands.",
)
@click.option(
    "--share-file",
    "share_files",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A new file for a share of the recovery key; once for each custodian.",
)
@click.option("--needed", type=int, help="How many shares bring it back; default: more than half.")
@click.option("--no-recovery", is_flag=True, help="Make no copies: the keys can then never move.")
@click.option("--database", help="A database URL; default: SQLite in the vault's home.")
@click.option(
    "--accept-weaknesses",
    is_flag=True,
    help="Go on although the module does not enforce all that it should; put that on record.",
)
@dry_run_option
@json_option
@click.pass_obj
def command(  # noqa: PLR0913 - one parameter for each option
    session: Session,
    *,
    module: Path | None,
    token_label: str | None,
    pin_file: Path | None,
    share_files: tuple[Path, ...],
    needed: int | None,
    no_recovery: bool,
    database: str | None,
    accept_weaknesses: bool,
    dry_run: bool,
) -> None:
    """Make a new vault: keys in an HSM, then the database.

    Without options, SoftHSM keeps the keys in files under the vault's home: good for evaluation.
    With a real HSM, the PIN stays in the file you name, and is read again by every command.

    Every key is copied under a recovery key, which is kept nowhere: it lives in shares that
    custodians hold. They bring it back to rotate the keys, or to restore them on another HSM.

    \b
    Examples:
      seedvault init
      seedvault init --module /path/lib.so --token-label LABEL --pin-file FILE \\
        --share-file anna.share --share-file ben.share --share-file cleo.share
    """
    found = config.load(session.home)
    settings = replace(
        found,
        **_place(found, module, token_label, pin_file),
        database=database or found.database,
        accept_weaknesses=accept_weaknesses or found.accept_weaknesses,
    )
    shares = _shares(settings, share_files, needed, wanted=not no_recovery)
    made = wiring.initialise(settings, session.actor, shares, dry_run=dry_run)
    if made is None:
        _report_dry(session)
    else:
        _report(session, made, shares, _record(session, shares))


class _Place(TypedDict):
    """The settings that say where the keys are."""

    module: Path | None
    token_label: str
    pin_file: Path


def _place(
    found: config.Settings, module: Path | None, token_label: str | None, pin_file: Path | None
) -> _Place:
    if module is not None and not (token_label and pin_file):
        raise click.UsageError("--module needs --token-label and --pin-file beside it")
    if module is None and found.module is None and (token_label or pin_file):
        raise click.UsageError(
            "--token-label and --pin-file say where the keys are in a module that you name:"
            " add --module FILE, or leave them out to keep the keys in SoftHSM"
        )
    return _Place(
        module=module.absolute() if module else found.module,
        token_label=token_label or found.token_label,
        pin_file=pin_file.absolute() if pin_file else found.pin_file,
    )


def _shares(
    settings: config.Settings, files: tuple[Path, ...], needed: int | None, *, wanted: bool
) -> wiring.SharePlan | None:
    """One share in the home where the keys lie in files beside it anyway; else as it was said."""
    if not wanted:
        if files or needed is not None:
            raise click.UsageError(
                "--no-recovery makes no shares: leave --share-file and --needed out"
            )
        return None
    if not files and settings.module is not None:
        raise click.UsageError(
            "where do the shares of the recovery key go? Name a new file for each custodian:"
            " --share-file FILE; or make no copies, and back the keys up by the HSM's own means:"
            " --no-recovery"
        )
    chosen = tuple(file.absolute() for file in files) or (settings.home / wiring.RECOVERY_SHARE,)
    return wiring.SharePlan(len(chosen) // 2 + 1 if needed is None else needed, chosen)


def _record(session: Session, shares: wiring.SharePlan | None) -> KeptRecord:
    """The ceremony on paper."""
    copied = f"{shares}, under a recovery key" if shares else "no: they can never be moved"
    with session.application() as application:
        reports = [key.report for key in application.ceremonies.list_keys() if key.report]
        facts = [("Copied for custodians", copied)]
        record = Secretary(session, None).write(application, "Creation of keys", facts, reports)
        application.audit.cover(output.note).in_passing()  # the log is signed from its first event
        return record


def _report_dry(session: Session) -> None:
    if session.as_json:
        output.document("init", {"home": str(session.home), "dry_run": True})
    else:
        click.echo(f"a vault would be made in {session.home}; nothing was changed")


def _report(
    session: Session,
    made: wiring.Initialised,
    shares: wiring.SharePlan | None,
    record: KeptRecord,
) -> None:
    if session.as_json:
        output.document(
            "init",
            {
                "home": str(session.home),
                "module": made.module,
                "software": made.is_software,
                "import_tier": made.import_tier,
                "fips_required": made.require_fips,
                "weaknesses": [each.word for each in made.weaknesses],
                "created": list(made.created),
                "shares": [str(file) for file in shares.files] if shares else [],
                "shares_needed": shares.needed if shares else None,
                "record": record.fields,
                "dry_run": False,
            },
        )
        return
    software = " (a software token: for evaluation)" if made.is_software else ""
    click.echo(f"{made.module}{software}")
    for thing in (*made.created, f"vault in {session.home}"):
        click.echo(f"created  {thing}")
    if made.import_tier != "A":
        click.echo(
            f"import tier {made.import_tier}: this module cannot re-wrap a delivered seed inside\n"
            "itself; seeds pass through one locked page of memory while they are imported"
        )
    if made.require_fips:
        click.echo("FIPS     is required: what is not approved is refused; that is no validation")
    for each in made.weaknesses:
        click.echo(f"accepted {each.word}: {each.meaning}")
    _report_copies(shares, record)
    click.echo("next: seedvault batch import FILE")


def _report_copies(shares: wiring.SharePlan | None, record: KeptRecord) -> None:
    for file in shares.files if shares else ():
        click.echo(f"share    of the recovery key ({shares}): {file}\n         keep it elsewhere")
    click.echo(f"record   of the keys, to be signed: {record.text.parent}")
