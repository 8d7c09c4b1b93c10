"""The URIs by which PSKC names ciphers, MACs and key derivation (RFC 6030 section 6)."""

from importers.cipher import Cipher
from importers.header import MacAlgorithm

_XENC = "http://www.w3.org/2001/04/xmlenc#"
_XENC11 = "http://www.w3.org/2009/xmlenc11#"
_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_DSIG_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_PKCS5 = "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5"
_SHOWN = 100
_BITS = (128, 192, 256)

# Where two URIs name one cipher, the first is the W3C's; the RFC prints the second.
CIPHERS = {
    **{f"{_XENC}aes{bits}-cbc": Cipher[f"AES_{bits}_CBC"] for bits in _BITS},
    f"{_XENC}tripledes-cbc": Cipher.DES3_CBC,
    **{f"{_DSIG_MORE}camellia{bits}-cbc": Cipher[f"CAMELLIA_{bits}_CBC"] for bits in _BITS},
    **{f"{_DSIG_MORE}camellia{bits}": Cipher[f"CAMELLIA_{bits}_CBC"] for bits in _BITS},
    **{f"{_XENC11}aes{bits}-gcm": Cipher[f"AES_{bits}_GCM"] for bits in _BITS},
    **{f"{_XENC}kw-aes{bits}": Cipher[f"AES_{bits}_KW"] for bits in _BITS},
    **{f"{_XENC11}kw-aes-{bits}-pad": Cipher[f"AES_{bits}_KWP"] for bits in _BITS},
    f"{_XENC}kw-tripledes": Cipher.DES3_KW,
    **{f"{_DSIG_MORE}kw-camellia{bits}": Cipher[f"CAMELLIA_{bits}_KW"] for bits in _BITS},
    f"{_XENC}rsa-1_5": Cipher.RSA_1_5,
    f"{_XENC}rsa_1_5": Cipher.RSA_1_5,
}
_OAEP_MGF1_SHA1 = f"{_XENC}rsa-oaep-mgf1p"
OAEP = frozenset({_OAEP_MGF1_SHA1, f"{_XENC11}rsa-oaep"})
_OAEP_DIGESTS = {f"{_DSIG}sha1": "SHA1", f"{_XENC}sha256": "SHA256"}
_OAEP_MASKS = {f"{_XENC11}mgf1sha1": "SHA1", f"{_XENC11}mgf1sha256": "SHA256"}
_OAEP = {"SHA1": Cipher.RSA_OAEP_SHA1, "SHA256": Cipher.RSA_OAEP_SHA256}

_FRAGMENTS = {uri.rpartition("#")[2]: cipher for uri, cipher in CIPHERS.items()}
_BY_NAME = {
    **{str(cipher).casefold(): cipher for cipher in Cipher},
    **_FRAGMENTS,
    "rsa-oaep-mgf1p": Cipher.RSA_OAEP_SHA1,
}

MACS = {
    f"{_DSIG}hmac-sha1": MacAlgorithm.HMAC_SHA1,
    f"{_DSIG_MORE}hmac-sha224": MacAlgorithm.HMAC_SHA224,
    f"{_DSIG_MORE}hmac-sha256": MacAlgorithm.HMAC_SHA256,
    f"{_DSIG_MORE}hmac-sha384": MacAlgorithm.HMAC_SHA384,
    f"{_DSIG_MORE}hmac-sha512": MacAlgorithm.HMAC_SHA512,
}
# The RFC's text, its figure 7 (and every real file), and XML Encryption 1.1.
PBKDF2 = frozenset({f"{_PKCS5}#pbkdf2", f"{_PKCS5}v2-0#pbkdf2", f"{_XENC11}pbkdf2"})
_DIGESTS = {
    "sha1": MacAlgorithm.HMAC_SHA1,
    "sha224": MacAlgorithm.HMAC_SHA224,
    "sha256": MacAlgorithm.HMAC_SHA256,
    "sha384": MacAlgorithm.HMAC_SHA384,
    "sha512": MacAlgorithm.HMAC_SHA512,
}


def oaep(uri: str, digest: str | None, mask: str | None) -> Cipher | None:
    """OAEP with the hash that its parameters name, SHA-1 where they are silent.

    None for another hash, and for a mask over another hash than the digest's: one cipher has one.
    """
    hashed = _OAEP_DIGESTS.get(digest or f"{_DSIG}sha1")
    masked = _OAEP_MASKS.get(mask or f"{_XENC11}mgf1sha1")
    if hashed != masked or (uri == _OAEP_MGF1_SHA1 and masked != "SHA1"):
        return None
    return _OAEP.get(hashed or "")


def named(name: str) -> Cipher | None:
    """The cipher that an operator means: "aes256-cbc" as in URIs, or "AES-256-CBC" as we print."""
    return _BY_NAME.get(name.strip().casefold())


def name_of(cipher: Cipher) -> str:
    """What `named` reads: the end of the cipher's URI where it has one of its own."""
    return next((name for name, known in _FRAGMENTS.items() if known is cipher), str(cipher))


def prf(uri: str) -> MacAlgorithm | None:
    """PBKDF2's pseudo-random function by the last part of its URI, whichever standard's it is."""
    return _DIGESTS.get(uri.rpartition("#")[2].casefold().removeprefix("hmac-").replace("-", ""))


def shown(uri: str | None, most: int = _SHOWN) -> str:
    """A URI as an error may repeat it, of at most so many characters."""
    return "nothing" if uri is None else ascii(uri.strip()[:most])
