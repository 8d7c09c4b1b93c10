"""The root command: finds the vault's home and the noun's module, loading no other."""

# ruff: noqa: ARG002 - click calls a group's methods with a context

from pathlib import Path

import click

from seedvault import __version__, config
from seedvault.cli.lazy import LazyGroup
from seedvault.cli.options import Session

_NOUNS = {
    "init": "Make a new vault.",
    "status": "Tell how the vault and its HSM are.",
    "doctor": "Examine the HSM, and say what it is good for.",
    "batch": "Import seed files, look at batches.",
    "formats": "List the seed-file formats that are read.",
    "token": "Assign, verify, resynchronise and list tokens.",
    "user": "Add, group and list users.",
    "policy": "Show and set which windows, throttles and locks hold for which tokens.",
    "key": "List, rotate, back up and destroy the vault's keys.",
    "backup": "Write the whole vault to a file, encrypted to public keys.",
    "restore": "Put the vault back to what a backup holds.",
    "db": "Check and upgrade the database's schema.",
    "audit": "Read and verify the audit log.",
}


_PLACES = {noun: (noun, "command") for noun in _NOUNS}


class Nouns(LazyGroup):
    """The nouns, whose help is said here: it loads none of them."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_NOUNS.items()))


@click.group(cls=Nouns, places=_PLACES)
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=config.default_home,
    show_default="SEEDVAULT_HOME, or the platform's data directory",
    help="Where the vault lives.",
)
@click.version_option(__version__, prog_name="seedvault")
@click.pass_context
def root(context: click.Context, home: Path) -> None:
    """Hardware OTP tokens, taken over from the maker's seed file and verified inside an HSM.

    \b
    The first hour:
      seedvault init
      seedvault batch import FILE --key-file KEY
      seedvault user add alice
      seedvault token assign SERIAL alice
      seedvault token verify SERIAL CODE
    """
    context.ensure_object(Session).home = home.absolute()
