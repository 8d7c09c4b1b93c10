"""The one place that names concrete adapters, the clock and randomness.

Adapters are imported when they are first used: a command loads what it needs and no more.
"""

# ruff: noqa: PLC0415 - see above

import importlib.util
import os
import secrets
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from seedvault.config import FILE_NAME, Settings, save
from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.errors import Conflict, HsmUnavailable, InvalidInput, StorageUnavailable
from seedvault.domain.vault_key import StoredKey
from seedvault.service.audit import VerifyAudit
from seedvault.service.binding import AssignToken, UnassignToken, UnlockToken
from seedvault.service.bulk import AssignMany
from seedvault.service.handover import HandOver
from seedvault.service.import_batch import ImportBatch
from seedvault.service.inquiry import InquireToken
from seedvault.service.inspect import InspectFile
from seedvault.service.key_ports import KeyVault
from seedvault.service.ports import Keys, VaultIdentity
from seedvault.service.resync import ResynchroniseToken
from seedvault.service.seed_files import HeldKey, Intake, Recipient
from seedvault.service.users import AddUser
from seedvault.service.verify import VerifyCode

if TYPE_CHECKING:
    import hsm


def system_clock() -> datetime:
    """The time now, aware UTC, to the millisecond: finer is never stored."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


class Application:
    """One vault, its parts opened when first used and closed together."""

    def __init__(self, settings: Settings) -> None:
        _refuse_strangers()
        self.settings = settings
        self._open = ExitStack()

    def __enter__(self) -> "Application":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @cached_property
    def vault(self) -> KeyVault:
        """The database, opened; StorageUnavailable where there is none."""
        from seedvault.storage import open_vault

        vault = open_vault(self.settings.database, system_clock)
        self._open.callback(vault.close)
        return vault

    @cached_property
    def keys(self) -> Keys:
        """The HSM, logged in."""
        import hsm
        from seedvault.keys import HsmKeys, keyring, translated

        vault_id = self.vault.identity.vault_id
        _refuse_missing_store(self.settings)
        with translated():
            ring = keyring(self.vault.vault_keys())
            keystore = hsm.Keystore.connect(location(self.settings), _pin(self.settings), ring)
        self._open.callback(keystore.close)
        return HsmKeys(keystore, vault_id)

    @property
    def intake(self) -> Intake:
        """The reader of seed files."""
        from seedvault.intake import SeedFiles

        return SeedFiles()

    @property
    def import_batch(self) -> ImportBatch:
        return ImportBatch(self.vault, self.keys, self.intake, system_clock)

    @property
    def hand_over(self) -> HandOver:
        from seedvault.intake import SeedFileOutbox

        return HandOver(self.vault, self.keys, SeedFileOutbox(), system_clock)

    def recipient(self, name: str, key: bytes | None, certificate: bytes | None) -> Recipient:
        """Who a batch is handed on to, by an AES key file's octets or a certificate in PEM."""
        from seedvault.intake import recipient_of

        return recipient_of(name, key, certificate)

    def held_key(self, label: str) -> HeldKey:
        """A private key on the vault's PKCS#11 token, for a file that was encrypted for it."""
        return HeldKey(label, partial(self.keys.decrypt_mac_key, label))

    @property
    def inspect_file(self) -> InspectFile:
        return InspectFile(self.vault, self.keys, self.intake, system_clock)

    @property
    def assign_token(self) -> AssignToken:
        return AssignToken(self.vault, self.keys, system_clock)

    @property
    def assign_many(self) -> AssignMany:
        return AssignMany(self.assign_token)

    @property
    def unassign_token(self) -> UnassignToken:
        return UnassignToken(self.vault, self.keys, system_clock)

    @property
    def unlock_token(self) -> UnlockToken:
        return UnlockToken(self.vault, self.keys, system_clock)

    @property
    def verify_code(self) -> VerifyCode:
        return VerifyCode(self.vault, self.keys, system_clock)

    @property
    def resynchronise_token(self) -> ResynchroniseToken:
        return ResynchroniseToken(self.vault, self.keys, system_clock)

    @property
    def inquire_token(self) -> InquireToken:
        return InquireToken(self.vault, system_clock)

    @property
    def add_user(self) -> AddUser:
        return AddUser(self.vault, system_clock)

    @property
    def verify_audit(self) -> VerifyAudit:
        return VerifyAudit(self.vault)


@dataclass(frozen=True, slots=True)
class KnownFormat:
    """A seed-file format as its reader declares it. `carries` has every feature by name.

    `fields` are name, meaning, and unit or spelling.
    """

    id: str
    title: str
    makers: str
    known_by: str
    protection: str
    carries: dict[str, bool]
    fields: tuple[tuple[str, str, str], ...]
    quirks: tuple[str, ...]
    refused: tuple[str, ...]


def known_formats() -> list[KnownFormat]:
    """Every seed-file format that is read."""
    from importers import FORMATS, Feature

    return [
        KnownFormat(
            each.id,
            each.title,
            each.makers,
            each.known_by,
            each.protection,
            {feature.value: feature in each.features for feature in Feature},
            tuple((note.name, note.meaning, note.unit) for note in each.fields),
            each.quirks,
            each.refused,
        )
        for each in FORMATS
    ]


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The schema that the database has, and the one that this program works with."""

    found: str
    needed: str

    @property
    def is_current(self) -> bool:
        """Whether there is nothing to upgrade."""
        return self.found == self.needed


def schema_of(settings: Settings) -> SchemaState:
    """Raises StorageUnavailable where there is no vault, or a newer program's."""
    from seedvault.storage import SCHEMA, vault_schema

    return SchemaState(vault_schema(settings.database), SCHEMA)


def upgrade(settings: Settings) -> SchemaState:
    """Bring the database up to this program's schema. Raises as `schema_of` does."""
    from seedvault.storage import upgrade_vault

    upgrade_vault(settings.database)
    return schema_of(settings)


@dataclass(frozen=True, slots=True)
class Initialised:
    """What `initialise` made, for the edge to tell. `created` names keys, not their values."""

    module: str
    is_software: bool
    import_tier: str
    created: tuple[str, ...]


def initialise(settings: Settings, actor: str, *, dry_run: bool = False) -> Initialised | None:
    """Make a new vault: settings, keys in the HSM, and last the database that names them.

    Raises Conflict where there is a vault already. Whatever this made is taken away again where a
    later step fails. A dry run checks and returns None.
    """
    _refuse_strangers()
    _refuse_existing(settings)
    library = _library(settings)
    if dry_run:
        return None
    with ExitStack() as undo, _explained(settings.home):
        _make_home(settings, undo)
        made, keys = _make_keys(settings, library, undo)
        _make_vault(settings, library, actor, keys)
        undo.pop_all()
        return made


@contextmanager
def _explained(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(f"{home}: {error.strerror or error}") from error


def _make_home(settings: Settings, undo: ExitStack) -> None:
    home = settings.home
    if not home.exists():
        home.mkdir(mode=0o700, parents=True)
        undo.callback(_remove_if_empty, home)
    if not (home / FILE_NAME).exists():
        undo.callback((home / FILE_NAME).unlink, missing_ok=True)
    save(settings)


def _make_vault(settings: Settings, library: Path, actor: str, keys: Sequence[StoredKey]) -> None:
    from seedvault.storage import create_vault

    now = system_clock()
    detail = f"keys on {settings.token_label!a} of {library}"
    event = AuditEvent(EventKind.VAULT_INITIALISED, now, actor, detail=detail)
    create_vault(settings.database, VaultIdentity(str(uuid.uuid4()), 1, now), keys, event)


def _make_keys(
    settings: Settings, library: Path, undo: ExitStack
) -> tuple[Initialised, list[StoredKey]]:
    import hsm
    from seedvault.keys import stored_key, translated

    so_pin_file = settings.hsm_home / "so-pin"
    if settings.module is None:
        settings.hsm_home.mkdir(mode=0o700)
        undo.callback(shutil.rmtree, settings.hsm_home)
        _write_secret(settings.pin_file, secrets.token_hex(16))
        undo.callback(settings.pin_file.unlink)
        _write_secret(so_pin_file, secrets.token_hex(16))
    with translated():
        pin = _pin(settings)
        so_pin = hsm.Pin.from_file(so_pin_file) if settings.module is None else None
        place = location(settings)
        keys = hsm.initialise(place, pin, so_pin)
        undo.callback(hsm.remove, place, pin)
        with closing(hsm.Keystore.connect(place, pin)) as keystore:
            able = keystore.capabilities
    created = tuple(f"{key.report.purpose} {key.report.name} ({key.report.kind})" for key in keys)
    made = Initialised(
        f"{able.library} at {library}", able.is_software, able.import_tier.value, created
    )
    return made, [stored_key(key, system_clock()) for key in keys]


def _refuse_existing(settings: Settings) -> None:
    from seedvault.storage import sqlite_path

    database = sqlite_path(settings.database)
    held = [path for path in (database, settings.hsm_home) if path.exists()]
    if held:
        raise Conflict(
            f"there is a vault already: {held[0]} exists",
            remedy="Choose another place with --home, or go on with this one: seedvault status",
        )
    if database.parent != settings.home and not database.parent.is_dir():
        raise StorageUnavailable(
            f"{database}: there is no such directory", remedy="Make the directory first."
        )


def _remove_if_empty(directory: Path) -> None:
    with suppress(OSError):  # somebody else put something there
        directory.rmdir()


def _write_secret(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(text + "\n")


def location(settings: Settings) -> "hsm.Location":
    """Where the vault's PKCS#11 token is; the embedded SoftHSM is told where its files are."""
    import hsm
    from hsm import softhsm
    from seedvault.keys import translated

    if settings.module is None:
        try:
            with translated():
                softhsm.use(softhsm.configure(settings.hsm_home))
        except OSError as error:
            raise HsmUnavailable(
                f"{settings.hsm_home} cannot be used: {error.strerror}",
                remedy="Run this as the account that made the vault.",
            ) from error
    return hsm.Location(_library(settings), settings.token_label, settings.token_serial)


def _refuse_missing_store(settings: Settings) -> None:
    """Only `initialise` makes a store: an empty one would stand where the keys must come back."""
    if settings.module is None and not settings.hsm_home.is_dir():
        raise HsmUnavailable(
            f"{settings.hsm_home} is missing: the keys of this vault were in it",
            remedy="Bring it back from a backup; without it no seed can be opened.",
        )


def _library(settings: Settings) -> Path:
    from hsm import softhsm

    library = settings.module or softhsm.find_library()
    if library is None:
        raise HsmUnavailable(
            "no PKCS#11 module was named and SoftHSM is in none of its known places",
            remedy="Install SoftHSM (apt-get install softhsm2), or name a module: --module FILE",
        )
    if not library.is_file():
        raise HsmUnavailable(
            f"there is no PKCS#11 module at {library}",
            remedy="Check the path given with --module, or the one in seedvault.toml.",
        )
    return library


def _pin(settings: Settings) -> "hsm.Pin":
    import hsm

    try:
        return hsm.Pin.from_file(settings.pin_file)
    except OSError as error:
        raise HsmUnavailable(
            f"the PIN file {settings.pin_file} cannot be read: {error.strerror}",
            remedy="Put it back, or name another with --pin-file at init.",
        ) from error


def _refuse_strangers() -> None:
    """Other distributions own the names `hsm` and `importers`: all three must be ours."""
    found = [importlib.util.find_spec(name) for name in ("hsm", "importers", "seedvault")]
    places = {Path(spec.origin).parent.parent for spec in found if spec and spec.origin}
    if len(places) > 1:
        raise InvalidInput(
            "the packages hsm, importers and seedvault come from different places: "
            + ", ".join(sorted(str(place) for place in places)),
            remedy="Install Seedvault into an environment of its own: see the README.",
        )
