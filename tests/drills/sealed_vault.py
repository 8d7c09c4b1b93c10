"""A vault of tokens of every kind and state, whose seeds are known, to be tampered with."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import hsm
from importers import Digest as FileDigest
from seedvault.domain import life
from seedvault.domain.life import Step, Transition
from seedvault.domain.names import Serial, UserName
from seedvault.domain.oath import Digest, HotpParameters, KeptParameters, TotpParameters
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.parameters import Parameters
from seedvault.domain.token import Device, InStock, Progress, Quarantined
from seedvault.keys import HsmKeys
from seedvault.service.binding import AssignToken
from seedvault.service.lifecycle import ChangeLife
from seedvault.service.pins import SetPin, Stretch
from seedvault.service.ports import Fingerprint, NewToken, TakenSeed, WrappedSeed
from seedvault.storage import SqlVault
from tests.support.codes import code
from tests.support.policies import DEFAULTS
from tests.support.tokens import HOTP, NOON, STEP_AT_NOON, TOTP, device
from tests.support.vaults import add_user, import_tokens, make_vault

VAULT_ID = "vault-1"
NOW = NOON
MALLORY = UserName("mallory")
_OCRA = OcraParameters("OCRA-1:HOTP-SHA1-6:QN08")
_YUBICO = KeptParameters("yubico", "vvcc 010101010101")
_RETIRED = (life.RETIRE, life.retire)
_SHA1 = TotpParameters(Digest.SHA1, 6, 30)

Row = dict[str, Any]


class NotText(bytes):
    """Octets that stand in the database as text, and are none."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a token of the vault is."""

    parameters: Parameters
    bound: bool = False
    quarantined: str | None = None
    exportable: bool = False
    then: tuple[Transition, Step] | None = None
    use_limit: int | None = None
    pin: str | None = None


KINDS = (
    Kind(TOTP), Kind(_SHA1), Kind(TOTP, exportable=True),
    Kind(TOTP, bound=True), Kind(_SHA1, bound=True), Kind(_SHA1, bound=True, exportable=True),
    Kind(HOTP), Kind(HOTP, exportable=True),
    Kind(HOTP, bound=True), Kind(HOTP, bound=True),
    Kind(_YUBICO, quarantined="not computed"), Kind(_OCRA, quarantined="not computed"),
    Kind(TOTP, quarantined="its policy is not enforced"),
    Kind(TOTP, bound=True, then=(life.SUSPEND, life.suspend)),
    Kind(TOTP, then=(life.REVOKE, life.revoke)), Kind(_OCRA, quarantined="x", then=_RETIRED),
    Kind(TOTP, bound=True, use_limit=9, pin="blue 7"), Kind(_OCRA),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """A token of the vault, and its seed."""

    serial: Serial
    seed: bytes
    kind: Kind

    def codes(self) -> tuple[str, str]:
        """The code that is right now, and its successor."""
        parameters = self.kind.parameters
        match parameters:
            case HotpParameters(digest, digits):
                first = 0
            case TotpParameters(digest, digits, step_s):
                first = int(NOW.timestamp()) // step_s
            case OcraParameters() | KeptParameters():
                return "000000", "000001"
        made = FileDigest[digest.name]
        return code(self.seed, first, made, digits), code(self.seed, first + 1, made, digits)


class SealedVault:
    """The vault, and its database as somebody with a pen of their own sees it."""

    def __init__(self, folder: Path, keystore: hsm.Keystore) -> None:
        self.vault: SqlVault = make_vault(folder)
        self.keys = HsmKeys(keystore, VAULT_ID)
        self._path = folder / "vault.db"
        self.tokens = tuple(
            Known(device(number).serial, _seed(number), kind)
            for number, kind in enumerate(KINDS, 1)
        )
        import_tokens(self.vault, [self._new(number) for number in range(1, len(KINDS) + 1)])
        add_user(self.vault, MALLORY)
        assign = AssignToken(self.vault, self.keys, now, DEFAULTS)
        for number, token in enumerate(self.tokens):
            if token.kind.bound:
                owner = add_user(self.vault, UserName(f"user-{number}"))
                assign(token.serial, owner, "hans")
            if token.kind.pin:
                setting(self)(token.serial, token.kind.pin, "hans")
            if token.kind.then:
                ChangeLife(self.vault, self.keys, now, *token.kind.then)(token.serial, "x", "hans")

    def _new(self, number: int) -> NewToken:
        kind = KINDS[number - 1]
        digest = hsm.Digest.SHA512
        terms = hsm.Terms(exportable=kind.exportable)
        taken = self.keys.keystore.wrap(bytearray(_seed(number)), digest, terms)
        key = taken.key
        wrapped = WrappedSeed(int(key.format), key.kek_id, key.length, key.blob, taken.export_blob)
        token = _arrived(_device(number, kind), kind)
        seal = self.keys.seal(token, wrapped, 0)
        return NewToken(token, TakenSeed(wrapped, Fingerprint(taken.fingerprint, "f1")), seal)

    def row(self, token: Known) -> Row:
        """Every column of a token's row."""
        return self._rows("SELECT * FROM token WHERE serial_folded = ?", token.serial.folded)[0]

    def heads(self) -> dict[int, int]:
        """Where each audit chain ends."""
        rows = self._rows("SELECT chain, sequence FROM audit_head")
        return {row["chain"]: row["sequence"] for row in rows}

    def events_since(self, heads: dict[int, int]) -> list[tuple[str, str | None]]:
        """Kind and serial of every event after those."""
        longer = {chain: end for chain, end in heads.items() if self.heads()[chain] > end}
        return [
            (row["kind"], row["serial"])
            for place in longer.items()
            for row in self._rows(
                "SELECT kind, serial FROM audit_event WHERE chain = ? AND sequence > ?", *place
            )
        ]

    def user_id(self, name: UserName) -> int:
        """The row of a user."""
        found = self._rows("SELECT id FROM user WHERE name_folded = ?", name.folded)
        return int(found[0]["id"])

    @contextmanager
    def tampered(self, *changes: tuple[Known, Row]) -> Iterator[None]:
        """A block in which tokens' columns hold other values, written past Seedvault."""
        before = [(token, self.row(token)) for token, _ in changes]
        self._write(changes)
        try:
            yield
        finally:
            self._write(before)

    def _write(self, changes: Any) -> None:
        with closing(self._connect()) as connection, connection:
            for token, _ in changes:  # fingerprints are unique: two are exchanged by way of a third
                connection.execute(
                    "UPDATE token SET fingerprint = randomblob(16) WHERE serial_folded = ?",
                    (token.serial.folded,),
                )
            for token, values in changes:
                columns = ", ".join(
                    f'"{name}" = {"CAST(? AS TEXT)" if isinstance(value, NotText) else "?"}'
                    for name, value in values.items()
                )
                connection.execute(
                    f"UPDATE token SET {columns} WHERE serial_folded = ?",
                    (*values.values(), token.serial.folded),
                )

    def _rows(self, query: str, *values: object) -> list[Row]:
        with closing(self._connect()) as connection:
            connection.row_factory = sqlite3.Row
            connection.text_factory = lambda octets: octets.decode(errors="surrogateescape")
            return [dict(row) for row in connection.execute(query, values)]

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path)
        connection.execute("PRAGMA ignore_check_constraints = ON")
        return connection


def setting(world: SealedVault) -> SetPin:
    """Sets PINs, at no cost."""
    free: Stretch = lambda pin, salt, _: salt + pin.encode()  # noqa: E731 - one line says it
    return SetPin(world.vault, world.keys, now, bytes, free, DEFAULTS)


def now() -> datetime:
    """The drill's clock stands still."""
    return NOW


def _device(number: int, kind: Kind) -> Device:
    return replace(device(number), parameters=kind.parameters, use_limit=kind.use_limit)


def _arrived(device: Device, kind: Kind) -> InStock | Quarantined:
    progress = Progress(0 if kind.parameters == HOTP else STEP_AT_NOON - 5, NOON)
    if kind.quarantined is not None:
        return Quarantined(device, progress, kind.quarantined)
    return InStock(device, progress)


def _seed(number: int) -> bytes:
    return hashlib.sha256(f"seed {number}".encode()).digest()[:20]
