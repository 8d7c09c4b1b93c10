"""`seedvault key backup` and `seedvault key restore`."""

import hashlib
import json
import os
from pathlib import Path

import click

from seedvault import wiring
from seedvault.cli import output
from seedvault.cli.key_records import Secretary
from seedvault.cli.options import Session, dry_run_option, json_option
from seedvault.cli.records import KeptRecord, record_option
from seedvault.cli.shares import read_shares, share_file_option
from seedvault.domain.errors import Conflict, StorageUnavailable
from seedvault.domain.vault_key import StoredKey
from seedvault.service.key_ports import KeyReport
from seedvault.wiring.ceremonies import backup_document, read_backup, recovery_of


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@record_option
@dry_run_option
@json_option
@click.pass_obj
def backup(session: Session, file: Path, *, records: Path | None, dry_run: bool) -> None:
    """Write the copies of the vault's keys to FILE: useless without the shares.

    The copies lie in the database as well, and so in its backups: this is for a safe of its own.

    \b
    Example:
      seedvault key backup keys.json
    """
    if file.exists():
        raise Conflict(f"{file}: there is a file already", remedy="Name a new one.")
    with session.application() as application:
        ceremony = application.ceremonies.copy_keys
        keys = ceremony.copies()
        kept = None
        if not dry_run:
            secretary = Secretary(session, records)
            _write(file, backup_document(application.vault.identity.vault_id, keys))
            ceremony.record(keys, session.actor)
            kept = secretary.write(application, "Backup of keys", _what(file, keys), [])
    _tell_backup(session, file, keys, kept)


def _what(file: Path, keys: list[StoredKey]) -> list[tuple[str, str]]:
    return [
        ("File", str(file.absolute())),
        ("SHA-256 of the file", hashlib.sha256(file.read_bytes()).hexdigest()),
        ("Copies of", ", ".join(key.name for key in keys)),
        ("Shares that open them", f"set {', '.join(_sets(keys))}"),
    ]


def _sets(keys: list[StoredKey]) -> list[str]:
    return sorted({key.recovery for key in keys if key.recovery})


def _tell_backup(
    session: Session, file: Path, keys: list[StoredKey], kept: KeptRecord | None
) -> None:
    names, sets = [key.name for key in keys], _sets(keys)
    if session.as_json:
        output.document(
            "key.backup",
            {
                "keys": names,
                "shares_of_sets": sets,
                "file": str(file),
                "record": kept.fields if kept else None,
                "dry_run": kept is None,
            },
        )
        return
    would = f"written to {file}" if kept else "would be written; nothing was changed"
    click.echo(f"copies of {', '.join(names)} {would}")
    click.echo(f"they open with the shares of set {' and '.join(sets)}, and with nothing else")
    if kept:
        click.echo(f"record: {kept.text}")


def _write(file: Path, document: dict[str, object]) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            json.dump(document, stream, indent=2)
            stream.write("\n")
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise StorageUnavailable(f"{file} cannot be written: {error.strerror}") from error


@click.command()
@share_file_option
@click.option(
    "--from",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What `key backup` wrote; default: the copies in the database.",
)
@record_option
@dry_run_option
@json_option
@click.pass_obj
def restore(
    session: Session,
    *,
    share_files: tuple[str, ...],
    file: Path | None,
    records: Path | None,
    dry_run: bool,
) -> None:
    """Bring the vault's keys back on a PKCS#11 token that has none of them.

    For a new HSM: put the database and seedvault.toml in their place, name the new module and its
    PKCS#11 token there, and bring the shares. Every token then verifies as before. The key that
    signs is never copied: a new one takes its place.

    \b
    Examples:
      seedvault key restore --share-file anna.share --share-file ben.share
      seedvault key restore --from keys.json --share-file anna.share \\
        --share-file ben.share
    """
    default = session.home / wiring.RECOVERY_SHARE
    with recovery_of(read_shares(share_files, default)) as recovery:
        with session.application() as application:
            ceremony = application.ceremonies.restore_keys
            vault_id = application.vault.identity.vault_id
            copies = read_backup(file, vault_id) if file else None
            if dry_run:
                there = wiring.has_place(application.settings)
                keys = ceremony.check(copies, recovery, proven=there)
                _tell(session, [key.name for key in keys], None)
                return
            secretary = Secretary(session, records)
            with wiring.fresh_place(application.settings):
                restored = ceremony(copies, recovery, session.actor)
        with session.application() as application:  # on the keys that are there now
            kept = secretary.write(application, "Restoration of keys", _facts(restored), restored)
    _tell(session, [key.name for key in restored], kept)


def _facts(restored: list[KeyReport]) -> list[tuple[str, str]]:
    *copied, new = restored
    return [
        ("Restored from copies", ", ".join(key.name for key in copied)),
        ("Made anew", new.name),
    ]


def _tell(session: Session, names: list[str], kept: KeptRecord | None) -> None:
    if session.as_json:
        record = kept.fields if kept else None
        fields = {"keys": names, "record": record, "dry_run": kept is None}
        output.document("key.restore", fields)
        return
    if kept is None:
        click.echo(f"{', '.join(names)} would be restored; nothing was changed")
        return
    for name in names:
        click.echo(f"restored  {name}")
    output.note("transport keys are not copied: make or import anew those that are needed")
    click.echo(f"record: {kept.text}")
