"""`seedvault key transport`: the keys that makers encrypt seed files with."""

import click

from seedvault.cli.lazy import LazyGroup

_COMMANDS = {
    "create": ("transport_create", "create"),
    "import": ("transport_import", "import_key"),
    "list": ("transport_list", "list_keys"),
    "export": ("transport_create", "export"),
    "destroy": ("transport_destroy", "destroy"),
}


@click.group("transport", cls=LazyGroup, places=_COMMANDS)
def transport() -> None:
    """Create, import, list, export and destroy makers' transport keys.

    They live in the HSM, and open seed files from there: seedvault batch import --key-label LABEL.
    Each ceremony is on the audit log, and leaves a written record that the HSM signs.
    """
