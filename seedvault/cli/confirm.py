"""What cannot be undone is typed out by whoever does it."""

import sys

import click


def confirm(name: str, verb: str, *, yes: bool) -> None:
    """Return only when whoever is there has typed the name of what they `verb`, or said `yes`.

    Raises UsageError.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"add --yes: there is no terminal on which to type {name}")
    typed = click.prompt(f"Type {name} to {verb} it", err=True)
    if typed.strip() != name:
        raise click.UsageError(f"{typed!r} is not {name}: nothing was changed")
