"""Who is at the keyboard, as the audit log will have it."""

import os
import pwd
from pathlib import Path

import pytest

from seedvault.cli.options import Session


def test_the_actor_is_the_owner_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "mallory")
    monkeypatch.setenv("USER", "mallory")
    assert Session(Path()).actor == f"os:{pwd.getpwuid(os.geteuid()).pw_name}"


def test_a_process_whose_owner_has_no_name_is_told_by_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 2_147_483_641)
    assert Session(Path()).actor == "os:2147483641"
