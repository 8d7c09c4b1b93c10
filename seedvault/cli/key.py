"""`seedvault key`: what custodians do with the vault's keys."""

import click

from seedvault.cli.lazy import LazyGroup

_COMMANDS = {
    "list": ("key_list", "list_keys"),
    "rotate": ("key_rotate", "rotate"),
    "reshare": ("key_reshare", "reshare"),
    "destroy": ("key_destroy", "destroy"),
    "backup": ("key_backup", "backup"),
    "restore": ("key_backup", "restore"),
    "transport": ("transport", "transport"),
}


@click.group("key", cls=LazyGroup, places=_COMMANDS)
def command() -> None:
    """List, rotate, destroy, back up and restore the vault's keys; and makers' transport keys.

    Every ceremony is on the audit log, and leaves a written record that the HSM signs.
    """
