"""A vault at work: SQLite in front, SoftHSM behind the shim, and a clock that a drill moves on."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hsm import Keystore, Location
from hsm.module import Module
from seedvault.domain.names import Serial
from seedvault.domain.outcome import Outcome
from seedvault.intake import SeedFiles
from seedvault.keys import HsmKeys, translated
from seedvault.service.binding import AssignToken, UnassignToken
from seedvault.service.import_batch import ImportBatch, ImportReport
from seedvault.service.resync import ResynchroniseToken
from seedvault.service.seed_files import OpenedSeedFile, RefusedRecord, SeedFileKey, Terms
from seedvault.service.verify import VerifyCode
from seedvault.storage import SqlVault
from tests.support.policies import DEFAULTS
from tests.support.pskc_maker import Order, Tokens, write_pskc
from tests.support.seed_files import FIRST, serial, totp_code
from tests.support.shim import Shim, shim
from tests.support.softhsm import pin, vault_location
from tests.support.tokens import NOON
from tests.support.vaults import ALICE, add_user, make_vault

ACTOR = "drill"
STEP_S = 30
VERIFIED, RESYNCHRONISED, ASSIGNED = (Serial(serial(number)) for number in range(3))
IMPORTED_AT_ONCE = 3

_TRANSPORT_KEY = b"1234567890123456"
_EARLIEST = 3  # tokens that the world begins with


class _Nobody:
    """Watches an import in silence."""

    def opened(self, file: OpenedSeedFile) -> None: ...
    def advanced(self, tokens: int, octets: int) -> None: ...
    def refused(self, record: RefusedRecord) -> None: ...
    def proposed(self, serial: Serial, user: str) -> None: ...


@dataclass
class World:
    """Everything a case needs; `connect` starts the keystore anew, as a new process would."""

    shim: Shim
    location: Location
    folder: Path
    vault: SqlVault
    now: datetime = NOON
    keystore: Keystore = field(init=False)
    _beside: sqlite3.Connection = field(init=False)  # sees what is committed, and no more
    _delivered: int = 0

    def __post_init__(self) -> None:
        self._beside = sqlite3.connect(self.folder / "vault.db")
        self._beside.row_factory = sqlite3.Row
        self.connect()
        self.import_file(self.delivery(_EARLIEST))
        add_user(self.vault)
        for bound in (VERIFIED, RESYNCHRONISED):
            AssignToken(self.vault, self.keys, self.clock, DEFAULTS)(bound, ALICE, ACTOR)

    def clock(self) -> datetime:
        """The time here."""
        return self.now

    @property
    def keys(self) -> HsmKeys:
        """The vault's keys, as long as the keystore lasts."""
        return HsmKeys(self.keystore, self.vault.identity.vault_id)

    def connect(self) -> None:
        """Another keystore: what a restart of the program gives. The PIN is read anew."""
        self.close()
        with translated():
            self.keystore = Keystore.connect(self.location, pin())

    def start_anew(self) -> None:
        """The same where even the library is new."""
        Module._loaded.pop(self.location.library)
        self.connect()

    def close(self) -> None:
        """Log off, as far as the module lets us."""
        if hasattr(self, "keystore"):
            self.keystore.close()

    # --- what is done at the desk ---------------------------------------------------------------

    def code(self, number: int = 0, steps: int = 0) -> str:
        """What the card at this place shows now, or so many steps later."""
        return totp_code(number, self.now.timestamp() + steps * STEP_S)

    def wrong_code(self) -> str:
        """A code that the card shows nowhere near this time."""
        near = {self.code(0, steps) for steps in range(-20, 21)}
        return next(code for code in map("{:06d}".format, range(99)) if code not in near)

    def verify(self, code: str) -> Outcome:
        """The first card's code, through the service."""
        return VerifyCode(self.vault, self.keys, self.clock, DEFAULTS)(VERIFIED, code, ACTOR)

    def resynchronise(self, codes: tuple[str, str]) -> Outcome:
        """The second card's two codes."""
        return ResynchroniseToken(self.vault, self.keys, self.clock, DEFAULTS)(
            RESYNCHRONISED, codes, ACTOR
        )

    def assign(self, code: str) -> object:
        """The third card, to Alice, proven by a code."""
        return AssignToken(self.vault, self.keys, self.clock, DEFAULTS)(
            ASSIGNED, ALICE, ACTOR, code
        )

    def unassign(self) -> None:
        """The third card, back into stock."""
        UnassignToken(self.vault, self.keys, self.clock)(ASSIGNED, ACTOR)

    def delivery(self, tokens: int = IMPORTED_AT_ONCE) -> Path:
        """A seed file of tokens that were never delivered before."""
        path = self.folder / "delivery.pskcxml"
        run = Tokens(tokens, first_serial=FIRST + self._delivered)
        self._delivered += tokens
        with path.open("wb") as target:
            write_pskc(Order((run,), key=_TRANSPORT_KEY), target)
        return path

    def import_file(self, path: Path, *, skip_bad: bool = False) -> ImportReport:
        """The file, through the service."""
        batch = ImportBatch(self.vault, self.keys, SeedFiles(), self.clock)
        key = SeedFileKey(key_file=_TRANSPORT_KEY.hex().encode())
        return batch(path, key, ACTOR, _Nobody(), Terms(skip_bad=skip_bad))

    def keystore_answers(self) -> None:
        """Raises HsmUnavailable where it does not."""
        with translated():
            self.keystore.seal(b"")

    def pass_time(self, **units: float) -> None:
        """The clock goes on."""
        self.now += timedelta(**units)

    # --- what the database says -----------------------------------------------------------------

    def row(self, wanted: Serial) -> dict[str, Any]:
        """The token's row, every column, as it stands in the file."""
        return self._rows("SELECT * FROM token WHERE serial = ?", wanted.verbatim)[0]

    def visible(self) -> tuple[int, int]:
        """How many tokens and batches there are."""
        (counted,) = self._rows(
            "SELECT (SELECT count(*) FROM token) AS tokens, (SELECT count(*) FROM batch) AS batches"
        )
        return counted["tokens"], counted["batches"]

    def _rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        return [dict(row) for row in self._beside.execute(statement, values)]


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """A world in `folder`, with a PKCS#11 token of its own."""
    shimmed = shim()
    location = shimmed.in_front_of(vault_location("faults"))
    vault = make_vault(folder)
    made = World(shimmed, location, folder, vault)
    try:
        yield made
    finally:
        shimmed.disarm()
        made.close()
        made._beside.close()
        vault.close()
