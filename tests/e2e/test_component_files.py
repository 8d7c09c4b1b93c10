"""What is told of a key that came in component files."""

from pathlib import Path

import pytest

from hsm.standard_check import in_memory
from tests.support.cli import CommandLine


@pytest.fixture
def components(tmp_path: Path) -> list[str | Path]:
    """The options that name two components."""
    options: list[str | Path] = []
    for name, octets in (("anna", bytes(range(1, 17))), ("ben", bytes(range(7, 55, 3)))):
        file = tmp_path / f"{name}.component"
        file.write_text(f"{octets.hex()}\n{in_memory('AES', bytearray(octets)).zeros}\n")
        options += ["--component", file]
    return options


def test_a_component_file_that_others_may_read_is_told(
    seedvault: CommandLine, components: list[str | Path], tmp_path: Path
) -> None:
    (tmp_path / "anna.component").chmod(0o640)
    (tmp_path / "ben.component").chmod(0o600)
    words = ("key", "transport", "import", "shared", "--kind", "aes-128", *components)
    done = seedvault.ok(*words)
    assert f"{tmp_path / 'anna.component'} may be read by others" in done.err
    assert "ben.component" not in done.err
    assert "through one locked page of this process's memory" in done.out


def test_a_key_that_is_held_already_under_another_label_is_told(
    seedvault: CommandLine, components: list[str | Path]
) -> None:
    words = ("--kind", "aes-128", *components)
    first = seedvault.ok("key", "transport", "import", "shared", *words)
    assert "is held already" not in first.err
    foreseen = seedvault.ok("key", "transport", "import", "again", *words, "--dry-run")
    again = seedvault.ok("key", "transport", "import", "again", *words)
    for told in (foreseen, again):
        assert "a key of this check value is held already: shared" in told.err


def test_one_component_is_no_key(seedvault: CommandLine, components: list[str | Path]) -> None:
    words = ("key", "transport", "import", "shared", "--kind", "aes-128", *components[:2])
    refused = seedvault(*words)
    assert (refused.code, "a key is put together from 2 or 3 components, not" in refused.err) == (
        3,
        True,
    ), refused
