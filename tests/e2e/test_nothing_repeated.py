"""What somebody gives in the wrong place is on no screen and in no log: it may be a secret."""

from pathlib import Path

import pytest

from hsm.standard_check import in_memory
from tests.support.cli import CommandLine

SECRET = "00112233445566778899AABBCCDDEEFF"
OTHER = "FFEEDDCCBBAA99887766554433221100"
MISPLACED = [
    ("--component", "SWAPPED", "--component", "GOOD"),
    ("--component", "GOOD", "--component", "SWAPPED"),
    ("--component", "BARE", "--component", "GOOD"),
    ("--component", "SHORT", "--component", "GOOD"),
    ("--component", "GOOD", "--component", "FINE", "--check-value", SECRET),
    ("--component", "GOOD", "--component", "FINE", "--check-value", SECRET[:12]),
    ("--component", "GOOD", "--component", "FINE", "--check-value", f"{SECRET}zz"),
    ("--components", SECRET),
    ("--component", SECRET, "--component", OTHER),
    ("--component", SECRET[:16], SECRET[16:]),
    ("--components", "2", SECRET),
    ("--jwe", SECRET),
    ("--kind", SECRET, "--components", "2"),
]


def check_value(digits: str) -> str:
    return in_memory("AES", bytearray.fromhex(digits)).zeros


@pytest.fixture
def letters(tmp_path: Path) -> dict[str, str]:
    """Component files by what is wrong with them."""
    contents = {
        "SWAPPED": f"2B3E55\n{SECRET}\n",
        "BARE": f"{SECRET}\n{SECRET} {OTHER}\n",
        "SHORT": f"{SECRET[:30]}\n{SECRET[:10]}\n",
        "GOOD": f"{OTHER}\n{check_value(OTHER)}\n",
        "FINE": f"{SECRET}\n{check_value(SECRET)}\n",
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o600)
    return {name: str(tmp_path / name) for name in contents}


@pytest.mark.parametrize("options", MISPLACED)
def test_a_component_in_the_wrong_place_is_repeated_nowhere(
    seedvault: CommandLine, letters: dict[str, str], options: tuple[str, ...]
) -> None:
    words = [letters.get(word, word) for word in options]
    refused = seedvault("key", "transport", "import", "m", "--kind", "aes-128", *words)
    assert refused.code in {2, 3}, refused
    told = refused.out + refused.err
    told += seedvault.ok("audit", "list", "--json").out
    told += "".join(
        file.read_bytes().decode("latin-1") for file in seedvault.home.glob("*") if file.is_file()
    )
    for secret in (SECRET, OTHER):
        for part in (secret[:10], secret[-10:]):
            assert part.lower() not in told.lower()


def test_what_is_no_check_value_is_told_by_its_length(
    seedvault: CommandLine, letters: dict[str, str]
) -> None:
    words = ("--component", letters["SWAPPED"], "--component", letters["GOOD"])
    refused = seedvault("key", "transport", "import", "m", "--kind", "aes-128", *words)
    assert f"component 1 ({letters['SWAPPED']})" in refused.err
    assert "32 characters are no check value: it has 6 hexadecimal digits" in refused.err
