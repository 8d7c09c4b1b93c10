"""Every token that is written in a maker's format comes back as it was, and no other."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers import FORMATS, HotpParameters, Instructions, Kind
from tests.unit.importers.vendor import FORMS, opened, seed_of

MODHEX = "cbdefghijklnrtuv"


@dataclass(frozen=True)
class Token:
    serial: str
    seed: bytes
    counter: int

    @property
    def hex(self) -> str:
        return self.seed.hex()

    @property
    def base32(self) -> str:
        return base64.b32encode(self.seed).decode()


def _log_row(token: Token) -> str:
    public_id = f"{int(token.serial[1:]):012x}".translate(str.maketrans("0123456789abcdef", MODHEX))
    return f"OATH-HOTP,x,1,{public_id},,{token.hex},,,0,0,0,6,{token.counter},0,0,0,0,0\n"


def _nexus(token: Token) -> str:
    octets = (token.counter.to_bytes(8, "big"), token.seed)
    counter, seed = (base64.b64encode(one).decode() for one in octets)
    return f"{token.serial}:{seed}:{counter}\n"


def _safeword(token: Token) -> str:
    return (
        f"dn: sccAuthenticatorId={token.serial}\nsccAuthenticatorId: {token.serial}\n"
        f"sccTokenData: sccKey={token.hex};sccMode=E;sccPwLen=6;sccSeq={token.counter};\n\n"
    )


def _safenet(token: Token) -> str:
    return (
        f'<Token serial="{token.serial}"><Applications><Application><Seed>{token.hex}</Seed>'
        f"<MovingFactor>{token.counter}</MovingFactor></Application></Applications></Token>"
    )


def _graph(tokens: Sequence[Token]) -> str:
    devices = [{"serialNumber": token.serial, "secretKey": token.base32} for token in tokens]
    return json.dumps({"value": devices})


def _rows(row: Callable[[Token], str], before: str = "", after: str = "") -> Callable[..., str]:
    return lambda tokens: before + "".join(map(row, tokens)) + after


_HEADING = "serial number,secret key,time interval\n"
WRITERS: dict[str, Callable[[Sequence[Token]], str]] = {
    "linotp": _rows(lambda token: f"{token.serial};{token.hex};hotp;6\n"),
    "privacyidea": _rows(lambda token: f"{token.serial},{token.hex},hotp,6,{token.counter}\n"),
    "privacyidea-v2": _rows(
        lambda token: f"u,r,m,{token.serial},{token.hex},hotp,6,{token.counter}\n",
        "# version: 2\n",
    ),
    "netiq": _rows(lambda token: f"{token.serial}\t{token.hex}\n"),
    "multiotp": _rows(lambda token: f"{token.serial};m;hotp;{token.hex};6;{token.counter}\n"),
    "duo": _rows(lambda token: f"{token.serial},{token.hex},{token.counter}\n"),
    "pingid": _rows(lambda token: f"{token.serial},{token.hex},{token.counter}\n"),
    "ibm": _rows(lambda token: f"{token.serial},{token.hex}\r\n"),
    "entra-csv": _rows(lambda token: f"u,{token.serial},{token.base32},30\n", f"upn,{_HEADING}"),
    "deepnet-csv": _rows(lambda token: f"{token.serial},{token.hex}00,60\n", _HEADING),
    "entra-json": _graph,
    "safeword-dat": _rows(_safeword),
    "safenet-xml": _rows(_safenet, "<Tokens>", "</Tokens>"),
    "deepnet-xml": _rows(
        lambda token: f'<token serial="{token.serial}"><seed>{token.hex}</seed></token>',
        "<data><header><encode>HEX</encode><digits>6</digits></header><tokens>",
        "</tokens></data>",
    ),
    "nexus": _rows(_nexus),
    "yubico-csv": _rows(_log_row, "LOGGING START,x\n"),
    "ykksm": _rows(lambda token: f"{token.serial[1:]},cccc,0,{token.hex},,x,\n"),
    "authenex-sql": _rows(
        lambda token: f"INSERT INTO OTP VALUES ('{token.serial}', '{token.hex}', 0);\n",
        "AUTHENEXDB\n",
    ),
    "tagespasswort": _rows(lambda token: f"{token.serial}  {token.hex}00\n"),
}
# Formats that tell no counter, and what those that derive or shorten make of a serial.
WITH_COUNTER = {
    "privacyidea", "privacyidea-v2", "multiotp", "duo", "pingid", "safeword-dat", "safenet-xml",
    "nexus", "yubico-csv",
}  # fmt: skip
SAID = {**FORMS, "deepnet-xml": Instructions(kind=Kind.HOTP)}
tokens = st.lists(
    st.builds(
        Token,
        st.integers(0, 10**8 - 1).map(lambda number: f"S{number:08d}"),
        st.binary(min_size=20, max_size=30),
        st.integers(0, 2**63 - 1),
    ),
    min_size=1,
    max_size=12,
)


def serial_in(id_: str, token: Token) -> str:
    match id_:
        case "yubico-csv":
            return f"UBOM{token.serial[1:]}_1"
        case "ykksm":
            return token.serial[1:]
        case _:
            return token.serial


@pytest.mark.parametrize("id_", WRITERS)
@settings(max_examples=25)
@given(tokens)
def test_tokens_come_back(id_: str, tokens: list[Token]) -> None:
    text = WRITERS[id_](tokens)
    records = list(opened(text, SAID.get(id_, Instructions(format=id_))))
    zero = b"\0" if id_ in {"deepnet-csv", "tagespasswort"} else b""
    assert [(record.serial, seed_of(record)) for record in records] == [
        (serial_in(id_, token), token.seed + zero) for token in tokens
    ]
    if id_ in WITH_COUNTER:
        parameters = [record.parameters for record in records]
        assert [one.counter for one in parameters if isinstance(one, HotpParameters)] == [
            token.counter for token in tokens
        ]


def test_every_format_is_written_here() -> None:
    assert WRITERS.keys() | {"pskc"} >= {known.id for known in FORMATS}
