"""Groups whose commands are imported when they are called: --help loads what it shows, no more."""

# ruff: noqa: ARG002 - click calls a group's methods with a context

import importlib
from collections.abc import Mapping
from typing import Any

import click

Place = tuple[str, str]
"""A command's module below `seedvault.cli`, and its name there."""


class LazyGroup(click.Group):
    """`places` says where each command is, in the order of the help."""

    def __init__(self, *arguments: Any, places: Mapping[str, Place], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._places:
            return None
        module, name = self._places[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"seedvault.cli.{module}"), name)
        return command
