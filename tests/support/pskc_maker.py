"""Makes PSKC files of any size, good or deliberately broken: for tests, benchmarks, the sample.

Everything is derived from serials by published constants: the same order gives the same octets,
and nothing that these files hold is a secret.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers import Cipher as AesCipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from importers import Cipher, Digest, MacAlgorithm

RFC_SEED = b"12345678901234567890"  # RFC 6238 appendix B's seed, our published constant
PSKC = "urn:ietf:params:xml:ns:keyprov:pskc"
_XENC = "http://www.w3.org/2001/04/xmlenc#"
_PKCS5 = "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#"
_BATCH = 200  # key packages between two writes


class Fault(Enum):
    """What is wrong with a file, on purpose; most at the key package `Order.fault_at`."""

    NONE = auto()
    BAD_MAC = auto()
    EVERY_MAC_BAD = auto()
    STRIPPED_MAC = auto()
    SHORT_SEED = auto()
    TRUNCATED = auto()
    TRAILING_JUNK = auto()
    DOCTYPE = auto()


def published_seed(serial: str) -> bytes:
    """The seed of the token with this serial, 20 octets: HMAC-SHA1(RFC_SEED, serial)."""
    return hmac.digest(RFC_SEED, serial.encode(), "sha1")


@dataclass(frozen=True, slots=True)
class Hotp:
    """An event-based token to order."""

    digits: int = 6
    counter: int = 0


@dataclass(frozen=True, slots=True)
class Totp:
    """A time-based token to order."""

    digits: int = 6
    step_s: int = 30
    digest: Digest = Digest.SHA1


@dataclass(frozen=True, slots=True)
class Tokens:
    """A run of like tokens with serials counting up, such as GALT10000000."""

    count: int
    kind: Hotp | Totp = Totp()
    first_serial: int = 10_000_000
    serial: Callable[[int], str] = "GALT{:08d}".format
    manufacturer: str = "Thales"
    model: str = "OTP Display Card"


@dataclass(frozen=True, slots=True)
class Order:
    """A whole file to make. Plain where there is neither a key nor a passphrase."""

    tokens: tuple[Tokens, ...]
    key: bytes | None = None
    key_name: str = "transport-key"
    passphrase: str | None = None
    iterations: int = 10_000
    cipher: Cipher = Cipher.AES_128_CBC
    mac: MacAlgorithm = MacAlgorithm.HMAC_SHA1
    seed: Callable[[str], bytes] = published_seed
    fault: Fault = Fault.NONE
    fault_at: int = 0


def write_pskc(order: Order, target: BinaryIO) -> None:
    """Write the ordered file, a few key packages at a time."""
    lines: list[str] = [_opening(order)]
    for index, package in enumerate(_packages(order)):
        lines.append(package)
        if order.fault is Fault.TRUNCATED and index == order.fault_at:
            target.write("".join(lines).encode()[: -len(package) // 2])
            return
        if len(lines) == _BATCH:
            target.write("".join(lines).encode())
            lines.clear()
    junk = "<KeyContainer/>\n" if order.fault is Fault.TRAILING_JUNK else ""
    target.write("".join([*lines, "</KeyContainer>\n", junk]).encode())


def published_octets(label: str, length: int) -> bytes:
    """`length` octets, up to 32, that look random and are the same for everybody."""
    return hashlib.sha256(f"seedvault sample {label}".encode()).digest()[:length]


def encrypt(key: bytes, iv: bytes, octets: bytes) -> bytes:
    """The IV, then AES-CBC of the octets with PKCS#7 padding."""
    padding = 16 - len(octets) % 16
    encryptor = AesCipher(AES(key), CBC(iv)).encryptor()
    return iv + encryptor.update(octets + bytes([padding]) * padding) + encryptor.finalize()


# --- the parts of a file ---------------------------------------------------------------------


def _transport_key(order: Order) -> bytes | None:
    if order.passphrase is None:
        return order.key
    return hashlib.pbkdf2_hmac(
        "sha1", order.passphrase.encode(), _salt(), order.iterations, order.cipher.key_octets
    )


def _salt() -> bytes:
    return published_octets("salt", 16)


def _mac_key() -> bytes:
    return published_octets("MAC key", 32)


def _opening(order: Order) -> str:
    doctype = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>\n'
        if order.fault is Fault.DOCTYPE
        else ""
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{doctype}'
        f'<KeyContainer Version="1.0" xmlns="{PSKC}"\n'
        '    xmlns:ds="http://www.w3.org/2000/09/xmldsig#"\n'
        f'    xmlns:xenc="{_XENC}"\n'
        '    xmlns:xenc11="http://www.w3.org/2009/xmlenc11#">\n' + _protection(order)
    )


def _protection(order: Order) -> str:
    key = _transport_key(order)
    if key is None:
        return ""
    name = f"    <ds:KeyName>{order.key_name}</ds:KeyName>\n"
    mac_key = encrypt(key, published_octets("IV of the MAC key", 16), _mac_key())
    return (
        f"  <EncryptionKey>\n{name if order.passphrase is None else _derivation(order)}"
        f'  </EncryptionKey>\n  <MACMethod Algorithm="{_mac_uri(order.mac)}">\n    <MACKey>\n'
        f"{_encrypted(order.cipher, mac_key, 6)}    </MACKey>\n  </MACMethod>\n"
    )


def _derivation(order: Order) -> str:
    return (
        f'    <xenc11:DerivedKey>\n      <xenc11:KeyDerivationMethod Algorithm="{_PKCS5}pbkdf2">\n'
        f'        <pkcs5:PBKDF2-params xmlns:pkcs5="{_PKCS5}">\n'
        f"          <Salt><Specified>{_base64(_salt())}</Specified></Salt>\n"
        f"          <IterationCount>{order.iterations}</IterationCount>\n"
        f"          <KeyLength>{order.cipher.key_octets}</KeyLength>\n          <PRF/>\n"
        "        </pkcs5:PBKDF2-params>\n      </xenc11:KeyDerivationMethod>\n"
        f"      <xenc11:MasterKeyName>{order.key_name}</xenc11:MasterKeyName>\n"
        "    </xenc11:DerivedKey>\n"
    )


def _packages(order: Order) -> Iterator[str]:
    key = _transport_key(order)
    index = 0
    for tokens in order.tokens:
        for number in range(tokens.first_serial, tokens.first_serial + tokens.count):
            serial = tokens.serial(number)
            broken = order.fault if index == order.fault_at else Fault.NONE
            if order.fault is Fault.EVERY_MAC_BAD:
                broken = Fault.BAD_MAC
            seed = order.seed(serial)
            octets = seed[:15] if broken is Fault.SHORT_SEED else seed
            yield _package(tokens, serial, _secret(order, key, serial, octets, broken))
            index += 1


def _secret(order: Order, key: bytes | None, serial: str, seed: bytes, broken: Fault) -> str:
    if key is None:
        return f"          <PlainValue>{_base64(seed)}</PlainValue>\n"
    value = encrypt(key, published_octets(f"IV of {serial}", 16), seed)
    value_mac = hmac.digest(_mac_key(), value, order.mac.value)
    if broken is Fault.BAD_MAC:
        value_mac = bytes([value_mac[0] ^ 1]) + value_mac[1:]
    stands = f"          <ValueMAC>{_base64(value_mac)}</ValueMAC>\n"
    return (
        f"          <EncryptedValue>\n{_encrypted(order.cipher, value, 12)}"
        "          </EncryptedValue>\n" + ("" if broken is Fault.STRIPPED_MAC else stands)
    )


def _package(tokens: Tokens, serial: str, secret: str) -> str:
    kind = tokens.kind
    suite = ""
    match kind:
        case Hotp():
            name = "hotp"
            moving = f"<Counter><PlainValue>{kind.counter}</PlainValue></Counter>"
        case Totp():
            name = "totp"
            suite = f"        <Suite>HMAC-{kind.digest.value}</Suite>\n"
            moving = (
                "<Time><PlainValue>0</PlainValue></Time>\n        "
                f"<TimeInterval><PlainValue>{kind.step_s}</PlainValue></TimeInterval>"
            )
    return (
        "  <KeyPackage>\n    <DeviceInfo>\n"
        f"      <Manufacturer>{tokens.manufacturer}</Manufacturer>\n"
        f"      <SerialNo>{serial}</SerialNo>\n      <Model>{tokens.model}</Model>\n"
        f'    </DeviceInfo>\n    <Key Id="{serial}" Algorithm="{PSKC}:{name}">\n'
        f"      <AlgorithmParameters>\n{suite}"
        f'        <ResponseFormat Length="{kind.digits}" Encoding="DECIMAL"/>\n'
        f"      </AlgorithmParameters>\n      <Data>\n        <Secret>\n{secret}        </Secret>\n"
        f"        {moving}\n      </Data>\n    </Key>\n  </KeyPackage>\n"
    )


def _encrypted(cipher: Cipher, value: bytes, margin: int) -> str:
    blank = " " * margin
    bits = cipher.key_octets * 8
    return (
        f'{blank}<xenc:EncryptionMethod Algorithm="{_XENC}aes{bits}-cbc"/>\n'
        f"{blank}<xenc:CipherData><xenc:CipherValue>{_base64(value)}"
        "</xenc:CipherValue></xenc:CipherData>\n"
    )


def _mac_uri(mac: MacAlgorithm) -> str:
    if mac is MacAlgorithm.HMAC_SHA1:
        return "http://www.w3.org/2000/09/xmldsig#hmac-sha1"
    return f"http://www.w3.org/2001/04/xmldsig-more#hmac-{mac.value}"


def _base64(octets: bytes) -> str:
    return b64encode(octets).decode("ascii")
