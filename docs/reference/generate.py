"""Writes the pages that are made from the code: `python -m docs.reference.generate`."""

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from docs.reference import token_states
from seedvault.cli.root import root

PAGE = Path(__file__).with_name("cli.md")

_BEGINNING = """\
# Commands

Made from the commands' own help by `python -m docs.reference.generate`; change it there.

Every command ends with one of the [exit codes](exit-codes.md). What `--json` prints is in
[JSON documents](schemas.md), where a vault lives in [settings](settings.md).
"""


def page() -> str:
    """The whole page, in Markdown."""
    context = click.Context(root, info_name="seedvault")
    sections = [_BEGINNING, _section(context, root)]
    sections += [_section(inner, command) for inner, command in commands(context, root)]
    return "\n".join(sections)


def commands(
    context: click.Context, group: click.Group
) -> Iterator[tuple[click.Context, click.Command]]:
    """Every command below `group`, in the order of its help, groups before what they hold."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            raise LookupError(f"{group.name} lists {name} and does not have it")
        inner = click.Context(command, parent=context, info_name=name)
        yield inner, command
        if isinstance(command, click.Group):
            yield from commands(inner, command)


def options(command: click.Command) -> list[click.Option]:
    """The options of a command, less --help, which all have."""
    return [option for option in command.params if isinstance(option, click.Option)]


def _section(context: click.Context, command: click.Command) -> str:
    parts = [f"## {context.command_path}\n", *_prose(command.help or "")]
    if not isinstance(command, click.Group):
        parts.insert(1, f"    {' '.join(_usage(context, command))}\n")
    if options(command):
        parts.append(_table(context, command))
    return "\n".join(parts)


def _usage(context: click.Context, command: click.Command) -> list[str]:
    return [context.command_path, *command.collect_usage_pieces(context)]


def _prose(text: str) -> Iterator[str]:
    """The paragraphs of a help text; one that click must not wrap (it starts with \\b) as code."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        if not paragraph.startswith("\b"):
            yield paragraph + "\n"
            continue
        title, *lines = paragraph.splitlines()[1:]
        code = "\n".join(f"    {line.strip()}" for line in lines)
        yield f"{title}\n\n{code}\n"


def _table(context: click.Context, command: click.Command) -> str:
    rows = [f"| {_spelling(context, option)} | {option.help} |" for option in options(command)]
    return "\n".join(["| option | |", "|---|---|", *rows, ""])


def _spelling(context: click.Context, option: click.Option) -> str:
    spelt = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    if option.is_flag:
        return spelt
    if isinstance(option.type, click.Choice):
        return f"{spelt} " + ", ".join(str(choice) for choice in option.type.choices)
    default = f", {option.default} unless given" if isinstance(option.default, int) else ""
    metavar = option.make_metavar(context).replace("|", " or ")  # a bar would end the cell
    return f"{spelt} {metavar}{default}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    token_states.PAGE.write_text(token_states.page(), encoding="utf-8")
