"""`./dev` with a virtual environment of stand-in programs: what it starts, what it passes on."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.house.sizes import ROOT

# What `dev` may find on any machine; a test adds the rest, or leaves it out.
COMMON = ("cat", "chmod", "cksum", "dirname", "env", "grep", "ls", "mkdir", "mv", "pwd", "rm", "sh")

FAILING_PIP = "#!/bin/sh\necho 'no route to the index'\nexit 1\n"


class Checkout:
    """A checkout of nothing but `dev`, on a machine of stand-ins that tell how they were called."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for directory in (".venv/bin", "machine"):
            (root / directory).mkdir(parents=True)
        shutil.copy(ROOT / "dev", root)
        shutil.copy(ROOT / "pyproject.toml", root)
        (root / ".venv/pyvenv.cfg").touch()
        self.program(".venv/bin/python", '#!/bin/sh\necho "python $*"\n')
        self.program(".venv/bin/pip", f"#!{root}/.venv/bin/python\n")
        self.program(".venv/bin/seedvault", '#!/bin/sh\necho "seedvault $*"\npwd\nexit 5\n')
        self.program("machine/python3", '#!/bin/sh\necho "$0"\n')
        self.program("machine/oathtool", "#!/bin/sh\n")
        self.program("machine/pskctool", "#!/bin/sh\n")
        self.program("machine/cc", "#!/bin/sh\n")
        self.program("machine/spin", "#!/bin/sh\n")

    def program(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")
        (self.root / name).chmod(0o755)

    def bare_machine(self, **programs: str) -> str:
        """A PATH of the commonest programs and these stand-ins; Python must be looked for anew."""
        shutil.rmtree(self.root / ".venv")
        (self.root / "bare").mkdir()
        for name in COMMON:
            (self.root / "bare" / name).symlink_to(shutil.which(name) or name)
        for name, answer in programs.items():
            self.program(f"bare/{name.replace('_', '-')}", f"#!/bin/sh\n{answer}\n")
        return str(self.root / "bare")

    def stamps(self) -> set[str]:
        return {stamp.name for stamp in (self.root / ".venv").glob(".stamp*")}

    def dev(
        self, *words: str, cwd: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("SEEDVAULT_")}
        machine = {
            "PATH": f"{self.root}/machine:{os.environ['PATH']}",
            "SEEDVAULT_SOFTHSM": f"{self.root}/machine/libsofthsm2.so",
        }
        return subprocess.run(
            [self.root / "dev", *words],
            cwd=cwd or self.root,
            env={**inherited, **machine, **environment},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "check out")


def test_help_names_every_verb(checkout: Checkout) -> None:
    shown = checkout.dev("help")
    assert shown.returncode == 0
    for verb in ("run", "demo", "test", "check", "fuzz", "drill", "bench", "help"):
        assert f"\n  {verb} " in shown.stdout


def test_an_unknown_verb_is_a_usage_error(checkout: Checkout) -> None:
    shown = checkout.dev("dance")
    assert (shown.returncode, shown.stdout) == (2, "")
    assert "no verb 'dance'" in shown.stderr


def test_run_passes_arguments_directory_and_exit_code_on(
    checkout: Checkout, tmp_path: Path
) -> None:
    shown = checkout.dev("run", "token", "list", "--json", cwd=tmp_path)
    assert shown.returncode == 5
    assert shown.stdout == f"seedvault token list --json\n{tmp_path}\n"


def test_a_second_run_installs_nothing(checkout: Checkout) -> None:
    first = checkout.dev("run")
    second = checkout.dev("run")
    assert "installing Python packages" in first.stderr
    assert second.stderr == ""


def test_a_changed_pyproject_is_installed_again(checkout: Checkout) -> None:
    checkout.dev("run")
    with (checkout.root / "pyproject.toml").open("a") as pyproject:
        pyproject.write("# another dependency\n")
    assert "installing Python packages" in checkout.dev("run").stderr


def test_an_install_that_failed_leaves_no_stamp_and_says_what_failed(checkout: Checkout) -> None:
    checkout.dev("run")
    (checkout.root / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    checkout.program(".venv/bin/python", FAILING_PIP)
    shown = checkout.dev("run")
    assert shown.returncode == 1
    assert "no route to the index" in shown.stderr
    assert "this failed:" in shown.stderr
    assert checkout.stamps() == set()


def test_what_tests_need_serves_the_command_line_too(checkout: Checkout) -> None:
    checkout.dev("bench")
    assert checkout.dev("run").stderr == ""


def test_a_moved_checkout_makes_its_virtual_environment_anew(
    checkout: Checkout, tmp_path: Path
) -> None:
    checkout.dev("run")
    checkout.root = checkout.root.rename(tmp_path / "moved")
    assert f"dev: making {tmp_path}/moved/.venv" in checkout.dev("run").stderr


def test_a_directory_that_is_no_virtual_environment_is_left_alone(
    checkout: Checkout, tmp_path: Path
) -> None:
    thesis = tmp_path / "documents/thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("years of work", encoding="utf-8")
    shown = checkout.dev("run", SEEDVAULT_VENV=str(thesis.parent))
    assert shown.returncode == 1
    assert "is no virtual environment and holds files: not touched" in shown.stderr
    assert [path.name for path in thesis.parent.iterdir()] == ["thesis.txt"]


def test_a_place_that_takes_no_files_is_named_with_the_remedy(checkout: Checkout) -> None:
    occupied = checkout.root / "occupied"
    occupied.write_text("a file, where a directory is wanted", encoding="utf-8")
    shown = checkout.dev("run", SEEDVAULT_VENV=str(occupied / "venv"))
    assert shown.returncode == 1
    assert f"cannot write to {occupied}/venv, nothing was installed" in shown.stderr


def test_tests_run_under_the_coverage_gate(checkout: Checkout) -> None:
    with (ROOT / "pyproject.toml").open("rb") as pyproject:
        gate = tomllib.load(pyproject)["tool"]["coverage"]["report"]["fail_under"]
    shown = checkout.dev("test")
    gated, _, spread = shown.stdout.partition(" --numprocesses ")
    assert gated == f"python -m pytest --cov --cov-branch --cov-fail-under={gate}"
    assert spread == "auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder\n"


def test_named_tests_run_alone(checkout: Checkout) -> None:
    assert checkout.dev("test", "tests/house", "-x").stdout == "python -m pytest tests/house -x\n"


def test_a_drill_is_passed_on(checkout: Checkout) -> None:
    shown = checkout.dev("drill", "faults", "--calls", "1")
    assert shown.stdout == "python -m tests.drills faults --calls 1\n"


@pytest.mark.parametrize(
    ("programs", "remedy"),
    [
        (
            {"uname": "echo Linux", "dnf": ""},
            "dnf install python3 softhsm postgresql-server",
        ),
        ({"uname": "echo Darwin"}, "brew install python softhsm postgresql@17 oath-toolkit"),
        ({"uname": "echo FreeBSD"}, "by hand"),
    ],
    ids=["Fedora", "macOS", "another"],
)
def test_elsewhere_than_on_debian_the_packages_are_named(
    checkout: Checkout, programs: dict[str, str], remedy: str
) -> None:
    shown = checkout.dev("run", PATH=checkout.bare_machine(**programs))
    assert shown.returncode == 1
    assert "python is missing, nothing was installed" in shown.stderr
    assert remedy in shown.stderr


def test_without_root_a_missing_python_is_asked_for(checkout: Checkout) -> None:
    machine = checkout.bare_machine(uname="echo Linux", id="echo 1000", apt_get="", dpkg="")
    shown = checkout.dev("run", PATH=machine)
    assert shown.returncode == 1
    assert "ask an administrator: apt-get install python3 python3-venv" in shown.stderr


def test_as_root_on_debian_a_missing_python_is_installed(checkout: Checkout) -> None:
    log, ready = checkout.root / "log", checkout.root / "ready"
    checkout.program("ready", '#!/bin/sh\necho "$0"\n')
    apt_get = f"""
        echo "$*" >>'{log}'
        [ "$1" = update ] || mv '{ready}' '{checkout.root}/bare/python3'
    """
    machine = checkout.bare_machine(uname="echo Linux", id="echo 0", apt_get=apt_get, dpkg="")
    shown = checkout.dev("run", PATH=machine)
    assert "dev: installing python3 python3-venv (apt-get)\ndev: making" in shown.stderr
    assert log.read_text().splitlines() == [
        "update",
        "install --yes --no-install-recommends python3 python3-venv",
    ]


def test_dev_and_hsm_look_for_softhsm_in_the_same_places() -> None:
    known = re.compile(r"/(?:usr|opt)/[\w/]+/libsofthsm2\.so")
    places = [set(known.findall((ROOT / file).read_text())) for file in ("dev", "hsm/softhsm.py")]
    assert places[0] == places[1] != set()
