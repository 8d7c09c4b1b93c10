"""The one place that names concrete adapters, the clock and randomness.

Adapters are imported when they are first used: a command loads what it needs and no more.
"""

# ruff: noqa: PLC0415 - see above

import secrets
from contextlib import ExitStack
from functools import cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING

from seedvault.config import Settings
from seedvault.domain import life
from seedvault.domain.ceremony import CeremonyRecord, Setting
from seedvault.domain.errors import HsmUnavailable, SeedvaultError, StorageUnavailable
from seedvault.service.binding import AssignToken, UnassignToken, UnlockToken
from seedvault.service.bulk import AssignMany
from seedvault.service.challenge import IssueChallenge, VerifyResponse
from seedvault.service.clock import AcceptClock, CompareClocks
from seedvault.service.covering import Remark
from seedvault.service.epoch import Kept, settle_epoch
from seedvault.service.find_token import WORKERS, FindToken
from seedvault.service.fleet import CountFailures
from seedvault.service.groups import GroupUser
from seedvault.service.handover import HandOver
from seedvault.service.import_batch import ImportBatch
from seedvault.service.inquiry import InquireToken
from seedvault.service.inspect import InspectFile
from seedvault.service.key_ports import MovingKeys
from seedvault.service.lifecycle import ChangeLife
from seedvault.service.pins import ClearPin, SetPin
from seedvault.service.policies import RulesInForce
from seedvault.service.policy_changes import ChangeRules, EndRules, ReadRules
from seedvault.service.policy_inquiry import ExplainPolicy
from seedvault.service.policy_ports import Policies
from seedvault.service.records import SignedRecord, sign_record
from seedvault.service.resync import ResynchroniseToken
from seedvault.service.seed_files import HeldKey, Intake, Recipient
from seedvault.service.users import AddUser
from seedvault.service.verify import VerifyCode
from seedvault.wiring import places
from seedvault.wiring.clock import system_clock
from seedvault.wiring.founding import (
    Initialised,
    examine,
    fresh_place,
    has_place,
    initialise,
)
from seedvault.wiring.known_formats import KnownFormat, known_formats
from seedvault.wiring.places import location
from seedvault.wiring.schema import SchemaState, schema_of, upgrade
from seedvault.wiring.shares import RECOVERY_SHARE, SharePlan
from seedvault.wiring.strangers import refuse_strangers

if TYPE_CHECKING:
    import hsm
    from seedvault.service.records import RecordSigner
    from seedvault.wiring.auditing import Auditing
    from seedvault.wiring.ceremonies import Ceremonies
    from seedvault.wiring.whole_vault import WholeVault

__all__ = [
    "RECOVERY_SHARE",
    "Application",
    "Initialised",
    "KnownFormat",
    "SchemaState",
    "SharePlan",
    "examine",
    "fresh_place",
    "has_place",
    "initialise",
    "known_formats",
    "location",
    "schema_of",
    "system_clock",
    "upgrade",
]


_GONE = (HsmUnavailable, StorageUnavailable)
"""What failed a moment ago would only fail, or wait, again."""


class Application:
    """One vault, its parts opened when first used and closed together."""

    def __init__(self, settings: Settings, remark: Remark = lambda _: None) -> None:
        """`remark` is told what did not go as it should at the end, and spoils nothing."""
        refuse_strangers()
        self.settings = settings
        self._remark = remark
        self._open = ExitStack()

    def __enter__(self) -> "Application":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Where something was changed and the HSM is at hand, a checkpoint covers it."""
        try:
            refused = isinstance(error, SeedvaultError) and not isinstance(error, _GONE)
            if "_keystore" in self.__dict__ and self.vault.commits and (refused or error is None):
                self.audit.cover(self._remark).in_passing()
        finally:
            self._open.close()

    @cached_property
    def vault(self) -> "WholeVault":
        """The database, opened; StorageUnavailable where there is none."""
        from seedvault.storage import open_vault

        vault = open_vault(self.settings.database, system_clock)
        self._open.callback(vault.close)
        return vault

    @cached_property
    def keys(self) -> MovingKeys:
        """The HSM, logged in."""
        from seedvault.keys import HsmKeys

        vault_id = self.vault.identity.vault_id
        return HsmKeys(self._keystore, vault_id, self.settings.min_tier)

    @property
    def epoch_kept(self) -> Kept:
        """Whether the HSM would notice an older copy of the database; raises as `keys` does."""
        return self._opened[1]

    @cached_property
    def _keystore(self) -> "hsm.Keystore":
        return self._opened[0]

    @cached_property
    def _opened(self) -> "tuple[hsm.Keystore, Kept]":
        """The HSM, logged in. Raises NotAllowed where the database is an older copy."""
        from seedvault.keys import HsmEpochMemory

        identity, keystore = self.vault.identity, self.any_epochs_keystore()
        memory = HsmEpochMemory(keystore, identity.vault_id)
        return keystore, settle_epoch(identity.epoch, memory)

    def any_epochs_keystore(self) -> "hsm.Keystore":
        """The HSM, logged in for an older database as well: for who raises its epoch."""
        import hsm
        from seedvault.keys import keyring, translated

        ring = keyring(self.vault.vault_keys())
        places.refuse_missing_store(self.settings)
        place = places.location(self.settings)
        if self.settings.require_fips:
            places.refuse_unapproved(place)
        with translated():
            opens = places.pin(self.settings)
            keystore = hsm.Keystore.connect(place, opens, ring)
        self._open.callback(keystore.close)
        return keystore

    @property
    def setting(self) -> Setting:
        """Where this vault's ceremonies are held."""
        token, serial = self.settings.token_label, self.settings.token_serial
        return Setting(
            self.vault.identity.vault_id,
            f"{self.keys.module} at {places.library_of(self.settings)}",
            f"{token}, serial {serial}" if serial else token,
        )

    def sign_record(self, record: CeremonyRecord) -> SignedRecord:
        """The record of a ceremony, signed by the checkpoint key."""
        return sign_record(record, self.record_signer)

    @property
    def record_signer(self) -> "RecordSigner":
        """The checkpoint key in use."""
        from seedvault.keys import HsmRecordSigner

        return HsmRecordSigner(self._keystore)

    @property
    def intake(self) -> Intake:
        """The reader of seed files."""
        from seedvault.intake import SeedFiles

        return SeedFiles()

    @property
    def import_batch(self) -> ImportBatch:
        fips = self.settings.require_fips
        return ImportBatch(self.vault, self.keys, self.intake, system_clock, fips)

    @property
    def hand_over(self) -> HandOver:
        from seedvault.intake import SeedFileOutbox

        return HandOver(self.vault, self.keys, SeedFileOutbox(), system_clock)

    def recipient(self, name: str, key: bytes | None, certificate: bytes | None) -> Recipient:
        """Who a batch is handed on to, by an AES key file's octets or a certificate in PEM."""
        from seedvault.intake import recipient_of

        return recipient_of(name, key, certificate)

    def held_key(self, label: str) -> HeldKey:
        """A transport key on the vault's PKCS#11 token, for a file that was encrypted with it."""
        return HeldKey(label, partial(self.keys.decrypt_mac_key, label))

    @property
    def inspect_file(self) -> InspectFile:
        fips = self.settings.require_fips
        return InspectFile(self.vault, self.keys, self.intake, system_clock, fips)

    @property
    def assign_token(self) -> AssignToken:
        return AssignToken(self.vault, self.keys, system_clock, self.policies)

    @property
    def assign_many(self) -> AssignMany:
        return AssignMany(self.assign_token)

    @property
    def unassign_token(self) -> UnassignToken:
        return UnassignToken(self.vault, self.keys, system_clock)

    def _life(self, transition: life.Transition, step: life.Step) -> ChangeLife:
        return ChangeLife(self.vault, self.keys, system_clock, transition, step)

    @property
    def suspend_token(self) -> ChangeLife:
        return self._life(life.SUSPEND, life.suspend)

    @property
    def resume_token(self) -> ChangeLife:
        return self._life(life.RESUME, life.resume)

    @property
    def revoke_token(self) -> ChangeLife:
        return self._life(life.REVOKE, life.revoke)

    @property
    def retire_token(self) -> ChangeLife:
        return self._life(life.RETIRE, life.retire)

    @property
    def unlock_token(self) -> UnlockToken:
        return UnlockToken(self.vault, self.keys, system_clock)

    @property
    def release_token(self) -> ChangeLife:
        return self._life(life.RELEASE, life.release)

    @property
    def verify_code(self) -> VerifyCode:
        from seedvault.keys import argon2id

        return VerifyCode(self.vault, self.keys, system_clock, self.policies, argon2id)

    @property
    def issue_challenge(self) -> IssueChallenge:
        entropy = secrets.token_bytes
        return IssueChallenge(self.vault, self.keys, system_clock, entropy, self.policies)

    @property
    def verify_response(self) -> VerifyResponse:
        return VerifyResponse(self.vault, self.keys, system_clock, self.policies)

    @property
    def set_pin(self) -> SetPin:
        from seedvault.keys import argon2id

        entropy = secrets.token_bytes
        return SetPin(self.vault, self.keys, system_clock, entropy, argon2id, self.policies)

    @property
    def clear_pin(self) -> ClearPin:
        return ClearPin(self.vault, self.keys, system_clock)

    @property
    def resynchronise_token(self) -> ResynchroniseToken:
        return ResynchroniseToken(self.vault, self.keys, system_clock, self.policies)

    @property
    def find_token(self) -> FindToken:
        return FindToken(self.vault, self.keys, system_clock, self.policies, workers=WORKERS)

    @property
    def inquire_token(self) -> InquireToken:
        return InquireToken(self.vault, system_clock, self.policies)

    @cached_property
    def policies(self) -> Policies:
        """Which policy holds for a token; one for all use cases, which remember its rules."""
        return RulesInForce(self.vault, lambda: self.keys)

    @property
    def read_rules(self) -> ReadRules:
        return ReadRules(self.vault, self.keys, system_clock)

    @property
    def explain_policy(self) -> ExplainPolicy:
        return ExplainPolicy(self.read_rules, self.keys, system_clock)

    @property
    def change_rules(self) -> ChangeRules:
        return ChangeRules(self.vault, self.keys, system_clock)

    @property
    def end_rules(self) -> EndRules:
        return EndRules(self.vault, self.keys, system_clock)

    @property
    def group_user(self) -> GroupUser:
        return GroupUser(self.vault, self.keys, system_clock)

    @property
    def add_user(self) -> AddUser:
        return AddUser(self.vault, system_clock)

    @property
    def ceremonies(self) -> "Ceremonies":
        """What custodians do; the HSM need not be logged in to."""
        from seedvault.wiring.ceremonies import Ceremonies

        return Ceremonies(self)

    @property
    def compare_clocks(self) -> CompareClocks:
        return CompareClocks(self.vault, system_clock)

    @property
    def accept_clock(self) -> AcceptClock:
        return AcceptClock(self.vault, system_clock)

    @property
    def count_failures(self) -> CountFailures:
        return CountFailures(self.vault, system_clock, self.settings.failures_per_hour)

    @property
    def audit(self) -> "Auditing":
        """What is done with the audit log; the HSM is logged in to where it signs."""
        from seedvault.wiring.auditing import Auditing

        return Auditing(self)
