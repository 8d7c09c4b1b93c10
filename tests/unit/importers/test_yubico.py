"""Yubico's rows: AES keys and HOTP seeds, a serial by rule where the file names no device."""

import pytest

from importers import HotpParameters, Instructions, YubicoOtpParameters
from tests.unit.importers.vendor import HEX, opened, read, refusal, refusals

START = "LOGGING START,11/24/2026 16:32\n"
AES = "000102030405060708090a0b0c0d0e0f"
OTP = f"Yubico OTP,now,1,cccccccccccb,0123456789ab,{AES},feedfeedfeed,,0,0,0,0,0,0,0,0,0,0\n"
HOTP = f"OATH-HOTP,now,2,cccccccccccb,,{HEX},,,0,0,0,6,7,0,0,0,0,0\n"


def test_two_slots_of_one_key_have_two_serials() -> None:
    records = read(START + OTP + OTP.replace(",1,", ",2,", 1))
    assert [record.serial for record in records] == ["UBAM00000001_1", "UBAM00000001_2"]


def test_hotp_has_another_prefix_its_digits_and_counter() -> None:
    record = read(START + HOTP)[0]
    assert record.serial == "UBOM00000001_2"
    assert isinstance(record.parameters, HotpParameters)
    assert (record.parameters.digits, record.parameters.counter) == (6, 7)


def test_an_aes_key_is_no_short_seed() -> None:
    file = opened(START + OTP)
    assert isinstance(next(iter(file)).parameters, YubicoOtpParameters)
    assert file.warnings == ()


def test_a_private_id_does_not_show() -> None:
    assert "0123456789ab" not in repr(read(START + OTP)[0])


def test_an_access_code_does_not_show() -> None:
    assert "feed" not in repr(read(START + OTP)[0])


def test_what_is_no_oath_token_is_refused_by_itself() -> None:
    static = OTP.replace("Yubico OTP", "Static Password")
    taken, errors = refusals(START + static + OTP, Instructions(skip_bad=True))
    assert taken == ["UBAM00000001_1"]
    assert "static password" in errors[0].reason


@pytest.mark.parametrize("private_id", ["0123456789", "x"])
def test_a_private_id_is_6_octets(private_id: str) -> None:
    error = refusal(START + OTP.replace("0123456789ab", private_id))
    assert "private id" in error.reason


def test_ykksms_hotp_rows_ask_for_digits() -> None:
    row = f"1,cccccccccccb,0,{HEX},,2026-11-24T16:32:03,\n"
    assert "--digits" in refusal(row).remedy
    assert len(read(row, Instructions(digits=6))) == 1
