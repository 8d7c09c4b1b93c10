"""`seedvault policy`: the numbers that decide about codes, and the rules that give them."""

import click

from seedvault.cli.lazy import LazyGroup

_COMMANDS = {
    "show": ("policy_show", "show"),
    "list": ("policy_show", "list_rules"),
    "set": ("policy_set", "set_rule"),
    "unset": ("policy_unset", "unset"),
}


@click.group("policy", cls=LazyGroup, places=_COMMANDS)
def command() -> None:
    """Windows, throttle, lock: which numbers hold for a token, and the rules that give them.

    Rules are for all tokens, a model, a batch or a group of users; of those that give a number, the
    most specific wins. A change holds from the next verification on.
    """
