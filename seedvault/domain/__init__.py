"""Pure decisions about tokens and codes: no I/O, no clock, no randomness, and no type for a seed.

RFC 4226 needs HMAC(K, C), never K: everything here computes over `oath.Mac`.
"""
