"""Vaults in real databases, for tests."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.batch import Batch, Source, Tier
from seedvault.domain.names import Serial, UserName
from seedvault.domain.token import Bound
from seedvault.domain.vault_key import KeyPurpose, StoredKey
from seedvault.service.ports import Arrival, NewToken, Seal, StoredToken, VaultIdentity
from seedvault.storage import SqlVault, create_vault, open_vault
from tests.support.tokens import NOON

SOURCE = Source("thales.pskcxml", bytes(32), "PSKC 1.0", "AES-128-CBC, value MACs")
FIRST_KEYS = [
    StoredKey(f"{purpose.letter}1", purpose, True, NOON, check_value="00000000")
    for purpose in KeyPurpose
]
IDENTITY = VaultIdentity("vault-1", 0, NOON)
INITIALISED = AuditEvent(EventKind.VAULT_INITIALISED, NOON, "root")
ALICE = UserName("alice")


_ELSEWHERE = "vault.url"
"""A file in a test's folder that says where its vault is, if not beside it."""


def place_elsewhere(folder: Path, database: str) -> None:
    """From here on, the vault of a test is in this database."""
    (folder / _ELSEWHERE).write_text(database)


def url(folder: Path) -> str:
    """Where the vault of a test is: for other processes too."""
    elsewhere = folder / _ELSEWHERE
    return elsewhere.read_text() if elsewhere.exists() else f"sqlite:///{folder / 'vault.db'}"


def make_vault(folder: Path) -> SqlVault:
    """A new vault, open; its clock stands still at noon."""
    create_vault(url(folder), IDENTITY, FIRST_KEYS, INITIALISED)
    return reopen(folder)


def reopen(folder: Path) -> SqlVault:
    """The same vault, as another process would open it."""
    return open_vault(url(folder), lambda: NOON)


def import_tokens(vault: SqlVault, tokens: Iterable[NewToken], source: Source = SOURCE) -> Batch:
    """A batch of these tokens, published."""
    with vault.stage(source, Tier.NARROW, "ingrid", NOON) as staging:
        staging.add([Arrival(token, line) for line, token in enumerate(tokens, 1)])
        return staging.publish(AuditEvent(EventKind.BATCH_IMPORTED, NOON, "ingrid"))


def add_user(vault: SqlVault, name: UserName = ALICE) -> UserName:
    """`name`, known to the vault."""
    with vault.transaction() as transaction:
        transaction.add_user(name, NOON)
        transaction.commit(AuditEvent(EventKind.USER_ADDED, NOON, "root", user=name.verbatim))
    return name


def held_token(vault: SqlVault, serial: Serial) -> StoredToken:
    """A token that must be there."""
    stored = vault.token(serial)
    assert stored is not None
    return stored


def bind(vault: SqlVault, serial: Serial, owner: UserName = ALICE) -> StoredToken:
    """The token, bound to a user who is known."""
    seen = held_token(vault, serial)
    token = Bound(seen.token.device, seen.token.progress, owner, NOON)
    with vault.transaction() as transaction:
        now = replace(seen, token=token, seal=Seal(b"bound" * 6 + b"..", "s1"), revision=1)
        transaction.replace(seen, now)
        transaction.commit(event(serial, EventKind.TOKEN_ASSIGNED))
    return held_token(vault, serial)


def event(serial: Serial, kind: EventKind = EventKind.CODE_ACCEPTED) -> AuditEvent:
    """Something that happened to a token at noon."""
    return AuditEvent(kind, NOON, "rp", serial=serial, user="alice", factor=7, detail="offset +0")
