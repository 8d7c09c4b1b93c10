"""Help is fast and harmless: it opens neither the HSM nor the database, and makes no home."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from seedvault.__main__ import run
from seedvault.cli.root import root
from tests.support.cli import CommandLine, environment

HEAVY = {"hsm", "importers", "sqlmodel", "sqlalchemy", "alembic", "pkcs11", "cryptography"}
NOUNS = ["init", "status", "batch", "token", "user", "audit"]


def _commands(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    """The words of every command below a group, its own included."""
    yield path
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _commands(command, *path, name)
        else:
            yield *path, name


@pytest.mark.parametrize("words", list(_commands(root)), ids=" ".join)
def test_every_command_explains_itself_and_makes_no_home(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert run(["--home", str(tmp_path / "none"), *words, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: {' '.join(['seedvault', *words[:1]])}")
    assert not (tmp_path / "none").exists()


def _leaves() -> list[tuple[str, ...]]:
    """The words of every command that does something."""
    return [words for words in _commands(root) if not isinstance(_found(root, words), click.Group)]


def _found(command: click.Command, words: tuple[str, ...]) -> click.Command:
    """The command that is called by these words."""
    for word in words:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None
        command = found
    return command


@pytest.mark.parametrize("words", _leaves(), ids=" ".join)
def test_every_command_that_does_something_shows_itself_at_work(words: tuple[str, ...]) -> None:
    shown = _found(root, words).help or ""
    _, _, examples = shown.partition("Example")
    assert " ".join(words) in examples


@pytest.mark.parametrize("words", list(_commands(root)), ids=" ".join)
def test_help_fits_a_terminal_of_eighty_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    run([*words, "--help"])
    assert [line for line in capsys.readouterr().out.splitlines() if len(line) > 80] == []


def test_help_names_every_noun(capsys: pytest.CaptureFixture[str]) -> None:
    run(["--help"])
    shown = capsys.readouterr().out
    assert [noun for noun in NOUNS if f"\n  {noun}  " not in shown] == []


@pytest.mark.parametrize("words", [[], *([noun] for noun in NOUNS)], ids=" ".join)
def test_help_loads_neither_hsm_nor_database(tmp_path: Path, words: list[str]) -> None:
    arguments = CommandLine(tmp_path / "none").argv(*words, "--help")
    timed = [sys.executable, "-X", "importtime", *arguments[1:]]
    ran = subprocess.run(timed, capture_output=True, text=True, check=True, env=environment())
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in ran.stderr.splitlines()}
    assert "click" in loaded
    assert not loaded & HEAVY
