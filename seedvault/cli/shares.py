"""Shares of the recovery key: from files, or typed unseen."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from seedvault.cli.options import F
from seedvault.cli.secret_input import read_secret_file
from seedvault.domain.errors import InvalidInput


def share_file_option(command: F) -> F:
    """`--share-file`: one share of the recovery key; given once for each share."""
    return click.option(
        "--share-file",
        "share_files",
        metavar="FILE",
        multiple=True,
        help="A share of the recovery key; once for each. Default: asked for on the terminal.",
    )(command)


def read_shares(files: tuple[str, ...], default: Path) -> list[str]:
    """The shares in `files`; else the one that `init` left in the home; else those typed.

    Raises InvalidInput where there is no file and no terminal.
    """
    if files:
        return [_words(read_secret_file(file), file) for file in files]
    if default.is_file():
        return [_words(read_secret_file(str(default)), str(default))]
    if not sys.stdin.isatty():
        raise InvalidInput(
            "the shares of the recovery key are needed",
            remedy="Name a file for each: --share-file FILE",
        )
    return _typed()


def _typed() -> list[str]:
    from seedvault.wiring.ceremonies import shares_needed  # noqa: PLC0415 - loads the HSM's package

    first = _asked(1, None, shares_needed)
    _, needed = shares_needed(first)
    return [first, *(_asked(number, needed, shares_needed) for number in range(2, needed + 1))]


def _asked(number: int, needed: int | None, check: Callable[[str], object]) -> str:
    """A share whose words are right: who mistypes one of 33 is asked again."""
    while True:
        of = f" of {needed}" if needed else ""
        share: str = click.prompt(f"Share {number}{of} (not shown)", hide_input=True, err=True)
        try:
            check(share)
        except InvalidInput as error:
            click.echo(error.what, err=True)
        else:
            return share


def _words(octets: bytes, file: str) -> str:
    """A share without the lines that are for people."""
    try:
        lines = octets.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file} holds no share: it is no text") from error
    return " ".join(line for line in lines if not line.lstrip().startswith("#"))
