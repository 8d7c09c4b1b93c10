"""Is the record whole, and the tokens that chance draws? `HOME COUNT SEED`, JSON comes out.

In a process of its own, as a process knows one SoftHSM store only.
"""

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from importers import Digest
from seedvault import config
from seedvault.domain.errors import SeedvaultError
from seedvault.domain.names import Serial
from seedvault.domain.oath import code_at
from seedvault.service.ports import TokenFilter, Vault
from seedvault.wiring import Application
from seedvault.wiring.auditing import Auditing
from tests.support.codes import code
from tests.support.pskc_maker import published_seed

_PAGE = 10_000
_FACTOR = 1_000


def main(home: Path, most: int, seed: int) -> list[str]:
    """What is not, each with the reason."""
    with Application(config.load(home)) as application:
        breaks = Auditing(application).verify().breaks
        serials = list(_serials(application.vault))
        drawn = random.Random(seed).sample(serials, min(most, len(serials)))
        broken = [f"{serial}: {why}" for serial in drawn if (why := _broken(application, serial))]
        return [*(f"chain {each.chain}: {each.what}" for each in breaks), *broken]


def _serials(vault: Vault) -> Iterator[Serial]:
    after: Serial | None = None
    while page := vault.listed(TokenFilter(after=after, limit=_PAGE)):
        for listed in page:
            after = listed.token.device.serial
            yield after


def _broken(application: Application, serial: Serial) -> str:
    """Why the token does not show the codes that its maker delivered."""
    stored = application.vault.token(serial)
    if stored is None:
        return "it is gone"
    try:
        with application.keys.open(stored) as mac:
            computed = code_at(mac, _FACTOR, 6)
    except SeedvaultError as error:
        return error.what
    expected = code(published_seed(serial.verbatim), _FACTOR, Digest.SHA1, 6)
    return "" if computed == expected else "its seed is another one"


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
