"""A PIN is neither shown, compared, copied nor pickled."""

import copy
import getpass
import pickle
from collections.abc import Callable

import pytest

from hsm import Pin, Policy


def _pin() -> Pin:
    return Pin(bytearray(b"secret-1"))


def test_an_exposed_pin_is_its_octets() -> None:
    with _pin().expose() as octets:
        assert octets == b"secret-1"


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_a_pin_does_not_show_itself(show: Callable[[object], str]) -> None:
    assert "secret" not in show(_pin())


def test_a_pin_is_not_compared() -> None:
    with pytest.raises(TypeError, match="not compared"):
        _ = _pin() == _pin()


def test_a_pin_is_no_dictionary_key() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(_pin())


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_pin_is_neither_copied_nor_pickled(duplicate: Callable[[object], object]) -> None:
    with pytest.raises(TypeError, match="neither copied nor pickled"):
        duplicate(_pin())


def test_a_wiped_pin_overwrites_the_octets_it_was_given() -> None:
    octets = bytearray(b"secret-1")
    Pin(octets).wipe()

    assert not octets


def test_a_wiped_pin_is_not_exposed() -> None:
    pin = _pin()
    pin.wipe()

    with pytest.raises(Policy, match="wiped"), pin.expose():
        pass


@pytest.mark.parametrize("octets", [b"", b"123", b"1" * 256])
def test_a_pin_of_impossible_length_is_refused(octets: bytes) -> None:
    with pytest.raises(Policy, match="4 to 255 octets"):
        Pin(bytearray(octets))


def test_a_generated_pin_is_the_entropy_in_hexadecimal() -> None:
    with Pin.generate(lambda octets: bytes(range(octets))).expose() as octets:
        assert octets == b"000102030405060708090a0b0c0d0e0f"


def test_a_prompted_pin_is_what_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda prompt: "tüped" if prompt == "PIN? " else "")

    with Pin.from_prompt("PIN? ").expose() as octets:
        assert octets == "tüped".encode()
