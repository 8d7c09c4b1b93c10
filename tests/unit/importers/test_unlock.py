"""Key files hold hexadecimal digits or raw octets, and nothing that has to be guessed."""

import pytest

from importers import KeyForm, Passphrase, PreSharedKey, WrongKey, read_key_file


def octets_of(secret: PreSharedKey | Passphrase) -> bytes:
    with secret.expose() as octets:
        return bytes(octets)


@pytest.mark.parametrize("size", [16, 24, 32])
def test_hexadecimal_digits_are_a_key(size: int) -> None:
    key = read_key_file(b"aB" * size + b"\r\n")
    assert (octets_of(key), key.form) == (b"\xab" * size, KeyForm.HEX)


def test_hexadecimal_digits_may_have_spaces() -> None:
    assert octets_of(read_key_file(b"00 01 02 03 04 05 06 07\n08090a0b 0c0d0e0f")) == bytes(
        range(16)
    )


@pytest.mark.parametrize("size", [16, 24, 32])
def test_raw_octets_are_a_key(size: int) -> None:
    key = read_key_file(bytes(range(size)))
    assert (octets_of(key), key.form) == (bytes(range(size)), KeyForm.RAW)


@pytest.mark.parametrize(
    "text", [b"EjRWeBI0VngSNFZ4EjRWeA==\n", b"correct horse battery staple", b""]
)
def test_base64_and_other_text_is_refused(text: bytes) -> None:
    with pytest.raises(WrongKey, match="hexadecimal") as caught:
        read_key_file(text, "transport.key")
    assert caught.value.name == "transport.key"
    assert text.decode() not in str(caught.value) or not text


@pytest.mark.parametrize("size", [1, 15, 33])
def test_raw_octets_of_another_length_are_refused(size: int) -> None:
    with pytest.raises(WrongKey, match=f"{size} raw octets"):
        read_key_file(b"\xff" * size)


def test_a_passphrase_is_tried_as_typed_and_then_composed() -> None:
    spellings = [octets_of(spelling) for spelling in Passphrase("cafe\u0301").spellings()]
    assert spellings == ["cafe\u0301".encode(), "café".encode()]


def test_a_composed_passphrase_is_tried_once() -> None:
    assert len(list(Passphrase("café").spellings())) == 1
