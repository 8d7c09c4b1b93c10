"""Finding things, with an answer that helps where they are not there."""

from seedvault.domain.batch import Batch, batch_number
from seedvault.domain.errors import InvalidInput, NotFound
from seedvault.domain.names import Serial, UserName
from seedvault.service.ports import StoredToken, User, Vault

_SUGGESTIONS = 3


def token_of(vault: Vault, serial: Serial) -> StoredToken:
    """The token with this serial; NotFound names the nearest ones."""
    stored = vault.token(serial)
    if stored is None:
        raise unknown_serial(vault, serial)
    return stored


def unknown_serial(vault: Vault, serial: Serial) -> NotFound:
    """The error for a serial that no seed file delivered."""
    near = ", ".join(str(candidate) for candidate in vault.nearest_serials(serial, _SUGGESTIONS))
    remedy = f"Nearest: {near}." if near else "Import the seed file it came with first."
    return NotFound(f"no token has the serial {serial}", remedy=remedy)


def user_of(vault: Vault, name: UserName) -> User:
    """The user of this name, or NotFound."""
    user = vault.user(name)
    if user is None:
        raise NotFound(f"no user is called {name}", remedy=f"Add them: seedvault user add {name}")
    return user


def spelling_of(vault: Vault, name: str) -> str:
    """The user's name as the vault spells it, and events with it; `name` where nobody has it."""
    try:
        user = vault.user(UserName(name.strip()))
    except InvalidInput:
        return name
    return str(user.name) if user else name


def batch_of(vault: Vault, name: str) -> Batch:
    """The batch called `name` ("B-0001", or just its number), or NotFound."""
    batch = vault.batch(batch_number(name))
    if batch is None:
        raise NotFound(f"no batch is called {name}", remedy="See: seedvault batch list")
    return batch
