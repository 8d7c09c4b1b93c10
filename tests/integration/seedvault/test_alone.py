"""One ceremony at a time, whichever process holds it."""

import subprocess
import sys
from pathlib import Path

import pytest

from seedvault.domain.errors import Conflict, StorageUnavailable
from seedvault.wiring import alone as alone_module
from seedvault.wiring.alone import alone

_HOLDER = """
import sys
from pathlib import Path
from seedvault.wiring.alone import alone
with alone(Path(sys.argv[1])):
    print("inside", flush=True)
    sys.stdin.read()
"""


def _holding(home: Path) -> subprocess.Popen[str]:
    """Another process in a ceremony, until its standard input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "inside\n"
    return process


def test_who_waits_in_vain_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alone_module, "PATIENCE_S", 0.0)
    with _holding(tmp_path) as other:
        with pytest.raises(Conflict, match="another ceremony"), alone(tmp_path):
            pass
        other.communicate("")
    with alone(tmp_path):
        pass


def test_who_waits_goes_on_when_the_other_was_killed(tmp_path: Path) -> None:
    with _holding(tmp_path) as other:
        other.kill()
        with alone(tmp_path):
            pass


def test_a_home_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match=r"ceremony\.lock"), alone(tmp_path / "nowhere"):
        pass
