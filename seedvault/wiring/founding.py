"""Making a new vault: its home, its keys in the HSM, and the database that names them."""

# ruff: noqa: PLC0415 - adapters are imported when they are first used

import secrets
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from seedvault.config import FILE_NAME, Settings, save
from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.errors import Conflict, StorageUnavailable
from seedvault.domain.fips import ModuleWords, of_blobs, of_module
from seedvault.domain.vault_key import StoredKey
from seedvault.service.examination import Examination, Frailty
from seedvault.service.fips import refuse_module
from seedvault.service.ports import VaultIdentity
from seedvault.wiring.clock import system_clock
from seedvault.wiring.places import (
    library_of,
    location,
    module_words,
    pin,
    refuse_missing_store,
    refuse_unapproved,
)
from seedvault.wiring.shares import SharePlan, check_shares, write_secret, write_shares
from seedvault.wiring.strangers import refuse_strangers

if TYPE_CHECKING:
    import hsm


@dataclass(frozen=True, slots=True)
class Initialised:
    """What `initialise` made, for the edge to tell. `created` names keys, not their values."""

    module: str
    is_software: bool
    import_tier: str
    created: tuple[str, ...]
    require_fips: bool = False
    weaknesses: tuple[Frailty, ...] = ()


_SO_PIN = "so-pin"


def initialise(
    settings: Settings, actor: str, shares: SharePlan | None = None, *, dry_run: bool = False
) -> Initialised | None:
    """Make a new vault: settings, keys in the HSM, and last the database that names them.

    With `shares`, every key is copied under a recovery key, which then stands in these files only.
    Raises Conflict where there is a vault already, or a file where a share should go; NotAllowed
    where the module does not do for a vault. Whatever this made is taken away again where a later
    step fails. A dry run checks and returns None.
    """
    refuse_strangers()
    _refuse_existing(settings)
    library = library_of(settings)
    check_shares(shares, settings.home)
    if settings.require_fips:
        _refuse_module(settings)
    if dry_run:
        examine(settings).refuse_unfit()
        return None
    with ExitStack() as undo, _explained(settings.home):
        _make_home(replace(settings, accept_weaknesses=False), undo)
        _claim_vault(settings, undo)
        recovery = write_shares(shares, undo) if shares else None
        made, keys = _make_keys(settings, library, recovery, undo)
        if made.weaknesses:
            save(settings)
        _fill_vault(settings, made, actor, keys)
        undo.pop_all()
        return made


def _refuse_module(settings: Settings) -> None:
    """Raises NotAllowed before anything is made. SoftHSM is not asked: it would need its store."""
    if settings.module is None:
        refuse_module(ModuleWords("SoftHSM", is_software=True, says_fips=False))
    else:
        refuse_unapproved(location(settings))


def examine(settings: Settings) -> Examination:
    """What the module of these settings is found to be, whether there is a vault or not.

    SoftHSM, before there is a vault, is examined in a directory that goes away.
    """
    import hsm
    from seedvault.keys import translated
    from seedvault.storage import existing_vault

    if has_place(settings):
        return _examined(settings)
    if existing_vault(settings.database, settings.home):
        refuse_missing_store(settings)
    with tempfile.TemporaryDirectory(prefix="seedvault-") as directory, ExitStack() as undo:
        there = replace(settings, home=Path(directory), pin_file=Path(directory) / "pin")
        _make_store(there, undo)
        _make_pin(there, undo)
        with translated():
            hsm.prepare(location(there), pin(there), _so_pin(there))
        return _examined(there)


def _examined(settings: Settings) -> Examination:
    import hsm
    from seedvault.keys import examination, translated

    with translated():
        report = hsm.examine(location(settings), pin(settings))
    found = examination(
        report, system_clock(), settings.min_tier, accepted=settings.accept_weaknesses
    )
    if not settings.require_fips:
        return found
    stands = (*of_module(module_words(location(settings))), *of_blobs(found.blob_format))
    return replace(found, unapproved=tuple(map(str, stands)))


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


def _claim_vault(settings: Settings, undo: ExitStack) -> None:
    from seedvault.storage import claim_vault, remove_vault

    claim_vault(settings.database)
    undo.callback(remove_vault, settings.database)


def _fill_vault(
    settings: Settings, made: Initialised, actor: str, keys: Sequence[StoredKey]
) -> None:
    from seedvault.storage import fill_vault

    now = system_clock()
    accepted = ", ".join(each.word for each in made.weaknesses)
    detail = f"keys on {settings.token_label!a} of {library_of(settings)}" + (
        f"; weaknesses accepted: {accepted}" if accepted else ""
    )
    event = AuditEvent(EventKind.VAULT_INITIALISED, now, actor, detail=detail)
    fill_vault(settings.database, VaultIdentity(str(uuid.uuid4()), 1, now), keys, event)


def _make_keys(
    settings: Settings, library: Path, recovery: "hsm.RecoveryKey | None", undo: ExitStack
) -> tuple[Initialised, list[StoredKey]]:
    import hsm
    from seedvault.keys import stored_key, translated

    if settings.module is None:
        _make_store(settings, undo)
        _make_pin(settings, undo)
    with translated():
        place, opens = location(settings), pin(settings)
        hsm.prepare(place, opens, _so_pin(settings))
    found = _examined(settings)
    found.refuse_unfit()
    demands = hsm.Demands(hsm.Tier(settings.min_tier.value), settings.accept_weaknesses)
    with translated():
        keys = hsm.initialise(place, opens, None, recovery, demands)
        undo.callback(hsm.remove, place, opens)
        with closing(hsm.Keystore.connect(place, opens)) as keystore:
            able = keystore.capabilities
    created = tuple(f"{key.report.purpose} {key.report.name} ({key.report.kind})" for key in keys)
    made = Initialised(
        f"{able.library} at {library}",
        able.is_software,
        able.import_tier.value,
        created,
        settings.require_fips,
        found.weaknesses,
    )
    set_id = recovery.set_id if recovery else None
    return made, [stored_key(key, system_clock(), set_id) for key in keys]


def _make_store(settings: Settings, undo: ExitStack) -> None:
    """A store for the embedded SoftHSM, and what makes a PKCS#11 token in it."""
    settings.hsm_home.mkdir(mode=0o700)
    undo.callback(shutil.rmtree, settings.hsm_home)
    write_secret(settings.hsm_home / _SO_PIN, secrets.token_hex(16))


def _make_pin(settings: Settings, undo: ExitStack) -> None:
    write_secret(settings.pin_file, secrets.token_hex(16))
    undo.callback(settings.pin_file.unlink)


def _so_pin(settings: Settings) -> "hsm.Pin | None":
    """What makes the embedded PKCS#11 token; a custodian makes any other."""
    import hsm

    return hsm.Pin.from_file(settings.hsm_home / _SO_PIN) if settings.module is None else None


def has_place(settings: Settings) -> bool:
    """Whether there is a PKCS#11 token for the vault's keys, as far as can be told from here."""
    return settings.module is not None or settings.hsm_home.is_dir()


@contextmanager
def fresh_place(settings: Settings) -> Iterator[None]:
    """A PKCS#11 token for keys that are restored; taken away again where that fails.

    Only the embedded store is made here, where it is missing: any other is its custodian's.
    """
    import hsm
    from seedvault.keys import translated

    with ExitStack() as undo, _explained(settings.home):
        if settings.module is None and not settings.hsm_home.exists():
            _make_store(settings, undo)
            if not settings.pin_file.exists():
                _make_pin(settings, undo)
            with translated():
                hsm.prepare(location(settings), pin(settings), _so_pin(settings))
        yield
        undo.pop_all()


def _refuse_existing(settings: Settings) -> None:
    from seedvault.storage import existing_vault

    there = existing_vault(settings.database, settings.home)
    if there is None and settings.hsm_home.exists():
        there = f"{settings.hsm_home} exists"
    if there:
        raise Conflict(
            f"there is a vault already: {there}",
            remedy="Choose another place with --home, or go on with this one: seedvault status",
        )


def _remove_if_empty(directory: Path) -> None:
    with suppress(OSError):  # somebody else put something there
        directory.rmdir()
