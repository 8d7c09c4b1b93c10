"""`seedvault key transport create` and `export`: a pair for a maker, and its public half."""

from dataclasses import replace
from pathlib import Path

import click

from seedvault.cli import output
from seedvault.cli.key_records import Secretary
from seedvault.cli.options import LABEL, Session, dry_run_option, json_option
from seedvault.cli.public_keys import check_place, fingerprint, pem, spoken, write_public_key
from seedvault.cli.records import KeptRecord, record_option
from seedvault.cli.transport_words import ceremony_record, recorded
from seedvault.domain.errors import Conflict, NotFound
from seedvault.domain.names import KeyLabel
from seedvault.domain.transport_key import TransportKind
from seedvault.service.transport_ports import TransportReport

_MADE = "The key pair was made, and is on the audit log; only the file of its public half is not."
_FINGERPRINT = "its SHA-256 fingerprint, to be read over the phone:"
_STANDARD_OUTPUT = "-"
_FILE = click.Path(path_type=Path, dir_okay=False)


def _check_file(file: Path) -> None:
    if str(file) == _STANDARD_OUTPUT:
        raise click.UsageError("name a file: what is written there is for the maker")
    check_place(file)


@click.command()
@click.argument("label", type=LABEL)
@click.argument("file", type=_FILE)
@click.option(
    "--bits",
    type=click.Choice(["2048", "3072", "4096"]),
    default="3072",
    show_default=True,
    help="How long the RSA modulus is.",
)
@record_option
@dry_run_option
@json_option
@click.pass_obj
def create(  # noqa: PLR0913 - one parameter for each option
    session: Session,
    label: KeyLabel,
    file: Path,
    *,
    bits: str,
    records: Path | None,
    dry_run: bool,
) -> None:
    """Make an RSA pair in the HSM; write its public half to FILE, for a maker to encrypt to.

    The private half never leaves the HSM. Read the fingerprint to the maker over the phone, from
    a number that you knew before: a public key that came by mail may be somebody else's.

    \b
    Example:
      seedvault key transport create thales-2026 thales-2026.pem
    """
    kind = TransportKind.coded(f"rsa-{bits}")
    _check_file(file)
    with session.application() as application:
        ceremony = application.ceremonies.create_transport_key
        ceremony.check(label)
        if dry_run:
            _tell_dry(session, label, kind)
            return
        secretary = Secretary(session, records)
        report = ceremony(label, kind, session.actor)
        public = report.public_key or b""
        write_public_key(file, public, _MADE)
        facts = (
            ("Created", f"transport key {label}, {kind.words}"),
            ("SHA-256 of its public half", fingerprint(public)),
            ("Written to", str(file)),
        )
        record = ceremony_record(session, application, "Transport key created", facts)
        keys = (recorded(report, report.answer),)
        kept = secretary.keep(application, replace(record, keys=keys))
    _tell(session, report, file, kept)


@click.command()
@click.argument("label", type=LABEL)
@click.argument("file", type=_FILE)
@json_option
@click.pass_obj
def export(session: Session, label: KeyLabel, file: Path) -> None:
    """Write the public half of a pair to FILE again; to standard output where FILE is -.

    \b
    Example:
      seedvault key transport export thales-2026 thales-2026.pem
    """
    shown = str(file) == _STANDARD_OUTPUT
    if shown and session.as_json:
        raise click.UsageError("--json and FILE - both write to standard output: name a file")
    if not shown:
        check_place(file)
    public = _public_half(session, label)
    if shown:
        click.echo(pem(public), nl=False)
        output.note(f"{_FINGERPRINT}\n{spoken(fingerprint(public))}")
        return
    write_public_key(file, public, "Nothing was changed.")
    if session.as_json:
        fields = {"label": str(label), "file": str(file), "sha256": fingerprint(public)}
        output.document("key.transport.export", fields)
        return
    click.echo(f"public half of {label}: {file}")
    click.echo(f"{_FINGERPRINT}\n{spoken(fingerprint(public))}")


def _public_half(session: Session, label: KeyLabel) -> bytes:
    with session.application() as application:
        keys = application.ceremonies.list_transport_keys(label)
    public = next((key.report.public_key for key in keys if key.report), None)
    if not keys or public is None:
        raise NotFound(
            f"{label} is no key pair on the PKCS#11 token",
            unchanged="No file was written.",
            remedy="See: seedvault key transport list",
        )
    if not keys[0].is_sound:
        raise Conflict(
            f"the HSM has another key in the place of {label}",
            unchanged="No file was written.",
            remedy="See: seedvault key transport list",
        )
    return public


def _tell_dry(session: Session, label: KeyLabel, kind: TransportKind) -> None:
    if session.as_json:
        output.document(
            "key.transport.create",
            {
                "label": str(label),
                "kind": kind.code,
                "file": None,
                "sha256": None,
                "record": None,
                "dry_run": True,
            },
        )
        return
    click.echo(f"transport key {label} ({kind.words}) would be made; nothing was changed")


def _tell(session: Session, report: TransportReport, file: Path, kept: KeptRecord) -> None:
    digest = fingerprint(report.public_key or b"")
    if session.as_json:
        output.document(
            "key.transport.create",
            {
                "label": str(report.label),
                "kind": report.kind.code,
                "file": str(file),
                "sha256": digest,
                "record": kept.fields,
                "dry_run": False,
            },
        )
        return
    click.echo(f"created  transport key {report.label} ({report.kind.words}, not extractable)")
    click.echo(f"public half: {file}")
    click.echo(
        f"its SHA-256 fingerprint, to be read to the maker over the phone:\n{spoken(digest)}"
    )
    click.echo(f"record: {kept.text}")
