"""Makes small PSKC files under every cipher that has a name, MACed in every way, good or not.

Beside `pskc_maker`, which makes large ones under the usual ciphers. Nothing here is a secret.
"""

import hashlib
import hmac
from base64 import b64encode
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.decrepit.ciphers.algorithms import Camellia, TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from cryptography.hazmat.primitives.keywrap import aes_key_wrap, aes_key_wrap_with_padding
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from importers import Cipher, MacAlgorithm, Mode, PreSharedKey, PrivateKey
from tests.support.pskc_maker import PSKC, published_octets

MAC_KEY = published_octets("MAC key", 32)
SEED = b"published seed, 24 octet"  # a length that every mode carries
KEY_NAME = "<ds:KeyName>transport-key</ds:KeyName>"
_XENC = "http://www.w3.org/2001/04/xmlenc#"
_XENC11 = "http://www.w3.org/2009/xmlenc11#"
_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_OUTER_IV = bytes.fromhex("4adda22c79e82105")  # RFC 3217 section 3.1


@cache
def private_key(number: int = 0) -> rsa.RSAPrivateKey:
    """One of a few RSA keys, made once a run."""
    del number  # one key a number
    return rsa.generate_private_key(65537, 2048)


@cache
def key_for(cipher: Cipher) -> bytes:
    """A key for this cipher: its octets, or PKCS#8 in DER."""
    if cipher.key_octets:
        return published_octets(f"key of {cipher}", cipher.key_octets)
    with PrivateKey(private_key()).expose() as octets:
        return bytes(octets)


def unlock_for(cipher: Cipher) -> PreSharedKey | PrivateKey:
    """What opens a file under `key_for` this cipher."""
    return PreSharedKey(key_for(cipher)) if cipher.key_octets else PrivateKey(private_key())


@dataclass(frozen=True, slots=True)
class Sealed:
    """A file with one token, sealed as told. `key` is `key_for(cipher)` where it is None.

    Without `mac` there is no MACMethod and no value MAC. Without `mac_key` the key itself makes
    the value MAC, and `reference` names it. `method` is another EncryptionMethod than the cipher's.
    """

    cipher: Cipher
    key: bytes | None = None
    seed: bytes = SEED
    mac: MacAlgorithm | None = MacAlgorithm.HMAC_SHA256
    mac_key: bytes | None = MAC_KEY
    mac_cipher: Cipher | None = None
    reference: str | None = None
    encryption_key: str = KEY_NAME
    method: str | None = None
    filled: bool = False


def sealed(order: Sealed) -> str:
    """The ordered file."""
    key = key_for(order.cipher) if order.key is None else order.key
    value = seal(order.cipher, key, order.seed, filled=order.filled)
    method = order.method or method_of(order.cipher)
    return (
        f'<KeyContainer Version="1.0" xmlns="{PSKC}" xmlns:ds="{_DSIG}" xmlns:xenc="{_XENC}"\n'
        f'    xmlns:xenc11="{_XENC11}">\n<EncryptionKey>{order.encryption_key}</EncryptionKey>\n'
        f"{_mac_method(order, key, method)}<KeyPackage><DeviceInfo><SerialNo>GALT10000000"
        f'</SerialNo></DeviceInfo>\n<Key Id="1" Algorithm="{PSKC}:hotp"><AlgorithmParameters>'
        '<ResponseFormat Length="6" Encoding="DECIMAL"/></AlgorithmParameters>\n<Data><Secret>'
        f"<EncryptedValue>{encrypted(method, value)}</EncryptedValue>"
        f"{_value_mac(order, key, value)}</Secret><Counter><PlainValue>0</PlainValue></Counter>"
        "</Data></Key></KeyPackage>\n"
        "</KeyContainer>\n"
    )


def encrypted(method: str, value: bytes) -> str:
    """What stands in an EncryptedDataType."""
    return (
        f"{method}<xenc:CipherData><xenc:CipherValue>{base64(value)}"
        "</xenc:CipherValue></xenc:CipherData>\n"
    )


def base64(octets: bytes) -> str:
    """The text of an octet string."""
    return b64encode(octets).decode("ascii")


def method_of(cipher: Cipher, uri: str | None = None) -> str:
    """The cipher's EncryptionMethod, under another URI where one is given."""
    within = ""
    if cipher is Cipher.RSA_OAEP_SHA256:
        within = (
            f'<ds:DigestMethod Algorithm="{_XENC}sha256"/><xenc11:MGF Algorithm="'
            f'{_XENC11}mgf1sha256"/>'
        )
    uri = uri or uri_of(cipher)
    return f'<xenc:EncryptionMethod Algorithm="{uri}">{within}</xenc:EncryptionMethod>'


_URIS = {
    ("AES", Mode.CBC): f"{_XENC}aes{{}}-cbc",
    ("AES", Mode.GCM): f"{_XENC11}aes{{}}-gcm",
    ("AES", Mode.KEY_WRAP): f"{_XENC}kw-aes{{}}",
    ("AES", Mode.PADDED_KEY_WRAP): f"{_XENC11}kw-aes-{{}}-pad",
    ("3DES", Mode.CBC): f"{_XENC}tripledes-cbc",
    ("3DES", Mode.KEY_WRAP): f"{_XENC}kw-tripledes",
    ("CAMELLIA", Mode.CBC): f"{_MORE}camellia{{}}-cbc",
    ("CAMELLIA", Mode.KEY_WRAP): f"{_MORE}kw-camellia{{}}",
    ("RSA", Mode.RSA_1_5): f"{_XENC}rsa-1_5",
    ("RSA", Mode.RSA_OAEP): f"{_XENC11}rsa-oaep",
}


def uri_of(cipher: Cipher) -> str:
    """The W3C's URI of the cipher."""
    if cipher is Cipher.RSA_OAEP_SHA1:
        return f"{_XENC}rsa-oaep-mgf1p"
    return _URIS[cipher.algorithm, cipher.mode].format(cipher.key_octets * 8)


def _mac_method(order: Sealed, key: bytes, method: str) -> str:
    if order.mac is None:
        return ""
    within = ""
    if order.mac_key is not None:
        cipher = order.mac_cipher or order.cipher
        value = seal(cipher, key, order.mac_key, filled=order.filled)
        method = method_of(order.mac_cipher) if order.mac_cipher else method
        within = f"<MACKey>{encrypted(method, value)}</MACKey>"
    if order.reference is not None:
        within += f"<MACKeyReference>{order.reference}</MACKeyReference>"
    sha1 = order.mac is MacAlgorithm.HMAC_SHA1
    uri = f"{_DSIG}hmac-sha1" if sha1 else f"{_MORE}hmac-{order.mac.value}"
    return f'<MACMethod Algorithm="{uri}">{within}</MACMethod>\n'


def _value_mac(order: Sealed, key: bytes, value: bytes) -> str:
    if order.mac is None:
        return ""
    value_mac = hmac.digest(order.mac_key or key, value, order.mac.value)
    return f"<ValueMAC>{base64(value_mac)}</ValueMAC>"


# --- what ciphers make of a value ------------------------------------------------------------


def seal(cipher: Cipher, key: bytes, octets: bytes, *, filled: bool = False) -> bytes:
    """The octets under the cipher, as `Mode` says; `filled` pads as XML Encryption permits."""
    match cipher.mode:
        case Mode.CBC:
            return _cbc(cipher, key, _padded(octets, cipher.block_octets, filled=filled))
        case Mode.GCM:
            iv = published_octets("IV", 12)
            return iv + AESGCM(key).encrypt(iv, octets, None)
        case Mode.PADDED_KEY_WRAP:
            return aes_key_wrap_with_padding(key, octets)
        case Mode.KEY_WRAP:
            return _wrapped(cipher, key, octets)
        case _:
            return _for_public_key(cipher, key, octets)


def _padded(octets: bytes, block: int, *, filled: bool) -> bytes:
    length = block - len(octets) % block
    filler = published_octets("filler", length - 1) if filled else bytes([length]) * (length - 1)
    return octets + filler + bytes([length])


def _block_cipher(cipher: Cipher, key: bytes) -> BlockCipherAlgorithm:
    match cipher.algorithm:
        case "AES":
            return AES(key)
        case "CAMELLIA":
            return Camellia(key)
        case _:
            return TripleDES(key if len(key) == 24 else key + key[:8])


def _cbc(cipher: Cipher, key: bytes, padded: bytes) -> bytes:
    iv = published_octets("IV", cipher.block_octets)
    encryptor = BlockCipher(_block_cipher(cipher, key), CBC(iv)).encryptor()
    return iv + encryptor.update(padded) + encryptor.finalize()


def _wrapped(cipher: Cipher, key: bytes, octets: bytes) -> bytes:
    match cipher.algorithm:
        case "AES":
            return aes_key_wrap(key, octets)
        case "CAMELLIA":
            return wrap_camellia(key, octets)
        case _:
            return wrap_3des(key if len(key) == 24 else key + key[:8], octets)


def wrap_camellia(key: bytes, octets: bytes) -> bytes:
    """RFC 3394 section 2.2.1 over Camellia."""
    check = b"\xa6" * 8
    registers = [octets[at : at + 8] for at in range(0, len(octets), 8)]
    encryptor = BlockCipher(Camellia(key), ECB()).encryptor()
    for step in range(1, 6 * len(registers) + 1):
        at = (step - 1) % len(registers)
        block = encryptor.update(check + registers[at])
        check = (int.from_bytes(block[:8], "big") ^ step).to_bytes(8, "big")
        registers[at] = block[8:]
    return check + b"".join(registers)


def wrap_3des(key: bytes, octets: bytes, iv: bytes | None = None) -> bytes:
    """RFC 3217 section 3.1."""
    iv = published_octets("IV", 8) if iv is None else iv
    checked = octets + hashlib.sha1(octets).digest()[:8]
    inner = BlockCipher(TripleDES(key), CBC(iv)).encryptor()
    outer = BlockCipher(TripleDES(key), CBC(_OUTER_IV)).encryptor()
    return outer.update((iv + inner.update(checked))[::-1])


def _for_public_key(cipher: Cipher, key: bytes, octets: bytes) -> bytes:
    public = _public_key(key)
    if cipher.mode is Mode.RSA_1_5:
        return public.encrypt(octets, padding.PKCS1v15())
    hash_ = hashes.SHA1() if cipher.hash == "SHA1" else hashes.SHA256()
    return public.encrypt(octets, padding.OAEP(padding.MGF1(hash_), hash_, None))


def _public_key(der: bytes) -> rsa.RSAPublicKey:
    """Out of a private key, or of a public one where the private one is elsewhere."""
    try:
        public = load_der_public_key(der)
    except ValueError:
        private = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
        assert isinstance(private, rsa.RSAPrivateKey)
        public = private.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    return public
