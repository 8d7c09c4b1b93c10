"""Writes PSKC 1.0 (RFC 6030) as others read it: encrypted values, each with its value MAC.

No seed passes through here: values come encrypted, and the MAC key as well.
"""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape  # XML's own five characters; xml.sax.saxutils loads urllib for them
from types import TracebackType
from typing import BinaryIO

from importers.cipher import Cipher
from importers.model import (
    Digest,
    EncryptedSeed,
    HotpParameters,
    SeedRecord,
    TotpParameters,
)

_NAMESPACES = (
    'xmlns="urn:ietf:params:xml:ns:keyprov:pskc" '
    'xmlns:ds="http://www.w3.org/2000/09/xmldsig#" '
    'xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"'
)
_PROFILE = "urn:ietf:params:xml:ns:keyprov:pskc:"
_MAC = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
_URIS = {
    Cipher.AES_128_CBC: "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
    Cipher.AES_192_CBC: "http://www.w3.org/2001/04/xmlenc#aes192-cbc",
    Cipher.AES_256_CBC: "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
    Cipher.RSA_OAEP_SHA1: "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
}


@dataclass(frozen=True, slots=True)
class Envelope:
    """How the values of a container are encrypted, and what its reader calls the key.

    `mac_key`: the key of the value MACs (HMAC-SHA-256), encrypted as the values are; None where
    there are none, under RSA. `certificate`: the recipient's (DER), under RSA.
    """

    cipher: Cipher
    key_name: str | None = None
    mac_key: bytes | None = None
    certificate: bytes | None = None

    def __post_init__(self) -> None:
        if self.cipher not in _URIS:
            raise ValueError(f"no container is written under {self.cipher}")


class PskcWriter:
    """A container in a `with` block: a key package for each record, then its end.

    What a block that raises leaves in `target` is no whole document.
    """

    def __init__(self, target: BinaryIO, envelope: Envelope) -> None:
        self._target = target
        self._envelope = envelope

    def __enter__(self) -> "PskcWriter":
        self._write(
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<KeyContainer Version="1.0" {_NAMESPACES}>',
            *self._header(),
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._write("</KeyContainer>")

    def add(self, record: SeedRecord, value_mac: bytes | None) -> None:
        """One key package. `record.seed` is under the envelope's cipher.

        Raises ValueError for what PSKC has no words for.
        """
        self._write("  <KeyPackage>", *_device(record), *self._key(record, value_mac))
        self._write("  </KeyPackage>")

    def _header(self) -> Iterator[str]:
        envelope = self._envelope
        yield "  <EncryptionKey>"
        if envelope.certificate is not None:
            yield "    <ds:X509Data><ds:X509Certificate>"
            yield f"      {_base64(envelope.certificate)}"
            yield "    </ds:X509Certificate></ds:X509Data>"
        else:
            yield f"    <ds:KeyName>{escape(envelope.key_name or 'transport-key')}</ds:KeyName>"
        yield "  </EncryptionKey>"
        if envelope.mac_key is not None:
            yield f"  <MACMethod Algorithm={_quoted(_MAC)}>"
            yield "    <MACKey>"
            yield from self._encrypted(envelope.mac_key, "      ")
            yield "    </MACKey>"
            yield "  </MACMethod>"

    def _key(self, record: SeedRecord, value_mac: bytes | None) -> Iterator[str]:
        name, parameters, data = _computation(record)
        seed = record.seed
        if not isinstance(seed, EncryptedSeed) or seed.cipher is not self._envelope.cipher:
            raise ValueError(f"the seed of {record.serial} is not under {self._envelope.cipher}")
        key_id = _quoted(record.key_id or record.serial)
        yield f"    <Key Id={key_id} Algorithm={_quoted(name)}>"
        if record.issuer is not None:
            yield f"      <Issuer>{escape(record.issuer)}</Issuer>"
        yield "      <AlgorithmParameters>"
        yield from (f"        {line}" for line in parameters)
        yield "      </AlgorithmParameters>"
        yield "      <Data>"
        yield "        <Secret>"
        yield "          <EncryptedValue>"
        yield from self._encrypted(seed.value, "            ")
        yield "          </EncryptedValue>"
        if value_mac is not None:
            yield f"          <ValueMAC>{_base64(value_mac)}</ValueMAC>"
        yield "        </Secret>"
        for element, number in data:
            yield f"        <{element}><PlainValue>{number}</PlainValue></{element}>"
        yield "      </Data>"
        if record.policy is not None and record.policy.max_transactions is not None:
            most = record.policy.max_transactions
            yield f"      <Policy><NumberOfTransactions>{most}</NumberOfTransactions></Policy>"
        yield "    </Key>"

    def _encrypted(self, value: bytes, indent: str) -> Iterator[str]:
        method = _quoted(_URIS[self._envelope.cipher])
        yield f"{indent}<xenc:EncryptionMethod Algorithm={method}/>"
        yield f"{indent}<xenc:CipherData>"
        yield f"{indent}  <xenc:CipherValue>{_base64(value)}</xenc:CipherValue>"
        yield f"{indent}</xenc:CipherData>"

    def _write(self, *lines: str) -> None:
        self._target.write("".join(f"{line}\n" for line in lines).encode())


def _device(record: SeedRecord) -> Iterator[str]:
    yield "    <DeviceInfo>"
    for element, text in (
        ("Manufacturer", record.manufacturer),
        ("SerialNo", record.serial),
        ("Model", record.model),
        ("IssueNo", record.issue_no),
        ("StartDate", _date(record.not_before)),
        ("ExpiryDate", _date(record.not_after)),
    ):
        if text is not None:
            yield f"      <{element}>{escape(text)}</{element}>"
    yield "    </DeviceInfo>"


_Computation = tuple[str, list[str], list[tuple[str, int]]]


def _computation(record: SeedRecord) -> _Computation:
    """The algorithm's URI, the elements of its parameters, and the numbers of its data."""
    match record.parameters:
        case HotpParameters(digest, digits, counter):
            # Readers of plain RFC 6030 know no Suite of HOTP: it stands only where it must.
            suite = [] if digest is Digest.SHA1 else [f"<Suite>HMAC-{digest.value}</Suite>"]
            return f"{_PROFILE}hotp", [*suite, _response(digits)], [("Counter", counter)]
        case TotpParameters(digest, digits, step_s, time_steps, drift_steps, t0_s):
            if t0_s:
                raise ValueError(
                    f"{record.serial} counts from Unix time {t0_s}: PSKC cannot say so"
                )
            return (
                f"{_PROFILE}totp",
                [f"<Suite>HMAC-{digest.value}</Suite>", _response(digits)],
                [("Time", time_steps), ("TimeInterval", step_s), ("TimeDrift", drift_steps)],
            )
    raise ValueError(f"{record.serial} is of a kind that is not written")


def _response(digits: int) -> str:
    return f'<ResponseFormat Encoding="DECIMAL" Length="{digits}"/>'


def _date(moment: datetime | None) -> str | None:
    return (
        None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def _quoted(text: str) -> str:
    return f'"{escape(text)}"'


def _base64(octets: bytes) -> str:
    return b64encode(octets).decode("ascii")
