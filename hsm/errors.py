"""What can go wrong with a PKCS#11 module, by what the caller can do about it.

No message ever holds a PIN, a key or a seed. After any of these errors the key in
question was neither used nor changed, and nobody's failure count may move.
"""


class HsmError(Exception):
    """Any failure of this package; `code` names what the module returned, where it did."""

    code = ""


class Unavailable(HsmError):
    """The module, its slot or its session does not answer: try again, or look at the module."""


class PinRejected(HsmError):
    """The module refused the PIN. It was offered once, and is never offered again."""


class KeyNotFound(HsmError):
    """A PKCS#11 token or a key on it is missing, or not unique."""


class Unsupported(HsmError):
    """The module cannot do what is asked of it."""


class Integrity(HsmError):
    """A wrapped key or a ciphertext is not what was once written."""


class Policy(HsmError):
    """A rule of ours or of the module forbids it."""
