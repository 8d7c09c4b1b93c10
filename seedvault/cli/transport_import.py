"""`seedvault key transport import`."""

from dataclasses import replace
from pathlib import Path
from typing import TypedDict, Unpack

import click

from seedvault.cli import output
from seedvault.cli.key_records import Secretary
from seedvault.cli.options import LABEL, Session, dry_run_option, json_option
from seedvault.cli.records import KeptRecord, record_option
from seedvault.cli.transport_material import Brought, material_of
from seedvault.cli.transport_words import ceremony_record, recorded
from seedvault.cli.unrepeating import Unrepeating
from seedvault.domain.names import KeyLabel
from seedvault.domain.transport_key import TransportKind
from seedvault.service.transport_ports import (
    BroughtIn,
    Components,
    ImportOrder,
    Material,
)
from seedvault.wiring import Application
from seedvault.wiring.ceremonies import check_spelling

_KINDS = [kind.code for kind in TransportKind if not kind.is_pair]
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


class _Given(TypedDict):
    """The values of the options, by the names that click gives them."""

    components: str | None
    component_files: tuple[Path, ...]
    wrapped: Path | None
    wrapped_for: KeyLabel | None
    oaep_hash: str
    jwe: Path | None
    passphrase_file: Path | None
    check_value: str | None
    records: Path | None
    dry_run: bool


@click.command("import", cls=Unrepeating)
@click.argument("label", type=LABEL)
@click.option("--kind", type=click.Choice(_KINDS), required=True, help="What key it is.")
@click.option(
    "--components",
    type=click.Choice(["2", "3"]),
    help="Ask for so many components, unseen, each with its check value.",
)
@click.option(
    "--component",
    "component_files",
    type=_FILE,
    multiple=True,
    metavar="FILE",
    help="A component: its digits on one line, its check value on the next. Once for each.",
)
@click.option(
    "--wrapped",
    type=_FILE,
    metavar="FILE",
    help="The key under RSA-OAEP, or RSA-AES key wrap; raw or in base64.",
)
@click.option("--wrapped-for", type=LABEL, metavar="LABEL", help="The pair it was encrypted for.")
@click.option(
    "--oaep-hash",
    type=click.Choice(["sha1", "sha256"]),
    default="sha1",
    show_default=True,
    help="The hash of RSA-OAEP, and of its mask generation.",
)
@click.option("--jwe", type=_FILE, metavar="FILE", help="A JWK under a passphrase (PBES2).")
@click.option("--passphrase-file", type=_FILE, metavar="FILE", help="Its passphrase.")
@click.option("--check-value", metavar="HEX", help="What the key's own check value must be.")
@record_option
@dry_run_option
@json_option
@click.pass_obj
def import_key(session: Session, label: KeyLabel, kind: str, **given: Unpack[_Given]) -> None:
    """Bring a maker's symmetric key into the HSM, where it stays.

    In 2 or 3 components, each from another custodian: nobody of them then knows the key. Each
    component's check value (ANSI X9.24-1) is checked before any are put together; one that is
    wrong changes nothing. Or encrypted for a pair of this HSM, or under a passphrase.

    \b
    Examples:
      seedvault key transport import thales --kind aes-128 --components 2
      seedvault key transport import m --kind 3des --component a --component b
      seedvault key transport import m --kind 3des --wrapped f --wrapped-for pair
      seedvault key transport import m --kind aes-256 --jwe key.jwe
    """
    order = _order(label, kind, given["check_value"])
    brought_as = Brought(
        components=given["components"],
        component_files=given["component_files"],
        wrapped=given["wrapped"],
        wrapped_for=given["wrapped_for"],
        oaep_hash=given["oaep_hash"],
        jwe=given["jwe"],
        passphrase_file=given["passphrase_file"],
    )
    with session.application() as application:
        ceremony = application.ceremonies.import_transport_key
        secretary = None if given["dry_run"] else Secretary(session, given["records"])
        material = material_of(brought_as, order.kind)
        done = ceremony(order, material, session.actor, dry_run=given["dry_run"])
        _tell_twins(application, order, done)
        if secretary is None or done.report is None:
            _tell(session, order, done, None)
            return
        record = ceremony_record(
            session, application, "Transport key imported", _facts(order, material, done)
        )
        keys = (recorded(done.report, done.check_value),)
        record = replace(record, keys=keys, signatures=_signatures(material))
        kept = secretary.keep(application, record)
    _tell(session, order, done, kept)


def _order(label: KeyLabel, kind: str, check_value: str | None) -> ImportOrder:
    if check_value is not None:
        check_spelling(check_value)
    return ImportOrder(label, TransportKind.coded(kind), check_value)


def _tell_twins(application: Application, order: ImportOrder, done: BroughtIn) -> None:
    """One key by two labels: destroying one of them leaves the other."""
    twins = [
        str(key.label)
        for key in application.vault.transport_keys()
        if (key.kind, key.check_value) == (order.kind, done.check_value)
        and key.label != order.label
        and key.destroyed_at is None
    ]
    if twins:
        output.note(f"note: a key of this check value is held already: {', '.join(twins)}")


def _stated(material: Material) -> list[str]:
    return [part.check_value for part in material.parts] if isinstance(material, Components) else []


def _facts(order: ImportOrder, material: Material, done: BroughtIn) -> list[tuple[str, str]]:
    cmac = [("Check value by CMAC", done.cmac)] if done.cmac else []
    parts = [
        (f"Component {n}", f"check value {value}") for n, value in enumerate(_stated(material), 1)
    ]
    return [
        ("Imported", f"transport key {order.label}, {order.kind.words}"),
        ("Came as", material.origin),
        ("Into the HSM", done.way),
        *parts,
        ("Check value", done.check_value),
        *cmac,
        ("Compared with", order.check_value or "nothing"),
    ]


def _signatures(material: Material) -> tuple[str, ...]:
    if isinstance(material, Components):
        custodians = range(1, len(material.parts) + 1)
        return (*(f"Custodian of component {number}" for number in custodians), "Witness")
    return ("Custodian", "Witness")


def _tell(session: Session, order: ImportOrder, done: BroughtIn, kept: KeptRecord | None) -> None:
    if session.as_json:
        output.document(
            "key.transport.import",
            {
                "label": str(order.label),
                "kind": order.kind.code,
                "check_value": done.check_value,
                "check_value_cmac": done.cmac or None,
                "way": done.way,
                "record": kept.fields if kept else None,
                "dry_run": kept is None,
            },
        )
        return
    cmac = f", by CMAC {done.cmac}" if done.cmac else ""
    checked = f"check value {done.check_value}{cmac}"
    if kept is None:
        click.echo(f"transport key {order.label} ({order.kind.words}) would be imported: {checked}")
        click.echo("nothing was changed")
        return
    click.echo(f"imported  transport key {order.label} ({order.kind.words}), {done.way}")
    click.echo(f"{checked}: compare it with the maker's, over the phone")
    click.echo(f"record: {kept.text}")
