"""Seeds are spelt in hexadecimal, base32 or base64; serials as a spreadsheet left them."""

import pytest

from importers import Encoding, spelling
from tests.unit.importers.vendor import BASE32, HEX, SEED


@pytest.mark.parametrize(
    "text", [BASE32, BASE32.lower(), f"{BASE32[:16]}-{BASE32[16:]}", f"{BASE32[:4]} {BASE32[4:]}"]
)
def test_base32_may_be_grouped_and_of_any_case(text: str) -> None:
    assert spelling.octets(text, Encoding.BASE32) == SEED


@pytest.mark.parametrize("text", ["GEZDGNBVGY3TQOJQGEZDGNBVGY", "GEZDGNBVGY3TQOJQGEZDGNBVGY======"])
def test_base32_may_leave_out_its_padding(text: str) -> None:
    assert spelling.octets(text, Encoding.BASE32) == SEED[:16]


@pytest.mark.parametrize(
    "text", ["GEZDGNB0", "GEZDGNB1", "GEZDGNB8", "GEZ", "GEZDGNBR=GE", "\u0131EZDGNBV"]
)
def test_nothing_is_replaced_in_base32(text: str) -> None:
    with pytest.raises(spelling.Flaw, match="base32"):
        spelling.octets(text, Encoding.BASE32)


def test_base32_with_a_loose_tail_is_refused() -> None:
    with pytest.raises(spelling.Flaw, match="canonical"):
        spelling.octets("GEZDGNBVGY3TQOJQGEZDGNBVGB", Encoding.BASE32)


@pytest.mark.parametrize("text", ["", "3", "31 32", "0x31", "\uff13\uff11", "31\n"])
def test_hexadecimal_is_pairs_of_digits_and_nothing_else(text: str) -> None:
    with pytest.raises(spelling.Flaw, match="hexadecimal"):
        spelling.octets(text, Encoding.HEX)


def test_base64_is_canonical() -> None:
    with pytest.raises(spelling.Flaw, match="canonical"):
        spelling.octets("MTIzNDU2Nzg5MDEyMzQ1Njc4OTB=", Encoding.BASE64)


@pytest.mark.parametrize("encoding", Encoding)
def test_a_seed_that_a_spreadsheet_rounded_is_refused_with_the_remedy(encoding: Encoding) -> None:
    with pytest.raises(spelling.Flaw, match="rounded") as caught:
        spelling.octets("3.13233E+39", encoding)
    assert "formatted as text" in caught.value.remedy


@pytest.mark.parametrize("text", ["1.23E+11", "1,23E+11", "1E+11", "1.23e+11"])
def test_a_serial_that_a_spreadsheet_rounded_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(spelling.Flaw, match="rounded") as caught:
        spelling.serial(text)
    assert "formatted as text" in caught.value.remedy


@pytest.mark.parametrize("text", ["0950380269", "306EUO4-00960", "283599:1", "1E11"])
def test_a_serial_is_kept_as_it_stands(text: str) -> None:
    assert spelling.serial(f" {text} ") == text


@pytest.mark.parametrize("text", [HEX, HEX[:32], BASE32, BASE32[:26], "MTIzNDU2Nzg5MDEyMzQ1Ng=="])
def test_a_serial_that_looks_like_a_seed_is_neither_kept_nor_shown(text: str) -> None:
    with pytest.raises(spelling.Flaw, match="looks like a seed"):
        spelling.serial(text)


def test_a_length_is_told_without_the_octets() -> None:
    assert spelling.length(HEX, Encoding.HEX) == 20
    assert spelling.length("no seed", Encoding.HEX) is None
