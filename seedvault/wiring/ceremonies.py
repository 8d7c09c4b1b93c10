"""Ceremonies over one vault's keys: the use cases with what they need."""

# ruff: noqa: PLC0415 - adapters are imported when they are first used

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seedvault.domain.errors import InvalidInput, StorageUnavailable
from seedvault.domain.transport_key import TransportKind
from seedvault.domain.vault_key import KeyPurpose, StoredKey
from seedvault.service.checkpoint_key import RenewCheckpointKey
from seedvault.service.key_custody import CopyKeys, ListKeys, ReshareKeys, RestoreKeys
from seedvault.service.key_ports import KeyRoom, Recovery
from seedvault.service.rotation import DestroyKey, MoveTokens, RenewKeys
from seedvault.service.transport_keys import (
    CreateTransportKey,
    DestroyTransportKey,
    ImportTransportKey,
    ListTransportKeys,
)
from seedvault.service.transport_ports import Component, TransportRoom
from seedvault.wiring import places
from seedvault.wiring.alone import PATIENCE_S, alone
from seedvault.wiring.clock import system_clock
from seedvault.wiring.shares import SharePlan, check_shares, write_shares

if TYPE_CHECKING:
    import hsm
    from seedvault.wiring import Application

_BACKUP = "seedvault.key.backup/1"


class Ceremonies:
    """What custodians do with the keys of an open vault."""

    def __init__(self, application: "Application") -> None:
        self._application = application
        self._vault = application.vault

    @property
    def list_keys(self) -> ListKeys:
        return ListKeys(self._vault, self._room)

    @property
    def renew_keys(self) -> RenewKeys:
        return RenewKeys(self._vault, self._room, system_clock)

    @property
    def renew_checkpoint_key(self) -> RenewCheckpointKey:
        write = self._application.audit.write
        return RenewCheckpointKey(self._vault, self._room, system_clock, write)

    @property
    def move_tokens(self) -> MoveTokens:
        return MoveTokens(self._vault, self._application.keys, system_clock)

    @property
    def destroy_key(self) -> DestroyKey:
        return DestroyKey(self._vault, self._room, system_clock)

    @property
    def copy_keys(self) -> CopyKeys:
        return CopyKeys(self._vault, system_clock)

    @property
    def restore_keys(self) -> RestoreKeys:
        return RestoreKeys(self._vault, self._room, system_clock)

    @property
    def reshare_keys(self) -> ReshareKeys:
        return ReshareKeys(self._vault, self._room, system_clock)

    @contextmanager
    def new_recovery(self, plan: SharePlan) -> Iterator[Recovery]:
        """A recovery key whose shares are in their files; taken away again where the block fails.

        Raises Conflict where one of the files is there already.
        """
        check_shares(plan)
        with ExitStack() as undo:
            try:
                recovery = write_shares(plan, undo)
            except OSError as error:
                raise StorageUnavailable(f"no share can be written: {error}") from error
            yield recovery
            undo.pop_all()
            recovery.wipe()

    @property
    def _room(self) -> KeyRoom:
        import hsm
        from seedvault.keys.key_room import HsmKeyRoom

        settings = self._application.settings
        demands = hsm.Demands(hsm.Tier(settings.min_tier.value), settings.accept_weaknesses)
        return HsmKeyRoom(self._enter, demands)

    @property
    def create_transport_key(self) -> CreateTransportKey:
        return CreateTransportKey(self._vault, self._transport_room, system_clock)

    @property
    def import_transport_key(self) -> ImportTransportKey:
        fips = self._application.settings.require_fips
        return ImportTransportKey(self._vault, self._transport_room, system_clock, fips)

    @property
    def list_transport_keys(self) -> ListTransportKeys:
        return ListTransportKeys(self._vault, self._transport_room)

    @property
    def destroy_transport_key(self) -> DestroyTransportKey:
        return DestroyTransportKey(self._vault, self._transport_room, system_clock)

    @property
    def _transport_room(self) -> TransportRoom:
        from seedvault.keys.transport_room import HsmTransportRoom

        return HsmTransportRoom(self._enter)

    @contextmanager
    def _enter(self) -> "Iterator[tuple[hsm.Location, hsm.Pin]]":
        settings = self._application.settings
        places.refuse_missing_store(settings)
        with alone(settings.home), self._vault.ceremony(PATIENCE_S):
            place = places.location(settings)
            if settings.require_fips:
                places.refuse_unapproved(place)
            yield place, places.pin(settings)


def check_component(kind: TransportKind, number: int, component: Component) -> None:
    """Raises FileRefused where it has not its check value, or is none of such a key."""
    from seedvault.keys import transport_room

    transport_room.check_component(kind, number, component)


def check_spelling(check_value: str) -> None:
    """Raises InvalidInput where it is no check value."""
    from seedvault.keys import transport_room

    transport_room.check_spelling(check_value)


@contextmanager
def recovery_of(shares: Sequence[str]) -> Iterator[Recovery]:
    """The recovery key out of its shares, wiped at the end of the block.

    Raises InvalidInput where they do not make one.
    """
    import hsm

    try:
        recovery = hsm.RecoveryKey.combine(shares)
    except hsm.Policy as error:
        raise InvalidInput(str(error)) from error
    try:
        yield recovery
    finally:
        recovery.wipe()


def shares_needed(share: str) -> tuple[str, int]:
    """The set that a share is of, and how many of the set are needed. Raises InvalidInput."""
    import hsm

    try:
        set_id, _, needed = hsm.share_of(share)
    except hsm.Policy as error:
        raise InvalidInput(str(error)) from error
    return set_id, needed


def backup_document(vault_id: str, keys: Sequence[StoredKey]) -> dict[str, object]:
    """The copies of keys, to be written down; `schema` names its form."""
    return {
        "schema": _BACKUP,
        "vault": vault_id,
        "keys": [
            {
                "name": key.name,
                "purpose": key.purpose.code,
                "created": key.created_at.isoformat(),
                "check_value": key.check_value,
                "copy": base64.b64encode(key.copy or b"").decode("ascii"),
                "shares_of_set": key.recovery,
            }
            for key in keys
        ],
    }


def read_backup(path: Path, vault_id: str) -> list[StoredKey]:
    """The copies in a file. Raises InvalidInput where it is none of this vault's."""
    try:
        document: Any = json.loads(path.read_bytes())
        if (document["schema"], document["vault"]) != (_BACKUP, vault_id):
            raise InvalidInput(
                f"{path} is no backup of this vault's keys",
                remedy=f"Bring the file that seedvault key backup wrote for vault {vault_id}.",
            )
        return [
            StoredKey(
                key["name"],
                KeyPurpose.coded(key["purpose"]),
                in_use=False,
                created_at=datetime.fromisoformat(key["created"]),
                check_value=key["check_value"],
                copy=base64.b64decode(key["copy"], validate=True),
                recovery=key["shares_of_set"],
            )
            for key in document["keys"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f"{path} cannot be read as a backup of keys: {error}") from error
