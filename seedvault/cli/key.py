"""`seedvault key`: what custodians do with the vault's keys."""

# ruff: noqa: ARG002 - click calls a group's methods with a context

import importlib

import click

_COMMANDS = {
    "list": ("seedvault.cli.key_list", "list_keys"),
    "rotate": ("seedvault.cli.key_rotate", "rotate"),
    "reshare": ("seedvault.cli.key_reshare", "reshare"),
    "destroy": ("seedvault.cli.key_destroy", "destroy"),
    "backup": ("seedvault.cli.key_backup", "backup"),
    "restore": ("seedvault.cli.key_backup", "restore"),
    "transport": ("seedvault.cli.transport", "transport"),
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


@click.group("key", cls=Ceremonies)
def command() -> None:
    """List, rotate, destroy, back up and restore the vault's keys; and makers' transport keys.

    Every ceremony is on the audit log, and leaves a written record that the HSM signs.
    """
