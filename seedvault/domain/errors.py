"""Why something could not be decided or done. A wrong code is no error: see `outcome`."""

NOTHING_CHANGED = "Nothing was changed."


class SeedvaultError(Exception):
    """What went wrong and where, what was not changed, and the remedy; never a secret."""

    def __init__(self, what: str, *, unchanged: str = NOTHING_CHANGED, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.unchanged = unchanged
        self.remedy = remedy

    def __str__(self) -> str:
        return "\n".join(part for part in (self.what, self.unchanged, self.remedy) if part)


class InvalidInput(SeedvaultError):
    """A name, serial, option or setting that no valid call contains."""


class FileRefused(SeedvaultError):
    """A seed file, or its key, that cannot be taken over."""


class KeyNeeded(FileRefused):
    """An encrypted seed file came without its key: `passphrase` tells which kind it asks for."""

    def __init__(self, what: str, *, passphrase: bool, unchanged: str, remedy: str) -> None:
        super().__init__(what, unchanged=unchanged, remedy=remedy)
        self.passphrase = passphrase


class ModuleLacks(FileRefused):
    """A seed file that the module cannot take over at all: no record is to blame."""


class SeedDamaged(FileRefused):
    """An encrypted seed that does not decrypt: it was changed, or the key is another file's."""


class NotFound(SeedvaultError):
    """No token, user or batch of that name."""


class Conflict(SeedvaultError):
    """The vault already holds something else under that name."""


class NotAllowed(SeedvaultError):
    """The state of the thing, or the role of the actor, forbids it."""


class SealBroken(SeedvaultError):
    """A token's row is not what Seedvault wrote: the database was changed from outside."""


class HsmUnavailable(SeedvaultError):
    """The HSM cannot be used now, or refused its PIN. Nobody's failure count moves."""


class StorageUnavailable(SeedvaultError):
    """The database cannot be read or written now."""


class ClockUntrusted(SeedvaultError):
    """The database contradicts this node's clock. Nobody's failure count moves."""
