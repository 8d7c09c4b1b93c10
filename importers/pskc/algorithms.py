"""The URIs by which PSKC names ciphers, MACs and key derivation (RFC 6030 section 6)."""

from importers.cipher import Cipher
from importers.header import MacAlgorithm

_XENC = "http://www.w3.org/2001/04/xmlenc#"
_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_DSIG_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_PKCS5 = "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5"
_SHOWN = 100

CIPHERS = {
    f"{_XENC}aes128-cbc": Cipher.AES_128_CBC,
    f"{_XENC}aes192-cbc": Cipher.AES_192_CBC,
    f"{_XENC}aes256-cbc": Cipher.AES_256_CBC,
}
MACS = {
    f"{_DSIG}hmac-sha1": MacAlgorithm.HMAC_SHA1,
    f"{_DSIG_MORE}hmac-sha224": MacAlgorithm.HMAC_SHA224,
    f"{_DSIG_MORE}hmac-sha256": MacAlgorithm.HMAC_SHA256,
    f"{_DSIG_MORE}hmac-sha384": MacAlgorithm.HMAC_SHA384,
    f"{_DSIG_MORE}hmac-sha512": MacAlgorithm.HMAC_SHA512,
}
# The RFC's text, its figure 7 (and every real file), and XML Encryption 1.1.
PBKDF2 = frozenset(
    {f"{_PKCS5}#pbkdf2", f"{_PKCS5}v2-0#pbkdf2", "http://www.w3.org/2009/xmlenc11#pbkdf2"}
)
_DIGESTS = {
    "sha1": MacAlgorithm.HMAC_SHA1,
    "sha224": MacAlgorithm.HMAC_SHA224,
    "sha256": MacAlgorithm.HMAC_SHA256,
    "sha384": MacAlgorithm.HMAC_SHA384,
    "sha512": MacAlgorithm.HMAC_SHA512,
}


def prf(uri: str) -> MacAlgorithm | None:
    """PBKDF2's pseudo-random function by the last part of its URI, whichever standard's it is."""
    return _DIGESTS.get(uri.rpartition("#")[2].casefold().removeprefix("hmac-").replace("-", ""))


def shown(uri: str | None) -> str:
    """A URI as an error may repeat it."""
    return "nothing" if uri is None else ascii(uri.strip()[:_SHOWN])
