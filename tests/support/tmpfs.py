"""A small disk of its own, that can fill up, grow, and be made read-only."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_CAP_SYS_ADMIN = 21


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A mounted tmpfs."""

    path: Path

    def remount(self, options: str) -> None:
        """Change it, as in "size=64m" or "ro"."""
        _run("mount", "-o", f"remount,{options}", str(self.path))


@contextmanager
def small_disk(path: Path, size: str) -> Iterator[SmallDisk]:
    """A tmpfs of `size` at `path`. Who may not mount one skips, saying so."""
    if not may_mount():
        pytest.skip("mounting a small tmpfs takes root, and in a container the right to mount")
    path.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(path))
    try:
        yield SmallDisk(path)
    finally:
        _run("umount", str(path))


def may_mount() -> bool:
    """Whether this process has CAP_SYS_ADMIN (capabilities(7)), which a container's root lacks."""
    if sys.platform != "linux":
        return False
    status = dict(
        line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines()
    )
    return bool(int(status["CapEff"], 16) >> _CAP_SYS_ADMIN & 1)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
