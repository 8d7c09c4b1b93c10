"""`seedvault audit`."""

import click

from seedvault.cli.lazy import LazyGroup

_COMMANDS = {
    "list": ("audit_list", "list_events"),
    "verify": ("audit_verify", "verify"),
    "checkpoint": ("audit_checkpoint", "checkpoint"),
    "export": ("audit_export", "export"),
    "public-key": ("audit_export", "public_key"),
}


@click.group("audit", cls=LazyGroup, places=_COMMANDS)
def command() -> None:
    """Read the audit log, sign it, copy it out, and check that it is the one that was written."""
