"""Options that many commands share, and what every command holds: its session."""

import os
import pwd
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from seedvault.cli import output
from seedvault.domain.challenge import ChallengeId
from seedvault.domain.errors import InvalidInput
from seedvault.domain.names import KeyLabel, Serial, UserName

if TYPE_CHECKING:
    from seedvault.wiring import Application

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True)
class Session:
    """One run of the command line: which vault, and whether a program reads the output.

    `as_lines` is a document a line, of lists only; it wins over `as_json`.
    """

    home: Path
    as_json: bool = False
    as_lines: bool = False

    def application(self) -> "Application":
        """The vault's parts, to be used in a `with` block."""
        # Imported here so that --help and completion load neither database nor HSM.
        from seedvault import config  # noqa: PLC0415
        from seedvault.wiring import Application  # noqa: PLC0415

        return Application(config.load(self.home), output.note)

    @property
    def actor(self) -> str:
        """Whose process this is, for the audit log; no environment variable can say otherwise."""
        user_id = os.geteuid()
        try:
            return f"os:{pwd.getpwuid(user_id).pw_name}"
        except KeyError:
            return f"os:{user_id}"


def json_option(command: F) -> F:
    """`--json`: one document instead of a table."""
    return click.option(
        "--json", is_flag=True, expose_value=False, callback=_json, help="Print one JSON document."
    )(command)


def jsonl_option(command: F) -> F:
    """`--jsonl`: a document for each row of a list."""
    return click.option(
        "--jsonl",
        is_flag=True,
        expose_value=False,
        callback=_jsonl,
        help="Print a JSON document a line.",
    )(command)


def dry_run_option(command: F) -> F:
    """`--dry-run`: the same checks and the same report, nothing changed."""
    return click.option(
        "--dry-run", is_flag=True, help="Check and report as usual, but change nothing."
    )(command)


def _json(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    if value:
        context.find_object(Session).as_json = True  # type: ignore[union-attr]  # the root group always sets it


def _jsonl(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    if value:
        context.find_object(Session).as_lines = True  # type: ignore[union-attr]  # the root group always sets it


class _Name(click.ParamType[Any]):
    """An argument that is a name of the domain."""

    def __init__(self, name: str, make: Callable[[str], Any]) -> None:
        self.name = name
        self._make = make

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self._make(value)
        except InvalidInput as error:
            self.fail(error.what, param, ctx)


SERIAL = _Name("serial", lambda text: Serial(text.strip()))
LABEL = _Name("label", lambda text: KeyLabel(text.strip()))
CHALLENGE = _Name("challenge", lambda text: ChallengeId(text.strip().lower()))
USER = _Name("user", lambda text: UserName(text.strip()))
