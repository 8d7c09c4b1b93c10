"""Which cipher an encrypted element is under, as the file says or as the operator does."""

from importers.cipher import Cipher
from importers.errors import Place, Unsupported
from importers.instructions import Instructions
from importers.pskc import algorithms, grammar
from importers.xml import Capture


def instructed(instructions: Instructions, place: Place) -> Cipher | None:
    """The cipher that the operator says the values are under. Raises Unsupported for none known."""
    if instructions.cipher is None:
        return None
    cipher = algorithms.named(instructions.cipher)
    if cipher is None:
        known = ", ".join(dict.fromkeys(map(algorithms.name_of, Cipher)))
        raise Unsupported(
            f"no cipher is called {algorithms.shown(instructions.cipher)}",
            place,
            f"Give one of {known}.",
        )
    return cipher


def cipher_of(capture: Capture, encrypted: grammar.EncryptedData) -> Cipher:
    """The cipher that an encrypted element names. Raises Unsupported for any not known here."""
    uri = capture.attribute(encrypted.method, "Algorithm")
    cipher = algorithms.CIPHERS.get(uri or "")
    if cipher is not None:
        return cipher
    if uri in algorithms.OAEP:
        return _oaep(capture, encrypted, uri)
    raise Unsupported(
        f"the cipher {algorithms.shown(uri)} is not read here",
        capture.place(encrypted.method),
        "Ask for values under AES-128, AES-192 or AES-256 in CBC mode with value MACs.",
    )


def _oaep(capture: Capture, encrypted: grammar.EncryptedData, uri: str) -> Cipher:
    digest = capture.attribute(encrypted.digest, "Algorithm")
    mask = capture.attribute(encrypted.mask, "Algorithm")
    cipher = algorithms.oaep(uri, digest, mask)
    if cipher is None:
        raise Unsupported(
            f"OAEP with the digest {algorithms.shown(digest)} and the mask "
            f"{algorithms.shown(mask)} is not read here",
            capture.place(encrypted.method),
            "Ask for OAEP with SHA-1, or SHA-256, in both places.",
        )
    return cipher


def mislabelled(cipher: Cipher, key_octets: int) -> str | None:
    """A remedy where the key would fit this cipher in another size than the file says.

    Seen: aes128-cbc over values under a key of 32 octets (pskc-creator).
    """
    for other in Cipher:
        alike = (other.algorithm, other.mode) == (cipher.algorithm, cipher.mode)
        if alike and key_octets in other.key_lengths:
            name = algorithms.name_of(other)
            return (
                "Check the key; if it is the right one, the maker named the wrong cipher: "
                f'say that the values are under "{name}".'
            )
    return None
