"""RFC 3217's own example, what our maker wraps, and what is no wrapped key."""

import pytest

from importers.keywrap import unwrap_3des, unwrap_camellia
from tests.support.sealed_maker import wrap_3des, wrap_camellia

# RFC 3217 section 3.3.
KEK = bytes.fromhex("255e0d1c07b646dfb3134cc843ba8aa71f025b7c0838251f")
CEK = bytes.fromhex("2923bf85e06dd6ae529149f1f1bae9eab3a7da3d860d3e98")
IV = bytes.fromhex("5dd4cbfc96f5453b")
WRAPPED = bytes.fromhex(
    "690107618ef092b3b48ca1796b234ae9fa33ebb4159604037db5d6a84eb3aac2768c632775a467d4"
)


def test_rfc_3217s_example_is_unwrapped() -> None:
    assert unwrap_3des(KEK, WRAPPED) == CEK


def test_our_maker_wraps_as_rfc_3217_does() -> None:
    assert wrap_3des(KEK, CEK, IV) == WRAPPED


@pytest.mark.parametrize("octets", [16, 24, 40, 64])
@pytest.mark.parametrize("key_octets", [16, 24, 32])
def test_camellia_unwraps_what_it_wrapped(key_octets: int, octets: int) -> None:
    key, plain = bytes(range(key_octets)), bytes(range(octets))
    assert unwrap_camellia(key, wrap_camellia(key, plain)) == plain


@pytest.mark.parametrize("at", [0, 8, 20, 39])
def test_a_changed_octet_is_noticed(at: int) -> None:
    for unwrap, wrapped, key in (
        (unwrap_3des, WRAPPED, KEK),
        (unwrap_camellia, wrap_camellia(KEK, bytes(32)), KEK),
    ):
        broken = bytearray(wrapped)
        broken[at] ^= 1
        with pytest.raises(ValueError, match="check value"):
            unwrap(key, bytes(broken))


@pytest.mark.parametrize("octets", [0, 8, 16, 23, 25])
def test_what_is_too_short_or_no_whole_blocks_is_no_wrapped_key(octets: int) -> None:
    for unwrap in (unwrap_3des, unwrap_camellia):
        with pytest.raises(ValueError, match="length"):
            unwrap(KEK, bytes(octets))
