"""Restores a backup in a process of its own, which may be killed: told how on standard input."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import hsm
from seedvault.archive import BackupFile, identities_of
from seedvault.cli.exits import exit_for
from seedvault.domain.errors import SeedvaultError
from seedvault.keys import verifies
from seedvault.keys.restoring import restoring_keys
from seedvault.service.evidence import NoEvidence
from seedvault.service.restore import RestoreVault
from seedvault.storage import SqlPlace
from tests.support.restorable import ORDER
from tests.support.softhsm import library, pin


def main() -> int:
    """The exit code that the command line would have."""
    told = json.load(sys.stdin)
    token = hsm.Location(library(), told["label"])
    now = datetime.fromtimestamp(told["now"], UTC)
    restore = RestoreVault(
        SqlPlace(told["place"]),
        BackupFile(identities_of(told["identity"].encode())),
        lambda header: restoring_keys(token, pin(), header),
        verifies,
        lambda: now,
    )
    try:
        restore(Path(told["backup"]), ORDER, NoEvidence(), lambda _: None)
    except SeedvaultError as error:
        sys.stderr.write(str(error))
        return exit_for(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
