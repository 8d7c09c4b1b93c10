"""The tutorial, done: every command of it, and the output that it promises."""

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.house.sizes import ROOT
from tests.support.cli import environment

PAGE = ROOT / "docs" / "tutorial" / "first-hour.md"
BLOCK = re.compile(r"^```\n(.*?)^```", re.DOTALL | re.MULTILINE)
PROMPT = re.compile(r"^\$ ", re.MULTILINE)
OF_A_CHECKOUT = ("./dev", "alias", "export")

# What depends on the day, the machine, and who runs it.
VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "WHEN"),
    (re.compile(r"^\d{6}$", re.MULTILINE), "CODE"),
    (re.compile(r"\bos:\S+"), "os:WHO"),
    (re.compile(r"SoftHSM \S+ at \S+"), "SoftHSM at PLACE"),
    (re.compile(r"up to checkpoint \d+ of"), "up to checkpoint LAST of"),
    (re.compile(r"; \d+ events after it"), "; SOME events after it"),
    (re.compile(r" +"), " "),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A command of the tutorial, and what it says there."""

    command: str
    output: str


def steps() -> list[Step]:
    """What the reader types, in order, less what prepares a checkout and its shell."""
    shown = "".join(BLOCK.findall(PAGE.read_text(encoding="utf-8"))).replace("\\\n", "")
    typed = [part.partition("\n") for part in PROMPT.split(shown) if part]
    return [
        Step(command, output)
        for command, _, output in typed
        if not command.startswith(OF_A_CHECKOUT)
    ]


def done(commands: list[str], home: Path) -> list[str]:
    """What each command says, in one shell that begins early in a time step with each."""
    python = shlex.quote(sys.executable)
    soon = "while [ $(($(date +%s) % 30)) -gt 20 ]; do sleep 0.5; done"
    script = [f'seedvault() {{ {python} -m seedvault "$@"; }}']
    for command in commands:
        script += [soon, command.replace(".venv/bin/python", python), r"printf '\0'"]
    (home / "docs").symlink_to(ROOT / "docs")
    ran = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=home,
        env=environment() | {"SEEDVAULT_HOME": f"{home}/first-hour", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return ran.stdout.split("\0")[:-1]


def alike(text: str) -> str:
    """`text` without what varies from one reader to the next."""
    for pattern, stand_in in VARYING:
        text = pattern.sub(stand_in, text)
    return text.strip()


def test_every_command_of_the_tutorial_says_what_the_tutorial_shows(tmp_path: Path) -> None:
    expected = steps()
    said = done([step.command for step in expected], tmp_path)
    assert len(said) == len(expected)
    for step, output in zip(expected, said, strict=True):
        assert alike(output.replace(str(tmp_path), "~")) == alike(step.output), step.command
