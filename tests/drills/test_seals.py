"""The drill of tampered rows, short: every sealed column, some pairs."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hsm import Keystore
from seedvault.domain.errors import SealBroken
from seedvault.service.binding import AssignToken
from seedvault.storage.tables import TOKEN
from tests.drills import seals
from tests.drills.sealed_vault import MALLORY, SealedVault, now
from tests.drills.tampering import SEALED, UNSEALED
from tests.support.policies import DEFAULTS


def test_every_column_is_sealed_or_named_as_unsealed() -> None:
    assert set(TOKEN.columns.keys()) == SEALED | set(UNSEALED)
    assert not SEALED & set(UNSEALED)


def test_what_was_changed_in_the_database_is_refused_told_and_on_record() -> None:
    figures = seals.run(seals.some_attacks)

    assert figures.good, seals.table(figures)
    assert set(figures.attacks) > SEALED


def test_a_user_who_is_no_name_is_refused_and_on_record(tmp_path: Path, keystore: Keystore) -> None:
    world = SealedVault(tmp_path, keystore)
    in_stock, heads = world.tokens[0], world.heads()
    with closing(sqlite3.connect(tmp_path / "vault.db")) as connection, connection:
        connection.execute("UPDATE user SET name = CAST(x'ff' AS TEXT)")

    with pytest.raises(SealBroken):
        AssignToken(world.vault, world.keys, now, DEFAULTS)(in_stock.serial, MALLORY, "helga")

    assert world.events_since(heads) == [("seal.broken", in_stock.serial.verbatim)]
