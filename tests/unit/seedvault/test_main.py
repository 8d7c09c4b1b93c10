"""The outermost frame: whatever a command raises ends in words and an exit code, never a trace."""

import json
import re
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import click
import pytest

from seedvault.__main__ import main, run
from seedvault.cli import root
from seedvault.cli.options import json_option
from seedvault.domain.errors import Conflict

Raise = Callable[[Callable[[], int]], None]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Raise:
    """Makes `seedvault trial` a command that does what it is given."""

    def install(work: Callable[[], int]) -> None:
        module = ModuleType("seedvault.cli.trial")
        module.command = json_option(click.command("trial")(work))  # type: ignore[attr-defined]  # as every noun's module has
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(root._PLACES, "trial", ("trial", "command"))

    return install


def _raising(error: BaseException) -> Callable[[], int]:
    def work() -> int:
        raise error

    return work


def test_what_a_command_returns_is_the_exit_code(command: Raise) -> None:
    command(lambda: 1)
    assert run(["trial"]) == 1


def test_an_error_is_told_in_full_and_ends_with_its_code(
    command: Raise, capsys: pytest.CaptureFixture[str]
) -> None:
    command(_raising(Conflict("it is bob's", unchanged="Nothing moved.", remedy="Ask bob.")))
    assert run(["trial"]) == 4
    assert capsys.readouterr() == ("", "error: it is bob's\nNothing moved.\nAsk bob.\n")


def test_an_error_is_a_document_for_programs(
    command: Raise, capsys: pytest.CaptureFixture[str]
) -> None:
    command(_raising(Conflict("it is bob's", unchanged="Nothing moved.", remedy="Ask bob.")))
    assert run(["trial", "--json"]) == 4
    assert json.loads(capsys.readouterr().out) == {
        "schema": "seedvault.error/1",
        "exit": 4,
        "what": "it is bob's",
        "unchanged": "Nothing moved.",
        "remedy": "Ask bob.",
    }


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort(), EOFError()])
def test_an_interruption_ends_with_130(
    command: Raise, capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    command(_raising(error))
    assert run(["trial"]) == 130
    assert capsys.readouterr().err.strip() == "interrupted"


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["--nonsense"], ["token", "list", "--limit", "0"]]
)
def test_a_call_that_is_wrong_ends_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert "Error: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "what", "whose_help"),
    [
        ("token list --limit 0 --json", "Invalid value for '--limit'", "seedvault token list"),
        ("token show --json =1+1", "spreadsheets execute", "seedvault token show"),
        ("token list --json --nonsense", "No such option", "seedvault token list"),
        ("token show --json", "Missing argument 'SERIAL'", "seedvault token show"),
        ("token resync GALT1 1 --json", "two consecutive codes", "seedvault token resync"),
        ("nonsense --json", "No such command", "seedvault"),
        ("--json status", "No such option", "seedvault"),
    ],
)
def test_a_call_that_is_wrong_is_a_document_for_programs(
    capsys: pytest.CaptureFixture[str], arguments: str, what: str, whose_help: str
) -> None:
    assert run(arguments.split()) == 2
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert what in document.pop("what")
    assert document == {
        "schema": "seedvault.error/1",
        "exit": 2,
        "unchanged": "Nothing was changed.",
        "remedy": f"See: {whose_help} --help",
    }
    assert "Error: " in shown.err


def test_a_wrong_call_about_no_command_is_a_document_without_a_remedy(
    command: Raise, capsys: pytest.CaptureFixture[str]
) -> None:
    command(_raising(click.ClickException("no terminal")))
    assert run(["trial", "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert (document["what"], document["remedy"]) == ("no terminal", "")


def test_a_call_that_is_wrong_is_no_document_unless_one_was_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["token", "list", "--limit", "0", "--jsonl"]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("arguments", [[], ["token"]])
def test_a_call_without_a_command_shows_help_and_ends_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert "Usage: seedvault" in shown.out + shown.err


def test_a_serial_that_cannot_be_one_is_a_wrong_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token", "show", "=1+1"]) == 2
    assert "spreadsheets execute" in capsys.readouterr().err


def test_a_bug_is_confessed_with_an_id_that_its_trace_has(
    command: Raise, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    command(_raising(ZeroDivisionError("half a token")))
    assert run(["--home", str(tmp_path), "trial"]) == 70
    shown = capsys.readouterr().err
    number = re.search(r"bug in Seedvault \(([0-9a-f]{8}), ZeroDivisionError\)", shown)
    assert number
    log = (tmp_path / "seedvault.log").read_text()
    assert f"bug {number[1]}" in log
    assert "ZeroDivisionError: half a token" in log
    assert "Traceback" not in shown
    assert "half a token" not in shown


def test_a_bug_while_a_secret_was_at_hand_puts_it_nowhere(
    command: Raise, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    secret = secrets.token_hex(16)

    def work() -> int:
        held = {"pin": secret}
        return len(held) // 0

    command(work)
    assert run(["--home", str(tmp_path), "trial"]) == 70
    shown = capsys.readouterr()
    assert secret not in shown.out + shown.err + (tmp_path / "seedvault.log").read_text()


def test_a_second_bug_is_added_to_the_log(
    command: Raise, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    command(_raising(ZeroDivisionError()))
    for _ in range(2):
        run(["--home", str(tmp_path), "trial"])
    assert (tmp_path / "seedvault.log").read_text().count("Traceback") == 2


def test_a_bug_without_a_home_is_confessed_all_the_same(
    command: Raise, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    command(_raising(ZeroDivisionError()))
    assert run(["--home", str(tmp_path / "none"), "trial"]) == 70
    assert "cannot be written, so there is no trace" in capsys.readouterr().err


def test_the_console_script_exits_with_the_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["seedvault", "--version"])
    with pytest.raises(SystemExit) as exited:
        main()
    assert exited.value.code == 0
    assert capsys.readouterr().out.startswith("seedvault, version ")
