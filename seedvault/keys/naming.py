"""The vault's keys by name, and the same keys as `hsm` knows them."""

from collections.abc import Iterable
from datetime import datetime

import hsm
from seedvault.domain.errors import StorageUnavailable
from seedvault.domain.vault_key import KeyPurpose, StoredKey, in_use

PURPOSES = {purpose: hsm.Purpose[purpose.name] for purpose in KeyPurpose}


def stored_key(made: hsm.MadeKey, at: datetime, recovery: str | None = None) -> StoredKey:
    """What the database is to know of a key that was just made and is in use."""
    report = made.report
    purpose = KeyPurpose[hsm.named(report.name).purpose.name]
    return StoredKey(
        report.name,
        purpose,
        in_use=True,
        created_at=at,
        check_value=report.check_value,
        copy=made.copy,
        recovery=recovery if made.copy else None,
    )


def keyring(keys: Iterable[StoredKey]) -> hsm.Keyring:
    """The keys in use. Raises StorageUnavailable where the database does not name them."""
    try:
        names = in_use(list(keys))
        return hsm.Keyring(
            hsm.named(names.kek),
            hsm.named(names.seal),
            hsm.named(names.fingerprint),
            hsm.named(names.checkpoint),
        )
    except (KeyError, hsm.KeyNotFound) as error:
        raise StorageUnavailable(
            "the database does not say which keys the vault works with",
            remedy="The database was changed from outside: restore a backup.",
        ) from error
