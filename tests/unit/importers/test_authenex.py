"""Authenex's dump: one INSERT a token; what could hide a token is refused."""

import pytest

from importers import Instructions
from tests.unit.importers.vendor import HEX, read, refusals

GOOD = f"AUTHENEXDB\nINSERT INTO OTP (SERIAL, SEED) VALUES ('A1', '{HEX}');\n"


def test_a_statement_gives_a_token() -> None:
    assert [record.serial for record in read(GOOD)] == ["A1"]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE OTP (A INT);",
        "INSERT INTO LOG VALUES (1);",
        "INSERT INTO OTPLOG (A) VALUES (1)",
    ],
)
def test_other_statements_are_passed_over(statement: str) -> None:
    assert len(read(f"{GOOD}{statement}\n")) == 1


@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT INTO OTP VALUES ('A2', '{HEX}'), ('A3', '{HEX}');",
        f"BEGIN; INSERT INTO OTP VALUES ('A2', '{HEX}');",
        "INSERT INTO",
        "insert into otp",
        f"INSERT INTO DBO.OTP VALUES ('A2', '{HEX}');",
        f"INSERT INTO [OTP] VALUES ('A2', '{HEX}');",
        f"INSERT INTO OTP VALUES (CONCAT('A', '2'), '{HEX}');",
    ],
)
def test_a_statement_that_could_hide_a_token_is_refused(statement: str) -> None:
    taken, errors = refusals(f"{GOOD}{statement}\n", Instructions(skip_bad=True))
    assert taken == ["A1"]
    assert [error.line for error in errors] == [3]


def test_a_line_of_blanks_takes_no_time() -> None:
    taken, errors = refusals(
        f"{GOOD}INSERT INTO OTP VALUES ({' ' * 60_000}x\n", Instructions(skip_bad=True)
    )
    assert (taken, len(errors)) == (["A1"], 1)
