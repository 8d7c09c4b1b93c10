"""One encrypted value of a key, checked before anything of it is decrypted."""

from importers import lexical
from importers.errors import IntegrityFailure, Unsupported
from importers.model import WarningCode
from importers.pskc import grammar
from importers.pskc.ciphers import cipher_of
from importers.pskc.mac import ValueMacs
from importers.pskc.protection import Keys
from importers.xml import Capture


class BadValueMac(IntegrityFailure):
    """This package's value MAC is wrong: a value was changed, or the key is another file's."""


def authentic(capture: Capture, value: grammar.Value, keys: Keys) -> bytes | None:
    """The octets of an encrypted value whose value MAC is right, where its cipher needs one.

    None where nothing is encrypted.

    Raises:
        BadValueMac: the value MAC is wrong.
        IntegrityFailure: the value MAC is missing, or nothing tells how to check it.
    """
    octets = capture.parsed(value.encrypted.cipher_value, lexical.octets)
    if octets is None:
        return None
    cipher = keys.told or cipher_of(capture, value.encrypted)
    if cipher is not keys.transport.cipher:
        raise Unsupported(
            f"the value is under {cipher} and those before it under {keys.transport.cipher}",
            capture.place(value.encrypted.method),
        )
    _authenticate(capture, value, keys.value_macs, octets)
    return octets


def _authenticate(
    capture: Capture, value: grammar.Value, macs: ValueMacs | None, octets: bytes
) -> None:
    value_mac = capture.parsed(value.mac, lexical.octets)
    if macs is None:
        if value_mac is not None:
            raise IntegrityFailure(
                "a value MAC that no MACMethod tells how to check", capture.place(value.mac)
            )
        return
    if value_mac is None:
        raise IntegrityFailure(
            "the value MAC is missing: it was stripped, or never made",
            capture.place(value.element),
        )
    if macs.matches(octets, value_mac):
        return
    if not macs.matches_encryption_key(octets, value_mac):
        raise BadValueMac("the value MAC is wrong", capture.place(value.mac))
    capture.warnings[WarningCode.MAC_BY_ENCRYPTION_KEY] += 1
