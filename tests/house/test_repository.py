"""The repository reads well from outside: no traces of one machine, no dead links."""

import hashlib
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.sizes import ROOT

# sha256 of https://www.apache.org/licenses/LICENSE-2.0.txt, less its leading empty line
APACHE_2_0 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"

# Written so that this file does not find itself.
MACHINE_PATH = re.compile(r"(?<![\w.$}])/(?:work/(?:main|shared)|root|home/\w+)\b")
SCRATCH_PATH = re.compile(r"(?<![\w.$}])/tmp/")
REGISTRY_HOST = re.compile(r"\bpypi\.org|\bpythonhosted\.org")

FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
INLINE_CODE = re.compile(r"`[^`\n]+`")
LINK = re.compile(r"\]\(([^)#\s]*)(?:#[^)\s]*)?\)")
ABSOLUTE = re.compile(r"[a-z]+:")


def texts() -> Iterator[tuple[Path, str]]:
    """Every text file of the repository (none of what a run leaves behind), relative to it."""
    for directory, names, files in os.walk(ROOT):
        names[:] = [name for name in names if name == ".ci" or not is_left_behind(name)]
        # A coverage file may pass for text, and is full of this machine's paths.
        for file in (name for name in files if not name.startswith(".coverage")):
            path = Path(directory, file)
            try:
                yield path.relative_to(ROOT), path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def is_left_behind(directory: str) -> bool:
    return directory.startswith(".") or directory in ("__pycache__", "dist")


def naming(pattern: re.Pattern[str], suffix: str = "") -> list[str]:
    """`file:line` of each line that the pattern occurs in, in files with this suffix."""
    return [
        f"{path}:{number}"
        for path, text in texts()
        if path.name.endswith(suffix)
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_names_a_path_of_one_machine() -> None:
    assert naming(MACHINE_PATH) == []


def test_no_document_sends_its_reader_to_a_scratch_directory() -> None:
    assert naming(SCRATCH_PATH, ".md") == []


def test_no_file_names_a_package_registry() -> None:
    assert naming(REGISTRY_HOST) == []


def test_the_patterns_know_what_they_look_for() -> None:
    assert MACHINE_PATH.search("see " + "/".join(["", "home", "ann", "notes"]))
    assert not MACHINE_PATH.search("https://host.example/root and $venv/root")
    assert SCRATCH_PATH.search("cd " + "/".join(["", "tmp", "x"]))
    assert REGISTRY_HOST.search("https://" + ".".join(["pypi", "org"]))


def test_the_licence_is_apache_2_0_to_the_letter() -> None:
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == APACHE_2_0


def test_every_relative_link_of_a_document_leads_somewhere() -> None:
    assert [
        f"{path}: {target}"
        for path, text in texts()
        if path.suffix == ".md"
        for target in LINK.findall(INLINE_CODE.sub("", FENCED.sub("", text)))
        if target and not ABSOLUTE.match(target) and not (ROOT / path.parent / target).exists()
    ] == []


def test_the_changelog_has_a_place_for_what_is_not_released() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "\n## [Unreleased]\n" in changelog


def test_nothing_stands_at_the_top_but_what_a_repository_needs() -> None:
    tracked = subprocess.run(
        ["git", "ls-tree", "--name-only", "HEAD"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if tracked.returncode:
        pytest.skip("this is no checkout: git knows no commit of it")
    assert set(tracked.stdout.split()) == {
        *("seedvault", "importers", "hsm", "tests", "docs", "benchmarks", "dev", ".ci"),
        *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE"),
        *("pyproject.toml", ".gitignore"),
    }
