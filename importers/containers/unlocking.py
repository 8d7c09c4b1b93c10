"""What opens a container; it opens nothing inside it."""

from dataclasses import dataclass

from importers.secret import Secret
from importers.unlock import Passphrase


class PgpKey(Secret):
    """A PGP private key as exported: with or without ASCII armour, with or without passphrase."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ContainerUnlock:
    """The passphrase of the container, or of the PGP key; the key; or both."""

    passphrase: Passphrase | None = None
    pgp_key: PgpKey | None = None
