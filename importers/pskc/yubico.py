"""A YubiKey's AES slot. Yubico puts both identities into the key's user: CN=modhex, UID=hex."""

import re

from importers.errors import Malformed
from importers.model import YubicoOtpParameters
from importers.pskc import grammar
from importers.pskc.numbers import Numbers
from importers.xml import Capture

_USER_ID = re.compile(
    r"\s*CN\s*=\s*((?:[cbdefghijklnrtuv]{2}){0,16})\s*,\s*UID\s*=\s*([0-9a-f]{12})\s*",
    re.ASCII | re.IGNORECASE,
)
_ENCRYPTED_CHARACTERS = 32  # 16 octets in modhex, after the public id


def yubico_parameters(numbers: Numbers) -> YubicoOtpParameters:
    """The parameters of a key package's YubiKey slot."""
    capture = numbers.capture
    match = _USER_ID.fullmatch(capture.text(grammar.KEY_USER_ID) or "")
    if match is None:
        raise Malformed(
            "UserId is not CN=public id in modhex, UID=private id in hexadecimal",
            capture.place(grammar.KEY_USER_ID),
        )
    public_id = match[1].lower()
    _check_response(capture, len(public_id) + _ENCRYPTED_CHARACTERS)
    return YubicoOtpParameters(public_id, bytes.fromhex(match[2]))


def _check_response(capture: Capture, characters: int) -> None:
    rule = grammar.RESPONSE_FORMAT
    if not capture.has(rule):
        return
    length = capture.attribute(rule, "Length")
    encoding = capture.attribute(rule, "Encoding", "Format")
    if (encoding, length) != ("ALPHANUMERIC", str(characters)):
        raise Malformed(
            f"ResponseFormat is not ALPHANUMERIC of {characters} characters, "
            "as the public id in UserId makes it",
            capture.place(rule),
        )
