"""A maker's file takes the same memory however long it is."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from importers import Instructions, open_seed_file
from tests.unit.importers.vendor import BASE32, HEX

SAFEWORD = (
    f"sccAuthenticatorId: R2\nsccTokenData: sccKey={HEX};sccMode=E;sccPwLen=6;\n"
    "sccSignature: MC0C\n\n"
)
TOKEN = (
    f'<Token serial="A1"><Applications><Application><Seed>{HEX}</Seed></Application>'
    "</Applications></Token>\n"
)
DEVICE = f'{{"serialNumber": "A1", "secretKey": "{BASE32}"}}'


@dataclass(frozen=True)
class Shape:
    """What stands before the tokens of a file, one token, and what stands after."""

    format: str
    before: str
    token: str
    after: str = ""


SHAPES = (
    Shape("linotp", "# rows\n", f"A1,{HEX},totp,6,30\n"),
    Shape("safeword-dat", "", SAFEWORD),
    Shape("safenet-xml", "<Tokens>", TOKEN, "</Tokens>"),
    Shape("safenet-xml", "<Tokens>", f"{'<a/>' * 5}{TOKEN}", "</Tokens>"),
    Shape(
        "entra-json",
        f'{{"value": [{DEVICE}',
        f",{DEVICE}",
        "]}",
    ),
)


class Long:
    """A file of so many tokens that never stands in memory as a whole."""

    def __init__(self, shape: Shape, hundreds: int) -> None:
        self._parts = self._sequence(shape, hundreds)
        self._left = b""

    @staticmethod
    def _sequence(shape: Shape, hundreds: int) -> Iterator[bytes]:
        yield shape.before.encode()
        for _ in range(hundreds):
            yield shape.token.encode() * 100
        yield shape.after.encode()

    def read(self, size: int, /) -> bytes:
        while not self._left:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._left = part
        taken, self._left = self._left[:size], self._left[size:]
        return taken


def peak(shape: Shape, hundreds: int) -> int:
    """Octets of Python objects at the worst moment of reading so many hundred tokens."""
    said = Instructions(format=shape.format)
    tracemalloc.start()
    try:
        file = open_seed_file(Long(shape, hundreds), None, name="long", instructions=said)
        assert sum(1 for _ in file) >= 100 * hundreds
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.format)
def test_three_times_the_tokens_take_no_more_memory(shape: Shape) -> None:
    peak(shape, 10)  # whatever is loaded once
    assert peak(shape, 45) < 1.3 * peak(shape, 15)
