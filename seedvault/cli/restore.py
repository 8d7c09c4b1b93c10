"""`seedvault restore`."""

from pathlib import Path
from typing import TypedDict, Unpack

import click

from seedvault import config
from seedvault.cli import output
from seedvault.cli.backup import teller
from seedvault.cli.options import Session, dry_run_option, json_option
from seedvault.cli.secret_input import read_secret_file
from seedvault.cli.side_files import SideFile
from seedvault.service.evidence import Evidence, NoEvidence
from seedvault.service.put_back import Restored
from seedvault.service.replay import Fate, Since
from seedvault.service.restore import Order
from seedvault.wiring.auditing import public_keys
from seedvault.wiring.restoring import audit_evidence, promote_vault, restore_vault

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_COLUMNS = ("at", "event", "serial", "user", "batch", "by", "detail", "outcome")


class _Told(TypedDict):
    """The values of the options, by the names that click gives them."""

    identity: str | None
    approved_by: str
    exports: tuple[Path, ...]
    complete: bool
    audit_lost: bool
    keys: tuple[Path, ...]
    unsigned: bool
    hsm_lost: bool
    promoted: bool
    dry_run: bool


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--identity", metavar="FILE", help="The private key that opens it; - for stdin.")
@click.option("--approved-by", required=True, metavar="NAME", help="Who else agreed.")
@click.option(
    "--audit-export",
    "exports",
    type=_FILE,
    multiple=True,
    metavar="FILE",
    help="The exported audit log; once for each file that it goes on in, in their order.",
)
@click.option(
    "--export-complete",
    "complete",
    is_flag=True,
    help="Nothing was accepted after its last checkpoint: say so only where you know.",
)
@click.option(
    "--audit-lost",
    is_flag=True,
    help="There is no export: every token must then be resynchronised.",
)
@click.option(
    "--public-key",
    "keys",
    type=_FILE,
    multiple=True,
    metavar="PEM",
    help="The public key of who signed backup and export, where the HSM is a new one.",
)
@click.option("--unsigned", is_flag=True, help="Take it though nothing vouches for it.")
@click.option("--hsm-lost", is_flag=True, help="The keys are to be brought back afterwards.")
@click.option(
    "--promoted",
    is_flag=True,
    help="No FILE: the database is there, and is a replica that was promoted.",
)
@dry_run_option
@json_option
@click.pass_obj
def command(session: Session, file: Path | None, **told: Unpack[_Told]) -> None:
    """Put the vault back to what a backup holds, and let no code be accepted twice by that.

    Where the database is to be, there must be none: nothing is overwritten. All of the backup is
    restored, or nothing. The vault's epoch rises: whoever still holds the old one accepts nothing
    more.

    The audit export tells what happened since the backup. Codes that were accepted are spent
    again; tokens that were taken back, suspended, revoked or retired are so again. The rest is
    listed in FILE.since.csv, for staff to do again.

    \b
    Examples:
      seedvault restore otp.age --identity backup.key --approved-by bob \\
        --audit-export audit.jsonl
      seedvault restore otp.age --identity backup.key --approved-by bob \\
        --audit-lost
      seedvault restore --promoted --approved-by bob --audit-export audit.jsonl
    """
    evidence = _evidence(session, told)
    order = Order(
        session.actor,
        told["approved_by"],
        public_keys(told["keys"]),
        told["unsigned"],
        told["dry_run"],
    )
    if told["promoted"]:
        restored = _promoted(session, file, told, order, evidence)
    else:
        restored = _restored(session, file, told, order, evidence)
    since = _list_since(file or next(iter(told["exports"]), None), restored.gathered.since)
    _tell(session, restored, told, since)


def _evidence(session: Session, told: _Told) -> Evidence:
    if bool(told["exports"]) == told["audit_lost"]:
        raise click.UsageError(
            "which codes were accepted since? Name the --audit-export, or say --audit-lost"
        )
    if told["exports"]:
        return audit_evidence(told["exports"], session.actor, is_complete=told["complete"])
    if told["complete"]:
        raise click.UsageError("--export-complete says something of an --audit-export")
    return NoEvidence()


def _promoted(
    session: Session, file: Path | None, told: _Told, order: Order, evidence: Evidence
) -> Restored:
    if file or told["identity"] or told["unsigned"] or told["hsm_lost"]:
        raise click.UsageError("--promoted takes no backup, nor what opens or vouches for one")
    with session.application() as application:
        return promote_vault(application)(order, evidence, teller())


def _restored(
    session: Session, file: Path | None, told: _Told, order: Order, evidence: Evidence
) -> Restored:
    if file is None or told["identity"] is None:
        raise click.UsageError("name a backup and its --identity; or say --promoted")
    settings = config.load(session.home)
    identity = read_secret_file(told["identity"])
    restore = restore_vault(settings, identity, hsm_lost=told["hsm_lost"])
    return restore(file, order, evidence, teller())


def _list_since(beside: Path | None, since: tuple[Since, ...]) -> SideFile | None:
    if beside is None or not since:
        return None
    listed = SideFile(beside, "since", _COLUMNS, "The vault is restored; only the list is missing.")
    try:
        for each in since:
            event = each.event
            listed.add(
                event.at.isoformat(timespec="seconds"),
                event.kind.value,
                event.serial,
                event.user,
                event.batch,
                event.actor,
                event.detail,
                each.fate.value,
            )
        listed.keep()
    finally:
        listed.discard()
    return listed


def _tell(session: Session, restored: Restored, told: _Told, listed: SideFile | None) -> None:
    redone = sum(each.fate is Fate.REDONE for each in restored.gathered.since)
    if session.as_json:
        _document(restored, redone, told, listed)
    else:
        _words(restored, redone, told, listed)


def _document(restored: Restored, redone: int, told: _Told, listed: SideFile | None) -> None:
    gathered = restored.gathered
    output.document(
        "restore",
        {
            "vault": restored.vault_id,
            "epoch": restored.epoch,
            "epoch_before": restored.was_epoch,
            "tokens": restored.tokens,
            "must_resync": restored.must_resync,
            "unsealed": restored.unsealed,
            "seals_checked": restored.seals_checked,
            "known": gathered.coverage.value,
            "doubt": gathered.doubt,
            "spent_again": gathered.replayed,
            "done_again": redone,
            "left": len(gathered.since) - redone,
            "since_file": listed.kept if listed else None,
            "dry_run": told["dry_run"],
        },
    )


def _words(restored: Restored, redone: int, told: _Told, listed: SideFile | None) -> None:
    gathered = restored.gathered
    left = len(gathered.since) - redone
    done = "would be restored; nothing was changed" if told["dry_run"] else "restored"
    click.echo(f"vault {restored.vault_id}: {restored.tokens} tokens {done}")
    click.echo(f"epoch {restored.was_epoch} -> {restored.epoch}")
    click.echo(f"{gathered.coverage.value}: {restored.must_resync} tokens must be resynchronised")
    if gathered.doubt:
        output.note(gathered.doubt)
    if gathered.replayed or gathered.since:
        seen = listed.told if listed else ""
        click.echo(
            f"since then: {gathered.replayed} codes spent again, {redone} changes done again, "
            f"{left} left to staff{seen}"
        )
    if restored.unsealed:
        output.note(f"{restored.unsealed} tokens are not what was sealed: they stay unusable")
    if told["hsm_lost"]:
        output.note("seals were not checked: the HSM does when a token is used")
        output.note("next: seedvault key restore")
