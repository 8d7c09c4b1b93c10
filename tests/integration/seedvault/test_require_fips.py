"""What real files and a real module are, under the rules of `require_fips`."""

from dataclasses import replace
from pathlib import Path

import pytest

from seedvault.domain import fips
from seedvault.domain.fips import Handling, Protected, Stretching
from seedvault.intake import SeedFiles
from seedvault.keys import HsmKeys
from seedvault.service.seed_files import SeedFileKey
from tests.support.pskc_maker import Order, Tokens, write_pskc
from tests.support.tokens import NOON

KEY = b"1234567890123456"
SALT = 16  # octets, of the maker's
PLAIN = Order((Tokens(1),))
UNDER_KEY = replace(PLAIN, key=KEY)
UNDER_PASSPHRASE = replace(PLAIN, passphrase="correct horse", iterations=999)


def _protected(folder: Path, order: Order, key: SeedFileKey) -> Protected:
    path = folder / "delivery.pskcxml"
    with path.open("wb") as target:
        write_pskc(order, target)
    with SeedFiles().open(path, key, NOON) as file:
        return file.protected


@pytest.mark.parametrize(
    ("order", "key", "protected"),
    [
        (PLAIN, SeedFileKey(), Protected(None)),
        (
            UNDER_KEY,
            SeedFileKey(key_file=KEY.hex().encode()),
            Protected("AES-128-CBC", "HMAC-SHA1"),
        ),
        (
            UNDER_PASSPHRASE,
            SeedFileKey(passphrase="correct horse"),
            Protected("AES-128-CBC", "HMAC-SHA1", Stretching("PBKDF2", 999, SALT, 16)),
        ),
    ],
    ids=["plain", "key", "passphrase"],
)
def test_a_file_tells_how_it_is_protected(
    tmp_path: Path, order: Order, key: SeedFileKey, protected: Protected
) -> None:
    assert _protected(tmp_path, order, key) == protected


def test_a_thousand_iterations_are_needed(tmp_path: Path) -> None:
    file = _protected(tmp_path, UNDER_PASSPHRASE, SeedFileKey(passphrase="correct horse"))

    assert [found.clause for found in fips.of_file(file, Handling())] == ["SP 800-132 section 5.2"]


def test_softhsm_undoes_no_key_wrap_of_a_seed(keys: HsmKeys) -> None:
    assert {"AES-128-KW", "AES-256-KWP", "CAMELLIA-128-CBC"} <= keys.by_software
    assert "AES-128-CBC" not in keys.by_software
