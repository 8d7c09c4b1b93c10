"""Keys and codes that a person types: asked for on a real terminal, secrets without an echo."""

import os
import pty
import re
import signal
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.cli import CommandLine, environment
from tests.support.pskc_maker import Order, Tokens, write_pskc
from tests.support.seed_files import Delivery, serial, totp_code

_PATIENCE_S = 30
PASSPHRASE = "correct horse"


@dataclass
class Terminal:
    """A command at work on a terminal, and all that was to be seen there."""

    process: subprocess.Popen[bytes]
    screen: int
    seen: str = ""

    def wait_for(self, question: str, *, hidden: bool) -> None:
        """Read until the question stands there and the echo is as it should be."""
        while question not in self.seen:
            assert self._read(), self.seen
        until = time.monotonic() + _PATIENCE_S
        while self._echoes is hidden:
            assert time.monotonic() < until, self.seen
            time.sleep(0.01)

    def type(self, text: str) -> None:
        """As fingers do."""
        os.write(self.screen, text.encode())

    def end(self) -> int:
        """The exit code, once everything was read."""
        while self._read():
            pass
        return self.process.wait(_PATIENCE_S)

    @property
    def _echoes(self) -> bool:
        return bool(termios.tcgetattr(self.screen)[3] & termios.ECHO)

    def _read(self) -> bool:
        """Whether there was more to see before the command's end."""
        octets = b""
        with suppress(OSError):  # Linux's way to say that nobody writes there any more
            octets = os.read(self.screen, 4096)
        self.seen += octets.decode()
        return bool(octets)


@contextmanager
def _terminal(seedvault: CommandLine, *arguments: str | Path) -> Iterator[Terminal]:
    """The command with a terminal of its own for input and for errors."""
    screen, line = pty.openpty()
    with subprocess.Popen(
        # A shell that runs the tests in the background has SIGINT ignored, which is inherited.
        ["env", "--default-signal=INT", *seedvault.argv(*arguments)],
        stdin=line,
        stdout=line,
        stderr=line,
        start_new_session=True,  # else getpass would find the terminal of whoever runs the tests
        env=environment(),
    ) as process:
        os.close(line)
        try:
            yield Terminal(process, screen)
        finally:
            process.kill()
            os.close(screen)


@pytest.fixture
def under_passphrase(tmp_path: Path) -> Path:
    """A file of three tokens under a passphrase."""
    path = tmp_path / "letter.pskcxml"
    with path.open("wb") as target:
        write_pskc(Order((Tokens(3),), passphrase=PASSPHRASE), target)
    return path


def _nothing_imported(seedvault: CommandLine) -> bool:
    return bool(seedvault.ok("status", "--json").document["in_stock"] == 0)


# --- keys ------------------------------------------------------------------------------------


def test_a_key_is_asked_for_hidden_and_then_the_file_is_imported(
    seedvault: CommandLine, delivery: Delivery
) -> None:
    key = delivery.key.read_text()
    with _terminal(seedvault, "batch", "import", delivery.file) as terminal:
        terminal.wait_for("Transport key (hex): ", hidden=True)
        terminal.type(f"{key}\n")
        assert terminal.end() == 0
    assert 'under the key named "transport-key"' in terminal.seen
    assert "B-0001: 22 tokens in stock" in terminal.seen
    assert key not in terminal.seen


def test_a_passphrase_is_asked_for_hidden_and_then_the_file_is_imported(
    seedvault: CommandLine, under_passphrase: Path
) -> None:
    with _terminal(seedvault, "batch", "import", under_passphrase) as terminal:
        terminal.wait_for("Passphrase: ", hidden=True)
        terminal.type(f"{PASSPHRASE}\n")
        assert terminal.end() == 0
    assert "B-0001: 3 tokens in stock" in terminal.seen
    assert PASSPHRASE not in terminal.seen


def test_progress_is_shown_on_a_terminal(seedvault: CommandLine, delivery: Delivery) -> None:
    with _terminal(seedvault, "batch", "import", *delivery.arguments) as terminal:
        assert terminal.end() == 0
    assert "importing 22 tokens" in terminal.seen
    assert "100%" in terminal.seen


def test_a_wrong_key_that_was_typed_is_refused(seedvault: CommandLine, delivery: Delivery) -> None:
    with _terminal(seedvault, "batch", "import", delivery.file) as terminal:
        terminal.wait_for("Transport key (hex): ", hidden=True)
        terminal.type("00" * 16 + "\n")
        assert terminal.end() == 3
    assert _nothing_imported(seedvault)


def test_whoever_has_no_key_at_hand_can_leave(seedvault: CommandLine, delivery: Delivery) -> None:
    with _terminal(seedvault, "batch", "import", delivery.file) as terminal:
        terminal.wait_for("Transport key (hex): ", hidden=True)
        terminal.type("\x04")  # Ctrl-D
        assert terminal.end() == 130
    assert _nothing_imported(seedvault)


def test_an_interrupted_question_ends_with_130_and_changes_nothing(
    seedvault: CommandLine, delivery: Delivery
) -> None:
    with _terminal(seedvault, "batch", "import", delivery.file) as terminal:
        terminal.wait_for("Transport key (hex): ", hidden=True)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 130
    assert "interrupted" in terminal.seen
    assert "Traceback" not in terminal.seen
    assert _nothing_imported(seedvault)


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"], ids=["none", "unix", "windows"])
def test_a_passphrase_comes_from_a_file_whatever_its_line_ending(
    seedvault: CommandLine, under_passphrase: Path, tmp_path: Path, ending: str
) -> None:
    words = tmp_path / "words"
    words.write_bytes(f"{PASSPHRASE}{ending}".encode())
    imported = seedvault.ok("batch", "import", under_passphrase, "--passphrase-file", words)
    assert imported.out == "B-0001: 3 tokens in stock\n"


def test_a_passphrase_file_that_is_no_text_is_refused(
    seedvault: CommandLine, under_passphrase: Path, tmp_path: Path
) -> None:
    (tmp_path / "words").write_bytes(b"\xff\xfe")
    refused = seedvault(
        "batch", "import", under_passphrase, "--passphrase-file", tmp_path / "words"
    )
    assert refused.code == 2
    assert "is not UTF-8 text" in refused.err


def test_a_key_and_a_passphrase_at_once_are_a_wrong_call(
    seedvault: CommandLine, delivery: Delivery
) -> None:
    refused = seedvault("batch", "import", *delivery.arguments, "--passphrase-file", delivery.key)
    assert refused.code == 2
    assert "not both" in refused.err


# --- codes -----------------------------------------------------------------------------------


def test_codes_are_asked_for_one_after_the_other(
    seedvault: CommandLine, delivery: Delivery
) -> None:
    seedvault.ok("batch", "import", *delivery.arguments)
    seedvault.ok("user", "add", "alice")
    seedvault.ok("token", "assign", serial(0), "alice")
    card = time.time() + 40 * 30
    with _terminal(seedvault, "token", "resync", serial(0)) as terminal:
        terminal.wait_for("First code: ", hidden=False)
        terminal.type(totp_code(0, card) + "\n")
        terminal.wait_for("Next code (wait until the display changes): ", hidden=False)
        terminal.type(totp_code(0, card + 30) + "\n")
        assert terminal.end() == 0
    assert re.search(r"resynchronised: clock \+(40|41) steps", terminal.seen)
