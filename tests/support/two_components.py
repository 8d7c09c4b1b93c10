"""A transport key in two components, as two custodians bring it."""

import subprocess

from importers import Cipher
from tests.support.sealed_maker import key_for

AES = Cipher.AES_128_CBC
KEY = key_for(AES)
FIRST = bytes(range(1, 17))
SECOND = bytes(a ^ b for a, b in zip(FIRST, KEY, strict=True))


def check_value(key: bytes) -> str:
    """By OpenSSL, which is what a custodian at the other end may have."""
    ran = subprocess.run(
        ["openssl", "enc", "-aes-128-ecb", "-nopad", "-K", key.hex()],
        input=bytes(16),
        capture_output=True,
        check=True,
    )
    return ran.stdout[:3].hex()
