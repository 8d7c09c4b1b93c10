"""What a key is brought in as: read from files, or typed by its custodians without being shown."""

import base64
import binascii
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from seedvault.cli import output
from seedvault.cli.secret_input import read_wipeable
from seedvault.domain.errors import FileRefused, InvalidInput
from seedvault.domain.names import KeyLabel
from seedvault.domain.transport_key import TransportKind
from seedvault.service.transport_ports import (
    Component,
    Components,
    Material,
    UnderPassphrase,
    WrappedFor,
)
from seedvault.wiring.ceremonies import check_component, check_spelling

_LINE = ord("\n")


@dataclass(frozen=True, slots=True)
class Brought:
    """The options that say where the key comes from, as they were given."""

    components: str | None
    component_files: tuple[Path, ...]
    wrapped: Path | None
    wrapped_for: KeyLabel | None
    oaep_hash: str
    jwe: Path | None
    passphrase_file: Path | None


def material_of(brought: Brought, kind: TransportKind) -> Material:
    """What the options name. Raises UsageError where they name none or several."""
    ways = (brought.components, brought.component_files, brought.wrapped, brought.jwe)
    if sum(bool(way) for way in ways) != 1:
        raise click.UsageError("give one of --components, --component, --wrapped and --jwe")
    if (brought.wrapped is None) != (brought.wrapped_for is None):
        raise click.UsageError("--wrapped and --wrapped-for go together")
    if brought.passphrase_file is not None and brought.jwe is None:
        raise click.UsageError("--passphrase-file is the passphrase of --jwe")
    if brought.wrapped is not None and brought.wrapped_for is not None:
        octets = _wrapped_octets(brought.wrapped)
        return WrappedFor(octets, brought.wrapped_for, brought.oaep_hash)
    if brought.jwe is not None:
        jwe = bytes(read_wipeable(str(brought.jwe)))
        return UnderPassphrase(jwe, _passphrase(brought.passphrase_file))
    if brought.component_files:
        return Components(tuple(map(_component_in, brought.component_files)))
    numbers = range(1, int(brought.components or 0) + 1)
    return Components(tuple(_asked_component(kind, number) for number in numbers))


def _component_in(file: Path) -> Component:
    """Digits on the first line, the check value on the second. What was read is wiped."""
    octets = read_wipeable(str(file))
    if file.stat().st_mode & 0o077:
        output.note(f"note: {file} may be read by others, or written: chmod 600 it, or wipe it")
    end = octets.find(_LINE)
    check_value = octets[end + 1 :].strip()
    digits = octets[: max(end, 0)]
    octets[:] = bytes(len(octets))
    if not digits or _LINE in check_value or not check_value.isalnum():
        raise InvalidInput(
            f"{file} is no component: its digits stand on the first line, its check value on the "
            "second, and nothing after it"
        )
    return Component(digits, check_value.decode("ascii", "replace"), str(file))


def _asked_component(kind: TransportKind, number: int) -> Component:
    """A component that fits its check value: each is asked for until it does."""
    if not sys.stdin.isatty():
        raise InvalidInput(
            "there is no terminal on which components could be typed",
            remedy="Name a file for each: --component FILE",
        )
    while True:
        component = _typed_component(number)
        try:
            check_component(kind, number, component)
        except FileRefused as refused:
            component.digits[:] = bytes(len(component.digits))
            output.note(f"error: {refused.what}. Type both again; Ctrl-C ends it")
        else:
            return component


def _typed_component(number: int) -> Component:
    digits: str = click.prompt(f"Component {number} (not shown)", hide_input=True, err=True)
    check_value: str = click.prompt("Its check value", value_proc=_check_value, err=True)
    return Component(bytearray(digits, "utf-8"), check_value)


def _check_value(typed: str) -> str:
    """As it was typed; click asks again where it is none, and says what this does."""
    try:
        check_spelling(typed)
    except InvalidInput as error:
        raise click.UsageError(error.what) from error
    return typed


def _passphrase(file: Path | None) -> bytearray:
    if file is not None:
        octets = read_wipeable(str(file))
        while octets and octets[-1] in b"\r\n":
            del octets[-1]
        return octets
    if not sys.stdin.isatty():
        raise InvalidInput(
            "there is no terminal on which the passphrase could be typed",
            remedy="Name its file: --passphrase-file FILE",
        )
    return bytearray(click.prompt("Passphrase (not shown)", hide_input=True, err=True), "utf-8")


def _wrapped_octets(file: Path) -> bytes:
    """The file's octets; out of base64 where it is text, with or without lines of PEM around."""
    octets = bytes(read_wipeable(str(file)))
    if not octets.isascii():
        return octets
    lines = [line for line in octets.splitlines() if not line.startswith(b"-----")]
    try:
        return base64.b64decode(b"".join(lines), validate=True)
    except binascii.Error as error:
        raise InvalidInput(f"{file} is text, and no base64") from error
