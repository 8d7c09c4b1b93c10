"""`./dev drill` knows its drills by the names that `./dev help` gives."""

import re

import pytest

from tests.drills.__main__ import DRILLS, main
from tests.drills.fault_table import Verdict, findings, table
from tests.house.sizes import ROOT


def test_dev_names_every_drill() -> None:
    usage = re.search(r"  drill NAME .*NAME: ([\w, ]+)", (ROOT / "dev").read_text())
    assert usage is not None
    assert usage[1].split(", ") == list(DRILLS)


@pytest.mark.parametrize("arguments", [[], ["fire"]])
def test_another_name_is_answered_with_those_there_are(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert all(name in said for name in DRILLS)


def test_the_table_adds_up() -> None:
    verdicts = [
        Verdict("a", "C_Sign", "sick", told=True, recovered=True, recovery_s=0.002),
        Verdict("b", "C_Sign", "sick", fail_open=1, charged=2, pin_retries=3, findings=["bad"]),
        Verdict("c", "C_Login", "slow", recovered=True, recovery_s=0.05),
    ]
    lines = [re.split(r"\s{2,}", line) for line in table(verdicts)]
    assert lines[1:] == [
        ["C_Login", "slow", "1", "0", "0", "1", "0", "0", "50"],
        ["C_Sign", "sick", "2", "1", "2", "1", "1", "3", "2"],
        ["any", "sick", "2", "1", "2", "1", "1", "3", "2"],
        ["any", "slow", "1", "0", "0", "1", "0", "0", "50"],
        ["any", "any", "3", "1", "2", "2", "1", "3", "50"],
    ]
    assert findings(verdicts) == ["b: bad"]
