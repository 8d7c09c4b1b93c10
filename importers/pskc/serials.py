"""The serials of a device's keys. The vault finds tokens by serial, so each needs its own."""

import re

from importers import lexical
from importers.errors import Malformed, Unsupported
from importers.rules import Rule
from importers.xml import Capture

# Makers who put several keys into one device name them SERIAL:1 (Yubico) or SERIAL#1.
_KEY_NUMBER = re.compile(r"[:#]([0-9A-Za-z]{1,16})", re.ASCII)


class Serials:
    """Gives each key of a file its serial, in file order."""

    def __init__(self, serial_no: Rule, key: Rule) -> None:
        self._serial_no = serial_no
        self._key = key
        self._taken = False  # by an earlier key of this key package

    def serial(self, capture: Capture, key_id: str | None, *, is_otp: bool = True) -> str:
        """The device's serial; a further key's is its Id, where that says which one it is.

        A PIN keeps its device's: nobody looks it up, other keys' policies name its Id.
        """
        serial = capture.parsed(self._serial_no, lexical.serial)
        if serial is None:
            raise Malformed("the key package has no SerialNo", capture.place(self._serial_no))
        if not is_otp:
            return serial
        number = None if key_id is None else _key_number(serial, key_id)
        if number not in {None, "1"}:
            assert key_id is not None  # noqa: S101 - a number is a part of it
            return key_id
        if capture.forked and self._taken:
            raise Unsupported(
                "a further key of this device has no serial of its own",
                capture.place(self._key),
                "Ask for key Ids that are the serial and a number, as in 12345:2.",
            )
        self._taken = True
        return serial


def _key_number(serial: str, key_id: str) -> str | None:
    """Which of its device's keys this one is, where its Id says so."""
    if not len(serial) < len(key_id) <= lexical.MAX_SERIAL or not key_id.startswith(serial):
        return None
    match = _KEY_NUMBER.fullmatch(key_id, len(serial))
    return None if match is None else match[1]
