"""A machine whose clock was set back judges no time-based code, until it is told to."""

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.storage import open_vault
from tests.support.cli import CommandLine
from tests.support.seed_files import Delivery, hotp_code, serial, totp_code


def test_a_clock_behind_the_record_is_refused_until_it_is_accepted(
    seedvault: CommandLine, delivery: Delivery
) -> None:
    seedvault.ok("batch", "import", *delivery.arguments)
    seedvault.ok("user", "add", "alice")
    for number in (0, 21):
        seedvault.ok("token", "assign", serial(number), "alice")
    assert seedvault.ok("db", "clock", "--json").document["trusted"] is True
    _happened_tomorrow(seedvault)

    refused = seedvault("token", "verify", serial(0), totp_code(0, time.time()))
    assert refused.code == 7
    assert "is on record already" in refused.err
    assert "seedvault db clock --accept" in refused.err
    seedvault.ok("token", "verify", serial(21), hotp_code(21, 0))

    assert seedvault("db", "clock").code == 1
    seedvault.ok("db", "clock", "--accept", "--dry-run")
    assert seedvault("db", "clock").code == 1
    assert seedvault.ok("db", "clock", "--accept").out.endswith("trusted from now\n")
    seedvault.ok("token", "verify", serial(0), totp_code(0, time.time()))
    assert seedvault.ok("audit", "verify").out.startswith("whole: ")


def _happened_tomorrow(seedvault: CommandLine) -> None:
    """What this machine did before its clock was set right."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    place = seedvault.home / "vault.sqlite3"
    with (
        closing(open_vault(place, lambda: tomorrow)) as vault,
        vault.transaction() as transaction,
    ):
        transaction.commit(AuditEvent(EventKind.BATCH_REFUSED, tomorrow, "ingrid"))
