"""OCRA tokens whose seeds are known, in a file as LinOTP writes it, and what they answer.

The responses are computed apart from the product, straight from RFC 6287 section 5.
"""

import hashlib
import hmac
from pathlib import Path


def deliver(path: Path, *suites: str) -> Path:
    """A file of one token for each suite; their serials are OCRA0001 and so on."""
    lines = (
        f"{serial(number)},{seed(number).hex()},ocra2,{suite}"
        for number, suite in enumerate(suites, 1)
    )
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def serial(number: int) -> str:
    """The serial of the token at this place, from 1."""
    return f"OCRA{number:04d}"


def seed(number: int) -> bytes:
    """Its seed."""
    return hashlib.sha256(f"seed {number}".encode()).digest()[:20]


def answer(number: int, suite: str, question: str, **inputs: bytes) -> str:
    """What a token of SHA-1 and six digits or more shows: `before` is C, `after` is P, S and T."""
    digits = int(suite.split(":")[1].split("-")[2])
    numeric = f"{int(question):x}".ljust(256, "0")
    message = suite.encode() + b"\0" + inputs.get("before", b"") + bytes.fromhex(numeric)
    tag = hmac.digest(seed(number), message + inputs.get("after", b""), "sha1")
    place = tag[-1] & 15
    whole = int.from_bytes(tag[place : place + 4], "big") % 2**31
    return f"{whole % 10**digits:0{digits}d}"
