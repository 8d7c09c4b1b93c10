"""Codes computed apart from the product, straight from RFC 4226 section 5.3 with a seed in hand."""

import hmac

from importers import Digest


def code(seed: bytes, factor: int, digest: Digest, digits: int) -> str:
    """The code of a seed at a counter or time step."""
    tag = hmac.digest(seed, factor.to_bytes(8, "big"), digest.value.lower())
    offset = tag[-1] & 15
    number = int.from_bytes(tag[offset : offset + 4], "big") % 2**31
    return f"{number % 10**digits:0{digits}d}"
