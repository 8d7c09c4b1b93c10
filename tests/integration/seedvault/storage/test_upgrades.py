"""A vault of an older program keeps all that it held when its schema is upgraded."""

import re
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import TextClause, text

from seedvault.domain.errors import StorageUnavailable
from seedvault.domain.oath import Digest, TotpParameters
from seedvault.domain.policy_rule import Standing
from seedvault.domain.rule_set import RuleSet
from seedvault.domain.token import InStock, Quarantined
from seedvault.service.policy_ports import StoredRules
from seedvault.storage import SCHEMA, claim_vault, open_vault, upgrade_vault, vault_schema
from seedvault.storage.address import database_at
from seedvault.storage.migrations import upgrade
from tests.support.databases import POSTGRESQL
from tests.support.tokens import NOON, OCRA, serial
from tests.support.vaults import url

_VAULT = "INSERT INTO vault VALUES ('vault-1', 1, 0)"
_BATCH = (
    "INSERT INTO batch (file_name, sha256, format, protection, tier, imported_ms, imported_by,"
    " tokens, held) VALUES ('f.xml', x'00', 'PSKC 1.0', 'AES', 'B', 0, 'ingrid', 1, 0)"
)
_TOKEN = (
    "INSERT INTO token (serial, serial_folded, kind, digest, digits, step_s, t0_s, blob_format,"
    " kek_id, seed_length, blob, fingerprint, seal, next_factor, drift_steps, synchronised_ms,"
    " batch, state, revision, version, failures, resyncs) VALUES ('GALT10000001', 'galt10000001',"
    " 'totp', 'SHA1', 6, 30, 0, 1, 'k1', 20, x'01', x'02', x'03', 7, 2, 0, 1, 'in-stock', 0, 0, 0,"
    " 0)"
)


@pytest.fixture
def old(database: str, tmp_path: Path) -> str:
    """Where a vault of schema 0001 with one token is."""
    place = url(tmp_path)
    claim_vault(place)
    with closing(database_at(place)) as opened, opened.writing() as connection:
        upgrade(connection, "0001")
        for statement in (_VAULT, _BATCH, _TOKEN):
            connection.execute(_spelt(statement, database))
    return place


def _spelt(statement: str, database: str) -> TextClause:
    """With octets as the database writes them."""
    octets = r"'\\x\1'" if database == POSTGRESQL else r"x'\1'"
    return text(re.sub(r"x'(\d\d)'", octets, statement))


def test_an_older_vault_is_not_opened_before_its_upgrade(old: str) -> None:
    assert vault_schema(old) == "0001"
    with pytest.raises(StorageUnavailable, match="seedvault db upgrade"):
        open_vault(old, lambda: NOON)


def test_a_key_that_answers_is_upgraded_as_it_was_kept(database: str, tmp_path: Path) -> None:
    place = url(tmp_path)
    claim_vault(place)
    kept = (
        _TOKEN.replace("state, ", "state, quarantine, terms, ")
        .replace("'in-stock', ", f"'quarantined', 'not verified', '{OCRA.suite}', ")
        .replace("'totp', 'SHA1', 6, 30, 0", "'ocra', 'SHA1', 0, NULL, NULL")
    )
    with closing(database_at(place)) as opened, opened.writing() as connection:
        upgrade(connection, "0001")
        for statement in (_VAULT, _BATCH):
            connection.execute(_spelt(statement, database))
        upgrade(connection, "0004")
        connection.execute(_spelt(kept, database))
    upgrade_vault(place)
    with closing(open_vault(place, lambda: NOON)) as vault:
        stored = vault.token(serial(1))
    assert stored is not None
    assert isinstance(stored.token, Quarantined)
    assert stored.token.device.parameters == OCRA


def test_an_upgrade_keeps_batch_and_token(old: str) -> None:
    upgrade_vault(old)
    assert vault_schema(old) == SCHEMA
    vault = open_vault(old, lambda: NOON)
    stored = vault.token(serial(1))
    assert stored is not None
    assert isinstance(stored.token, InStock)
    assert stored.token.device.parameters == TotpParameters(Digest.SHA1, 6, 30)
    assert (stored.token.progress.next_factor, stored.wrapped.blob) == (7, b"\x01")
    assert stored.wrapped.export_blob is None
    assert (stored.standing, stored.policy_revision) == (Standing(1), 0)
    assert vault.policy_rules() == StoredRules(RuleSet(), None)
    (batch,) = vault.batches()
    assert (batch.exportable, batch.quarantined, batch.refused) == (False, 0, 0)
    vault.close()
