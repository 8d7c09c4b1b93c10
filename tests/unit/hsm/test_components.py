"""A component is read out of digits, guarded like a PIN, and wiped."""

import copy
import pickle
from typing import Any

import pytest

from hsm import Component, Policy, TransportKind
from hsm.components import put_together
from hsm.page import LockedPage

KEY = bytes(range(16))


def read(text: str) -> bytes:
    return bytes(Component.from_hex(bytearray(text.encode()), "66E94B").octets)


@pytest.mark.parametrize(
    "text",
    [KEY.hex(), KEY.hex().upper(), KEY.hex(" "), KEY.hex("-", 4), f"  {KEY.hex(':')}\r\n"],
)
def test_digits_are_read_however_they_are_grouped(text: str) -> None:
    assert read(text) == KEY


@pytest.mark.parametrize("text", ["0g", "0x00", "00 1", "zero"])
def test_anything_else_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(Policy) as caught:
        read(text)
    assert text not in str(caught.value)


def test_the_digits_are_wiped() -> None:
    text = bytearray(KEY.hex().encode())
    Component.from_hex(text, "66E94B")
    assert not any(text)


def test_a_component_shows_nothing_of_itself() -> None:
    component: Any = Component(bytearray(b"secret octets..."), "66E94B")
    assert "secret" not in repr(component)
    for attempt in (
        lambda: component == component,  # noqa: PLR0124 - even with itself
        lambda: hash(component),
        lambda: copy.copy(component),
        lambda: pickle.dumps(component),
    ):
        with pytest.raises(TypeError):
            attempt()


def test_a_wiped_component_is_empty() -> None:
    octets = bytearray(KEY)
    component = Component(octets, "66E94B")
    component.wipe()
    assert (bytes(octets), bytes(component.octets)) == (b"", b"")


@pytest.mark.parametrize("count", [0, 1, 4])
def test_only_two_or_three_are_put_together(count: int) -> None:
    parts = [Component(bytearray(KEY), "66E94B")] * count
    with pytest.raises(Policy, match="2 or 3"):
        put_together(LockedPage(), TransportKind.AES_128, parts)


def test_a_component_of_another_length_is_named() -> None:
    parts = [Component(bytearray(KEY), "66E94B"), Component(bytearray(KEY), "66E94B")]
    with pytest.raises(Policy, match="component 1 has 16 octets"):
        put_together(LockedPage(), TransportKind.AES_256, parts)
