"""The root command: finds the vault's home and the noun's module, loading no other."""

# ruff: noqa: ARG002 - click calls a group's methods with a context

import importlib
from pathlib import Path

import click

from seedvault import __version__, config
from seedvault.cli.options import Session

_NOUNS = {
    "init": ("seedvault.cli.init", "Make a new vault."),
    "status": ("seedvault.cli.status", "Tell how the vault and its HSM are."),
    "doctor": ("seedvault.cli.doctor", "Examine the HSM, and say what it is good for."),
    "batch": ("seedvault.cli.batch", "Import seed files, look at batches."),
    "formats": ("seedvault.cli.formats", "List the seed-file formats that are read."),
    "token": ("seedvault.cli.token", "Assign, verify, resynchronise and list tokens."),
    "user": ("seedvault.cli.user", "Add and list users."),
    "key": ("seedvault.cli.key", "List, rotate, back up and destroy the vault's keys."),
    "db": ("seedvault.cli.db", "Check and upgrade the database's schema."),
    "audit": ("seedvault.cli.audit", "Read and verify the audit log."),
}


class Nouns(click.Group):
    """A group whose commands are imported when they are called, so that --help is fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _NOUNS:
            return None
        module = importlib.import_module(_NOUNS[cmd_name][0])
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _NOUNS.items()])


@click.group(cls=Nouns)
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
