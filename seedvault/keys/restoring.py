"""The `RestoringHsm` port: keys that a backup names, before there is a database that does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import hsm
from seedvault.domain.backup import BackupHeader
from seedvault.domain.errors import FileRefused, HsmUnavailable, SealBroken
from seedvault.domain.policy_rule import Standing
from seedvault.domain.token import Token
from seedvault.keys.epoch_memory import HsmEpochMemory
from seedvault.keys.failures import translated
from seedvault.keys.hsm_keys import HsmKeys
from seedvault.service.ports import Seal, StoredToken, WrappedSeed

_NEEDED = 4  # KEK, seal, fingerprint and checkpoint key


@dataclass(frozen=True, slots=True)
class RestoringKeys:
    """The keys of one vault, logged in."""

    keystore: hsm.Keystore
    vault_id: str

    @property
    def memory(self) -> HsmEpochMemory:
        return HsmEpochMemory(self.keystore, self.vault_id)

    @property
    def public_key(self) -> bytes:
        with translated():
            return self.keystore.checkpoint_public_key()

    def seal(self, token: Token, wrapped: WrappedSeed, revision: int, standing: Standing) -> Seal:
        return HsmKeys(self.keystore, self.vault_id).seal(token, wrapped, revision, standing)

    def is_sealed(self, stored: StoredToken) -> bool:
        try:
            HsmKeys(self.keystore, self.vault_id).check(stored)
        except SealBroken:
            return False
        return True


@contextmanager
def restoring_keys(
    place: hsm.Location, pin: hsm.Pin, header: BackupHeader
) -> Iterator[RestoringKeys]:
    """Raises HsmUnavailable where the HSM has not the keys that the header names."""
    ring = _keyring(header)
    with translated():
        try:
            keystore = hsm.Keystore.connect(place, pin, ring)
        except hsm.KeyNotFound as error:
            raise _other_hsm(header, str(error)) from error
    try:
        yield RestoringKeys(keystore, header.vault_id)
    finally:
        keystore.close()


def _keyring(header: BackupHeader) -> hsm.Keyring:
    try:
        keys = {key.purpose: key for key in map(hsm.named, header.keys)}
        return hsm.Keyring(
            keys[hsm.Purpose.KEK],
            keys[hsm.Purpose.SEAL],
            keys[hsm.Purpose.FINGERPRINT],
            keys[hsm.Purpose.CHECKPOINT],
        )
    except (KeyError, hsm.KeyNotFound) as error:
        raise FileRefused(
            "the backup does not say which keys its vault works with",
            unchanged="Nothing was restored.",
            remedy="It was not written by seedvault backup: take another.",
        ) from error


def _other_hsm(header: BackupHeader, why: str) -> HsmUnavailable:
    return HsmUnavailable(
        f"the HSM lacks keys that this backup's vault works with ({', '.join(header.keys)}): {why}",
        unchanged="Nothing was restored.",
        remedy="Were they rotated since, and destroyed? Take a newer backup; if there is none, "
        "name a new, empty PKCS#11 token in seedvault.toml. Is the HSM new? Restore without it, "
        "and bring the keys then, by their shares: --hsm-lost, and seedvault key restore",
    )
