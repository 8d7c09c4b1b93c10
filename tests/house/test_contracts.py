"""The import contracts hold, and each of them notices the import it forbids."""

import os
import shutil
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest

from tests.house.sizes import ROOT, SHIPPED

HSM = "hsm knows no OTP token, no SQL and no click"
IMPORTERS = "importers knows no vault, no HSM and no SQL"
LADDER = "seedvault's ladder: from the edges down to the domain"
PURE = "the domain is pure: no third party, no I/O, no clock, no chance"
EDGES = "edges reach adapters only through wiring"
TABLES = "SQLModel tables stay in storage"
CYCLES = "no import cycles"

# (contract, file below the root, what is written at its end); a file that is not there is made.
PLANTS = [
    (HSM, "hsm/planted.py", "import sqlalchemy"),
    (HSM, "hsm/planted.py", "import importers"),
    (IMPORTERS, "importers/planted.py", "import pkcs11"),
    (IMPORTERS, "importers/planted.py", "import hsm"),
    (LADDER, "seedvault/storage/planted.py", "import seedvault.config"),
    (LADDER, "seedvault/keys/planted.py", "import seedvault.storage"),
    (LADDER, "seedvault/witness/planted.py", "import seedvault.storage"),
    (LADDER, "seedvault/attic.py", "SHELF = 'a room that the ladder does not name'"),
    (PURE, "seedvault/domain/planted.py", "import time"),
    (PURE, "seedvault/domain/planted.py", "import cryptography"),
    (EDGES, "seedvault/cli/planted.py", "import seedvault.storage"),
    (EDGES, "seedvault/cli/planted.py", "import hsm"),
    (EDGES, "seedvault/cli/planted.py", "import seedvault.witness"),
    (TABLES, "seedvault/config.py", "import seedvault.storage.tables"),
    (CYCLES, "importers/planted_a.py", "import importers.planted_b"),
]
# The other half of the cycle, inside a function: deferring an import does not hide it.
RETURN_PATH = "def later() -> None:\n    import importers.planted_a\n"


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """What lint-imports says about the packages in `root`, and of no other copy of them."""
    command = Path(sysconfig.get_path("scripts"), "lint-imports")
    return subprocess.run(
        [command, "--no-logo", "--no-cache", "pyproject.toml"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def broken(said: str) -> set[str]:
    return {line.removesuffix(" BROKEN") for line in said.splitlines() if line.endswith(" BROKEN")}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The three packages and their contracts, free to be spoiled."""
    for package in SHIPPED:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_holds(copy: Path) -> None:
    linted = lint_imports(copy)
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.parametrize(("contract", "file", "line"), PLANTS)
def test_a_planted_import_breaks_its_contract_and_no_other(
    copy: Path, contract: str, file: str, line: str
) -> None:
    if contract == CYCLES:
        (copy / "importers/planted_b.py").write_text(RETURN_PATH, encoding="utf-8")
    with (copy / file).open("a", encoding="utf-8") as module:
        module.write(f"\n{line}\n")
    linted = lint_imports(copy)
    assert linted.returncode == 1, linted.stdout + linted.stderr
    assert broken(linted.stdout) == {contract}


def test_no_contract_goes_without_a_plant() -> None:
    with (ROOT / "pyproject.toml").open("rb") as pyproject:
        contracts = tomllib.load(pyproject)["tool"]["importlinter"]["contracts"]
    assert {contract["name"] for contract in contracts} == {plant[0] for plant in PLANTS}
