"""HOTP and TOTP compute what the RFCs print, and impossible parameters cannot be made."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seedvault.domain.errors import InvalidInput
from seedvault.domain.oath import (
    Digest,
    HotpParameters,
    KeptParameters,
    TotpParameters,
    code_at,
    is_any_code,
    is_code,
)
from tests.support.fakes import MacOf, mac_of

VECTORS = Path(__file__).parents[3] / "vectors"
RFC_SEED = b"12345678901234567890"
SEED_LENGTHS = {"SHA1": 20, "SHA256": 32, "SHA512": 64}


def rows(name: str) -> list[dict[str, str]]:
    with (VECTORS / name).open(newline="", encoding="ascii") as table:
        return list(csv.DictReader(table))


RFC_4226, RFC_6238 = rows("rfc4226/appendix_d.csv"), rows("rfc6238/appendix_b.csv")


def test_the_vectors_are_complete() -> None:
    assert (len(RFC_4226), len(RFC_6238)) == (10, 18)


@pytest.mark.parametrize("row", RFC_4226, ids=lambda row: row["counter"])
def test_hotp_gives_the_code_of_rfc_4226_appendix_d(row: dict[str, str]) -> None:
    assert code_at(mac_of(RFC_SEED), int(row["counter"]), 6) == row["code"]


@pytest.mark.parametrize("row", RFC_4226, ids=lambda row: row["counter"])
def test_truncation_gives_the_31_bits_of_rfc_4226_appendix_d(row: dict[str, str]) -> None:
    # Nine digits, the most a token may have, leave one digit of the printed number out.
    tag = bytes.fromhex(row["hmac"])
    assert code_at(MacOf(lambda _: tag), 0, 9) == row["truncated"].zfill(9)[-9:]


@pytest.mark.parametrize("row", RFC_4226, ids=lambda row: row["counter"])
def test_the_counter_reaches_the_mac_as_eight_octets_big_endian(row: dict[str, str]) -> None:
    seen: list[str] = []

    def watched(message: bytes) -> bytes:
        tag = mac_of(RFC_SEED)(message)
        seen.append(tag.hex())
        return tag

    code_at(MacOf(watched), int(row["counter"]), 6)
    assert seen == [row["hmac"]]


@pytest.mark.parametrize("row", RFC_6238, ids=lambda row: f"{row['digest']} {row['time_s']}")
def test_totp_gives_the_code_of_rfc_6238_appendix_b(row: dict[str, str]) -> None:
    parameters = TotpParameters(Digest[row["digest"]], digits=8, step_s=30)
    seed = (RFC_SEED * 4)[: SEED_LENGTHS[row["digest"]]]
    step = parameters.step_at(datetime.fromtimestamp(int(row["time_s"]), UTC))
    code = code_at(mac_of(seed, parameters.digest), step, parameters.digits)
    assert (step, code) == (int(row["step"], 16), row["code"])


@pytest.mark.parametrize(("second", "step"), [(0, 0), (59, 0), (60, 1), (119, 1), (120, 2)])
def test_a_time_step_begins_with_its_first_second(second: int, step: int) -> None:
    parameters = TotpParameters(Digest.SHA1, 6, step_s=60, t0_s=1_000_000)
    assert parameters.step_at(datetime.fromtimestamp(1_000_000 + second, UTC)) == step


def test_the_last_millisecond_belongs_to_the_step_it_ends() -> None:
    parameters = TotpParameters(Digest.SHA1, 6, step_s=30)
    assert parameters.step_at(datetime.fromtimestamp(29.999, UTC)) == 0


@pytest.mark.parametrize("digits", [0, 5, 10, 20])
def test_digits_no_code_can_have_are_refused(digits: int) -> None:
    with pytest.raises(InvalidInput, match=f"{digits} digits"):
        HotpParameters(Digest.SHA1, digits)
    with pytest.raises(InvalidInput, match=f"{digits} digits"):
        TotpParameters(Digest.SHA1, digits, 30)


@pytest.mark.parametrize("digits", [6, 7, 8, 9])
def test_six_to_nine_digits_are_taken(digits: int) -> None:
    assert HotpParameters(Digest.SHA1, digits).digits == digits


@pytest.mark.parametrize("step_s", [-30, 0, 121])
def test_a_time_step_outside_two_minutes_is_refused(step_s: int) -> None:
    with pytest.raises(InvalidInput, match="time step"):
        TotpParameters(Digest.SHA1, 6, step_s)


@pytest.mark.parametrize("step_s", [1, 120])
def test_a_time_step_of_up_to_two_minutes_is_taken(step_s: int) -> None:
    assert TotpParameters(Digest.SHA1, 6, step_s).step_s == step_s


def test_leading_zeros_are_part_of_a_code() -> None:
    assert code_at(MacOf(lambda _: bytes(20)), 0, 6) == "000000"


def test_the_sign_bit_of_the_truncated_number_is_ignored() -> None:
    tag = b"\xff\xff\xff\xff" + bytes(16)
    assert code_at(MacOf(lambda _: tag), 0, 9) == str(0x7FFFFFFF % 10**9)


def test_just_so_many_ascii_digits_are_a_code() -> None:
    assert is_code("012345", 6)


# Vault CVE-2025-6014 (white space made a spent code look new), otpauth GHSA-rmmc-8cqj-hfp3 (short
# codes accepted), FreeIPA CVE-2014-7828 (an empty one accepted).
@pytest.mark.parametrize(
    "text",
    [
        *("", "0", "01234", "0123456", " 012345", "012345 ", "012345\n", "012 345", "01234a"),
        *("+12345", "-12345", "0x1234", "12345.", "1_2345", "\x00012345"[:6], "01234\u200b"),
        *("\uff10\uff11\uff12\uff13\uff14\uff15", "٠١٢٣٤٥", "01234²"),
    ],
)
def test_anything_else_is_no_code(text: str) -> None:
    assert not is_code(text, 6)


@pytest.mark.parametrize(
    ("text", "some_token_s"),
    [
        *(("01234", False), ("012345", True), ("012345678", True), ("0123456789", False)),
        *(("01234a", False), ("", False)),
    ],
)
def test_six_to_nine_digits_are_some_token_s_code(text: str, some_token_s: bool) -> None:
    assert is_any_code(text) is some_token_s


def test_a_key_that_is_only_kept_is_for_sha_1_unless_its_maker_says_otherwise() -> None:
    assert KeptParameters("yubico", "vv").digest is Digest.SHA1
