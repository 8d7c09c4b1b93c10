"""A process that imports encrypted seeds from standard input, says so, and waits to be read.

First line: the way, and a cipher. `narrow` and `inside` are the keystore's ways, `handing-on`
encrypts each seed for somebody else after the first; `careless` decrypts by a library, and keeps.
Second: library, label and PIN. Third: the transport key; then one ciphertext a line, in
hexadecimal. It never learns what the parent looks for.
"""

import ctypes
import os
import sys
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher as LibraryCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes

from hsm import Cipher, Digest, Keystore, Location, Pin, Terms

PR_SET_PTRACER = 0x59616D61


def _narrow(
    keystore: Keystore, cipher: Cipher, key: bytes, ciphertexts: list[bytes]
) -> list[object]:
    with keystore.transport_key(cipher, key) as transport:
        return [keystore.import_encrypted(transport, each, Digest.SHA1) for each in ciphertexts]


def _inside(
    keystore: Keystore, cipher: Cipher, key: bytes, ciphertexts: list[bytes]
) -> list[object]:
    terms = Terms(authenticated=True, inside_only=True)  # no other way is fallen back to
    with keystore.transport_key(cipher, key) as transport:
        return [
            keystore.import_encrypted(transport, each, Digest.SHA1, terms) for each in ciphertexts
        ]


def _handing_on(
    keystore: Keystore, cipher: Cipher, key: bytes, ciphertexts: list[bytes]
) -> list[object]:
    kept: list[object] = []
    with (
        keystore.transport_key(cipher, key) as transport,
        keystore.recipient(Cipher.AES_256_CBC, os.urandom(32)) as recipient,
    ):
        for each in ciphertexts:
            seed = keystore.import_encrypted(transport, each, Digest.SHA1, Terms(exportable=True))
            assert seed.export_blob is not None
            kept.append(keystore.export_encrypted(seed.key, seed.export_blob, recipient))
    return kept


def _careless(
    _keystore: Keystore, _cipher: Cipher, key: bytes, ciphertexts: list[bytes]
) -> list[object]:
    seeds: list[object] = []
    for ciphertext in ciphertexts:
        decryptor = LibraryCipher(algorithms.AES(key), modes.CBC(ciphertext[:16])).decryptor()
        seeds.append(decryptor.update(ciphertext[16:])[:20])
    return seeds


def main() -> None:
    """Import, print how many, wait for the end of standard input's other side."""
    way, cipher = sys.stdin.readline().split()
    library, label, secret = sys.stdin.readline().split()
    key = bytes.fromhex(sys.stdin.readline())
    ciphertexts = [bytes.fromhex(sys.stdin.readline()) for _ in range(200)]
    keystore = Keystore.connect(Location(Path(library), label), Pin(bytearray(secret, "ascii")))
    ways = {
        "narrow": _narrow,
        "inside": _inside,
        "handing-on": _handing_on,
        "careless": _careless,
    }
    work = ways[way]
    kept = work(keystore, Cipher[cipher], key, ciphertexts)
    # Where Yama guards /proc/PID/mem, the parent needs to be told in.
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(os.getppid()), 0, 0, 0)
    sys.stdout.write(f"{len(kept)}\n")
    sys.stdout.flush()
    sys.stdin.readline()


if __name__ == "__main__":
    main()
