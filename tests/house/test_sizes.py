"""The size gate holds over the whole tree, and each of its limits bites."""

from pathlib import Path

import pytest

from tests.house.sizes import ROOT, oversizes

LONG_BODY = "    pass\n"


def findings(root: Path, name: str, source: str) -> list[str]:
    path = root / name
    path.parent.mkdir(parents=True)
    path.write_text(source, encoding="utf-8")
    return [str(oversize) for oversize in oversizes(root)]


def test_nothing_in_the_house_is_too_large() -> None:
    assert [str(oversize) for oversize in oversizes(ROOT)] == []


def test_a_file_of_401_lines_is_named(tmp_path: Path) -> None:
    found = findings(tmp_path, "hsm/long.py", "x = 1\n" * 401)
    assert found == ["hsm/long.py:401: file of 401 lines, at most 400"]


def test_a_file_of_400_lines_passes(tmp_path: Path) -> None:
    assert findings(tmp_path, "hsm/long.py", "x = 1\n" * 400) == []


@pytest.mark.parametrize(("tree", "most"), [("seedvault/domain", 40), ("tests/unit", 60)])
def test_a_function_one_line_too_long_is_named_with_its_line(
    tmp_path: Path, tree: str, most: int
) -> None:
    found = findings(tmp_path, f"{tree}/long.py", "\ndef f():\n" + LONG_BODY * most)
    assert found == [f"{tree}/long.py:2: f() of {most + 1} lines, at most {most}"]


@pytest.mark.parametrize(("tree", "most"), [("seedvault/domain", 40), ("tests/unit", 60)])
def test_a_function_of_just_the_limit_passes(tmp_path: Path, tree: str, most: int) -> None:
    assert findings(tmp_path, f"{tree}/long.py", "def f():\n" + LONG_BODY * (most - 1)) == []


def test_a_method_in_a_class_counts_as_a_function(tmp_path: Path) -> None:
    source = "class C:\n    async def f(self):\n" + "        pass\n" * 40
    assert findings(tmp_path, "importers/long.py", source) == [
        "importers/long.py:2: f() of 41 lines, at most 40"
    ]


def test_a_sixth_parameter_is_named(tmp_path: Path) -> None:
    found = findings(tmp_path, "importers/wide.py", "def f(a, /, b, c, *, d, e, f): ...\n")
    assert found == ["importers/wide.py:1: f() takes 6 parameters, at most 5"]


def test_self_is_no_parameter(tmp_path: Path) -> None:
    source = "class C:\n    def f(self, a, b, c, d, e): ...\n"
    assert findings(tmp_path, "importers/wide.py", source) == []


def test_a_click_command_has_as_many_parameters_as_options(tmp_path: Path) -> None:
    source = '@group.command("list")\ndef f(a, b, c, d, e, g): ...\n'
    assert findings(tmp_path, "seedvault/cli/wide.py", source) == []
