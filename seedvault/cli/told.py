"""What the operator tells of a seed file: its key, and what it does not say itself."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import click

from seedvault.cli.secret_input import read_secret_file
from seedvault.domain.errors import InvalidInput
from seedvault.domain.oath import Digest
from seedvault.service.seed_files import SeedFileKey, Terms

if TYPE_CHECKING:
    from seedvault.wiring import Application

F = TypeVar("F", bound=Callable[..., Any])


class Told(TypedDict):
    """The values of the options below, by the names that click gives them."""

    key_file: str | None
    passphrase_file: str | None
    key_label: str | None
    container_passphrase_file: str | None
    pgp_key_file: str | None
    signed_by: tuple[Path, ...]
    unwrap: bool
    format: str | None
    type: str | None
    digits: int | None
    step: int | None
    hash: str | None
    encoding: str | None
    cipher: str | None
    allow_unauthenticated: bool
    allow_short: bool
    legacy_macs: bool


_PEM = b"-----BEGIN"
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_OPTIONS = (
    click.option(
        "--key-file",
        metavar="FILE",
        help="The transport key, hex or raw, or a private key in PEM; - for stdin.",
    ),
    click.option(
        "--passphrase-file",
        metavar="FILE",
        help="The passphrase of the file, or of a private key; - for stdin.",
    ),
    click.option(
        "--key-label",
        metavar="LABEL",
        help="The transport key on the vault's PKCS#11 token that opens the file.",
    ),
    click.option(
        "--signed-by",
        type=_FILE,
        multiple=True,
        metavar="CERTIFICATE",
        help="Take the file only if this certificate's key (PEM) signed it.",
    ),
    click.option("--unwrap", is_flag=True, help="Take the file out of its gzip, zip or PGP first."),
    click.option(
        "--container-passphrase-file",
        metavar="FILE",
        help="The passphrase of the zip or PGP around it; - for stdin.",
    ),
    click.option(
        "--pgp-key-file",
        metavar="FILE",
        help="The PGP private key that the message was encrypted for; - for stdin.",
    ),
    click.option("--format", metavar="ID", help="What format it is: see seedvault formats."),
    click.option("--type", type=click.Choice(["hotp", "totp"]), help="What its tokens count."),
    click.option("--digits", type=click.IntRange(6, 9), help="How many digits their codes have."),
    click.option(
        "--step", type=click.IntRange(1, 120), metavar="SECONDS", help="How long a code is shown."
    ),
    click.option(
        "--hash", type=click.Choice([digest.value for digest in Digest]), help="Which hash."
    ),
    click.option(
        "--encoding", type=click.Choice(["hex", "base32", "base64"]), help="How seeds are spelt."
    ),
    click.option("--cipher", metavar="NAME", help="What values are really under: aes256-cbc, ..."),
    click.option(
        "--allow-unauthenticated",
        is_flag=True,
        help="Take encrypted values that nothing shows to be unchanged.",
    ),
    click.option("--allow-short", is_flag=True, help="Take seeds of 80 to 127 bits."),
    click.option("--legacy-macs", is_flag=True, help="Take value MACs made as drafts had it."),
)


def told_options(command: F) -> F:
    """The options by which a seed file is opened."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def with_held_key(key: SeedFileKey, told: Told, application: "Application") -> SeedFileKey:
    """The same, or the key that the HSM holds where the operator names one."""
    label = told["key_label"]
    return key if label is None else replace(key, held=application.held_key(label))


def delivered_key(told: Told) -> SeedFileKey:
    """What came in the second envelope; each file is read once."""
    if told["key_label"] and (told["key_file"] or told["passphrase_file"]):
        raise InvalidInput("--key-label names the key: give no key or passphrase beside it")
    key_file, passphrase = told["key_file"], told["passphrase_file"]
    around, pgp_key = told["container_passphrase_file"], told["pgp_key_file"]
    if [key_file, passphrase, around, pgp_key].count("-") > 1:
        raise InvalidInput("only one secret can come from standard input")
    key = read_secret_file(key_file) if key_file else None
    if key and passphrase and _PEM not in key:
        raise InvalidInput(
            "give --key-file or --passphrase-file, not both",
            remedy="Together they open a private key in PEM, and this key is none.",
        )
    return SeedFileKey(
        key_file=key,
        passphrase=_line(passphrase) if passphrase else None,
        container_passphrase=_line(around) if around else None,
        pgp_key=read_secret_file(pgp_key) if pgp_key else None,
    )


def terms_of(told: Told, **more: bool) -> Terms:
    """The terms on which a file may be read; `more` are those of the command."""
    return Terms(
        format=told["format"],
        kind=told["type"],
        digest=Digest(told["hash"]) if told["hash"] else None,
        digits=told["digits"],
        step_s=told["step"],
        encoding=told["encoding"],
        cipher=told["cipher"],
        signed_by=tuple(path.read_bytes() for path in told["signed_by"]),
        unwrap=told["unwrap"],
        allow_unauthenticated=told["allow_unauthenticated"],
        allow_short=told["allow_short"],
        legacy_macs=told["legacy_macs"],
        **more,
    )


def _line(passphrase_file: str) -> str:
    """The first line of the file, without its end: what an editor leaves behind is not meant."""
    octets = read_secret_file(passphrase_file)
    try:
        return octets.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{passphrase_file} is not UTF-8 text") from error
