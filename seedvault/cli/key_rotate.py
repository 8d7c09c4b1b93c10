"""`seedvault key rotate`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seedvault.cli import output
from seedvault.cli.exits import Exit
from seedvault.cli.key_checkpoint import rotate_checkpoint_key
from seedvault.cli.key_records import Secretary
from seedvault.cli.options import Session, dry_run_option, json_option
from seedvault.cli.records import KeptRecord, record_option
from seedvault.cli.shares import read_shares, share_file_option
from seedvault.domain.vault_key import KeyPurpose
from seedvault.service.rotation import ROTATED, Move, MoveTokens, Renewed
from seedvault.wiring import RECOVERY_SHARE, Application
from seedvault.wiring.ceremonies import recovery_of

if TYPE_CHECKING:
    from seedvault.service.key_ports import Recovery

_NAMES = {purpose.code: purpose for purpose in ROTATED}
_CHECKPOINT = KeyPurpose.CHECKPOINT.code
_CHOICES = [*_NAMES, _CHECKPOINT]


@dataclass(frozen=True, slots=True)
class _Rotation:
    """What was done, for the record and the screen."""

    renewed: list[Renewed]
    move: Move


@click.command()
@click.argument("purposes", nargs=-1, type=click.Choice(_CHOICES), metavar="[KEY]...")
@share_file_option
@click.option("--resume", is_flag=True, help="Make no new key; move the tokens that are left.")
@record_option
@dry_run_option
@json_option
@click.pass_obj
def rotate(  # noqa: PLR0913 - one parameter for each option
    session: Session,
    purposes: tuple[str, ...],
    *,
    share_files: tuple[str, ...],
    resume: bool,
    records: Path | None,
    dry_run: bool,
) -> int:
    """Put new keys in the place of those in use, and bring every token under them.

    KEY is kek, seal or fingerprint; all three by default; or checkpoint, by itself, which the old
    one introduces. New tokens are under the new keys at once. The others are re-wrapped inside the
    HSM, 500 at a time, while verification goes on: this can be interrupted at any moment, and goes
    on with --resume. The old keys stay until `seedvault key destroy`. Seeds move only with the
    shares of the recovery key.

    \b
    Examples:
      seedvault key rotate --share-file anna.share --share-file ben.share
      seedvault key rotate seal
      seedvault key rotate --resume --share-file anna.share --share-file ben.share
    """
    _check_call(purposes, shares=bool(share_files), resume=resume)
    if _CHECKPOINT in purposes:
        return rotate_checkpoint_key(session, records, dry_run=dry_run)
    chosen = [_NAMES[name] for name in purposes] or list(ROTATED)
    with _recovery(session, share_files, resume=resume, ask=not dry_run) as recovery:
        if dry_run:
            _foresee(session, [] if resume else chosen, recovery)
            return Exit.DONE
        secretary = Secretary(session, records)
        renewed, papers = ([], []) if resume else _renew(secretary, session, chosen, recovery)
        with session.application() as application:  # the keys that are in use now
            move = application.ceremonies.move_tokens
            done = _Rotation(renewed, _moved(move, recovery, session.actor))
            papers.append(_paper_of_the_move(application, secretary, done.move))
    _tell(session, done, papers)
    return Exit.DECIDED_NO if done.move.left else Exit.DONE


def _check_call(purposes: tuple[str, ...], *, shares: bool, resume: bool) -> None:
    """Raises UsageError for what cannot be asked at once."""
    if _CHECKPOINT in purposes and (len(purposes) > 1 or shares or resume):
        raise click.UsageError("the checkpoint key is rotated by itself, without shares")
    if resume and purposes:
        raise click.UsageError("--resume makes no new key: leave out which")


@contextmanager
def _recovery(
    session: Session, share_files: tuple[str, ...], *, resume: bool, ask: bool
) -> Iterator["Recovery | None"]:
    """The recovery key, where anything of this needs one; a dry run does not ask for it."""
    with session.application() as application:
        keys = application.vault.vault_keys()
        retired = application.ceremonies.move_tokens.retired()
    default = session.home / RECOVERY_SHARE
    needed = retired or (not resume and any(key.copy for key in keys if key.in_use))
    if needed and (ask or share_files or default.is_file()):
        with recovery_of(read_shares(share_files, default)) as recovery:
            yield recovery
    else:
        yield None


def _renew(
    secretary: Secretary,
    session: Session,
    chosen: list[KeyPurpose],
    recovery: "Recovery | None",
) -> tuple[list[Renewed], list[KeptRecord]]:
    """New keys, and their paper at once: what comes after may be interrupted."""
    with session.application() as application:
        renewed = application.ceremonies.renew_keys(chosen, recovery, session.actor)
        facts = [
            (each.new.purpose.words, f"{each.new.name} in the place of {each.old}")
            for each in renewed
        ]
        reports = [each.new for each in renewed]
        return renewed, [secretary.write(application, "New keys", facts, reports)]


def _moved(move: MoveTokens, recovery: "Recovery | None", actor: str) -> Move:
    if not sys.stderr.isatty():
        return move(recovery, actor, lambda _: None)
    told = move(
        recovery, actor, lambda moved: click.echo(f"\r{moved} tokens moved", nl=False, err=True)
    )
    click.echo(err=True)
    return told


def _foresee(session: Session, chosen: list[KeyPurpose], recovery: "Recovery | None") -> None:
    with session.application() as application:
        ceremonies = application.ceremonies
        ceremonies.renew_keys.check(chosen, recovery)
        names = ceremonies.renew_keys.names(chosen)
        tokens = _to_move(application, chosen)
    if session.as_json:
        output.document("key.rotate", {"new": names, "tokens": tokens, "dry_run": True})
        return
    for name in names:
        click.echo(f"would be made  {name}")
    if recovery is None:
        output.note("the shares of the recovery key were not looked at")
    click.echo(f"{tokens} tokens would be moved; nothing was changed")


def _to_move(application: Application, chosen: list[KeyPurpose]) -> int:
    """All tokens, where a key is new; else those that are not under the keys in use."""
    counts = application.vault.counts()
    if chosen:
        return counts.in_stock + counts.bound + counts.quarantined
    return application.ceremonies.move_tokens.left()


def _paper_of_the_move(application: Application, secretary: Secretary, move: Move) -> KeptRecord:
    facts = [
        ("Tokens moved", str(move.moved)),
        ("Tokens left", str(move.left)),
        *(("Altered row, not moved", serial) for serial in move.broken),
    ]
    return secretary.write(application, "Tokens under new keys", facts, [])


def _tell(session: Session, done: _Rotation, papers: list[KeptRecord]) -> None:
    move = done.move
    if session.as_json:
        output.document(
            "key.rotate",
            {
                "new": [each.new.name for each in done.renewed],
                "tokens": move.moved,
                "left": move.left,
                "broken": list(move.broken),
                "records": [paper.fields for paper in papers],
                "dry_run": False,
            },
        )
        return
    for each in done.renewed:
        new = each.new
        click.echo(f"{each.old} -> {new.name}  {new.purpose.words}, check value {new.check_value}")
    click.echo(f"{move.moved} tokens moved, {move.left} left")
    for serial in move.broken:
        output.note(f"{serial} stays as it is: its row was altered from outside")
    for paper in papers:
        click.echo(f"record: {paper.text}")
    if not move.left:
        for each in done.renewed:
            click.echo(f"next: seedvault key destroy {each.old} --approved-by NAME")
