"""What arrives at a syslog receiver, read as RFC 5424 section 6 has it, strictly."""

import re
from dataclasses import dataclass
from datetime import datetime

_HEADER = re.compile(
    rb"<(?P<pri>0|[1-9]\d{0,2})>1 "
    rb"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) "
    rb"(?P<host>-|[!-~]{1,255}) (?P<app>-|[!-~]{1,48}) (?P<process>-|[!-~]{1,128}) "
    rb"(?P<message_id>-|[!-~]{1,32}) "
)
_NAME = rb"[!#-<>-\\^-~]{1,32}"  # SD-NAME: visible, but for = ] and "
_VALUE = rb'(?:[^"\\\]]|\\["\\\]])*'
_PARAMETER = re.compile(rb' (%b)="(%b)"' % (_NAME, _VALUE))
_ELEMENT = re.compile(rb'\[(?P<id>%b)(?P<parameters>(?: %b="%b")*)\]' % (_NAME, _NAME, _VALUE))
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Received:
    """One message, taken apart."""

    facility: int
    severity: int
    at: datetime
    host: str
    app: str
    message_id: str
    element: str
    parameters: dict[str, str]
    text: str


def received(octets: bytes) -> Received:
    """The message in `octets`; an AssertionError where they are none."""
    header = _HEADER.match(octets)
    assert header, octets
    element = _ELEMENT.match(octets, header.end())
    assert element, octets[header.end() :]
    rest = octets[element.end() :]
    assert rest.startswith(b" " + _BOM)
    priority = int(header["pri"])
    assert priority < 192
    return Received(
        priority // 8,
        priority % 8,
        datetime.fromisoformat(header["at"].decode()),
        header["host"].decode(),
        header["app"].decode(),
        header["message_id"].decode(),
        element["id"].decode(),
        {
            name.decode(): re.sub(rb'\\(["\\\]])', rb"\1", value).decode()
            for name, value in _PARAMETER.findall(element["parameters"])
        },
        rest[1 + len(_BOM) :].decode(),
    )


def counted(octets: bytes) -> list[bytes]:
    """The messages in a stream, by octet counting (RFC 6587 section 3.4.1)."""
    messages = []
    while octets:
        length, _, rest = octets.partition(b" ")
        assert re.fullmatch(rb"[1-9]\d*", length), length
        messages.append(rest[: int(length)])
        assert len(messages[-1]) == int(length)
        octets = rest[int(length) :]
    return messages
