"""How much of this machine one seed file may use."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds for one seed file; sizes in octets. Beyond one, `LimitExceeded` is raised.

    `package_octets` bounds what lies between the ends of two key packages, and so the memory used.
    """

    max_bytes: int = 4 << 30
    depth: int = 32
    value_octets: int = 64 << 10
    package_octets: int = 1 << 20
    records: int = 5_000_000
    pbkdf2_iterations: int = 10_000_000
