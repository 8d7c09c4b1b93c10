"""`seedvault key transport`: the keys that makers encrypt seed files with."""

# ruff: noqa: ARG002 - click calls a group's methods with a context

import importlib

import click

_COMMANDS = {
    "create": ("seedvault.cli.transport_create", "create"),
    "import": ("seedvault.cli.transport_import", "import_key"),
    "list": ("seedvault.cli.transport_list", "list_keys"),
    "export": ("seedvault.cli.transport_create", "export"),
    "destroy": ("seedvault.cli.transport_destroy", "destroy"),
}


class Ceremonies(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group("transport", cls=Ceremonies)
def transport() -> None:
    """Create, import, list, export and destroy makers' transport keys.

    They live in the HSM, and open seed files from there: seedvault batch import --key-label LABEL.
    Each ceremony is on the audit log, and leaves a written record that the HSM signs.
    """
