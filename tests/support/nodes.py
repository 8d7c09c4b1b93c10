"""Nodes of one vault: homes of their own, one database, one PKCS#11 token."""

import shutil
from pathlib import Path

from seedvault.config import FILE_NAME


def second_node(first: Path, home: Path) -> Path:
    """Another home with the settings of the first, which name a database that both reach."""
    home.mkdir(mode=0o700)
    for name in (FILE_NAME, "pin"):
        shutil.copy2(first / name, home / name)
    (home / "hsm").symlink_to(first / "hsm")
    return home
