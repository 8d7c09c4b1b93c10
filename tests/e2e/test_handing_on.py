"""A batch that was imported as exportable is handed on, and read back with the same codes."""

import sqlite3
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from pskc import PSKC

from tests.support.cli import CommandLine
from tests.support.pskc_maker import Hotp, Order, Tokens, published_seed, write_pskc
from tests.support.signing import maker

KEY = b"1234567890123456"
RECIPIENT = bytes(range(32))


@pytest.fixture
def delivery(tmp_path: Path) -> list[str]:
    """A file of three TOTP and two HOTP tokens, and its key."""
    file, key = tmp_path / "delivery.pskcxml", tmp_path / "transport.key"
    with file.open("wb") as target:
        write_pskc(
            Order((Tokens(3), Tokens(2, Hotp(counter=7), first_serial=20_000_000)), key=KEY), target
        )
    key.write_text(KEY.hex())
    (tmp_path / "radius.key").write_text(RECIPIENT.hex())
    return [str(file), "--key-file", str(key)]


def _exported(seedvault: CommandLine, tmp_path: Path) -> Path:
    out = tmp_path / "out.pskcxml"
    key = str(tmp_path / "radius.key")
    seedvault.ok("batch", "export", "B-0001", out, "--to", "radius", "--key-file", key)
    return out


def test_python_pskc_reads_the_seeds_that_the_maker_delivered(
    seedvault: CommandLine, delivery: list[str], tmp_path: Path
) -> None:
    seedvault.ok("batch", "import", *delivery, "--exportable")
    container = PSKC(str(_exported(seedvault, tmp_path)))
    container.encryption.key = RECIPIENT
    keys = list(container.keys)
    assert len(keys) == 5
    for key in keys:
        assert key.check()
        assert key.secret == published_seed(key.serial)
    assert [key.counter for key in keys if "hotp" in str(key.algorithm)] == [7, 7]


def test_another_vault_imports_what_was_handed_on(
    seedvault: CommandLine, delivery: list[str], tmp_path: Path
) -> None:
    seedvault.ok("batch", "import", *delivery, "--exportable")
    out, key = _exported(seedvault, tmp_path), str(tmp_path / "radius.key")
    again = seedvault("batch", "inspect", out, "--key-file", key, "--json").document
    assert (again["records"], again["held"], again["new"]) == (5, 5, 0)


def test_what_is_handed_on_for_a_certificate_opens_with_its_private_key(
    seedvault: CommandLine, delivery: list[str], tmp_path: Path
) -> None:
    radius = maker("radius")
    certificate, key = tmp_path / "radius.pem", tmp_path / "radius-key.pem"
    certificate.write_bytes(radius.pem)
    key.write_bytes(radius.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    seedvault.ok("batch", "import", *delivery, "--exportable")
    out = tmp_path / "out.pskcxml"
    seedvault.ok("batch", "export", "1", out, "--to", "radius", "--certificate", certificate)
    again = seedvault("batch", "inspect", out, "--key-file", key, "--json").document
    assert (again["records"], again["held"], again["refused"]) == (5, 5, 0)


def test_every_serial_is_on_record(
    seedvault: CommandLine, delivery: list[str], tmp_path: Path
) -> None:
    seedvault.ok("batch", "import", *delivery, "--exportable")
    _exported(seedvault, tmp_path)
    events = seedvault("audit", "list", "--kind", "token.exported", "--json").document["events"]
    assert len({event["serial"] for event in events}) == 5
    assert seedvault("audit", "verify").code == 0


def test_a_batch_that_is_not_exportable_is_not_allowed_out(
    seedvault: CommandLine, delivery: list[str], tmp_path: Path
) -> None:
    seedvault.ok("batch", "import", *delivery)
    out, key = tmp_path / "out.pskcxml", str(tmp_path / "radius.key")
    refused = seedvault("batch", "export", "B-0001", out, "--to", "radius", "--key-file", key)
    assert refused.code == 5
    assert "not imported as exportable" in refused.err
    assert not out.exists()


def test_a_copy_put_beside_another_token_s_seed_is_noticed(
    seedvault: CommandLine, delivery: list[str], tmp_path: Path
) -> None:
    seedvault.ok("batch", "import", *delivery, "--exportable")
    database = sqlite3.connect(seedvault.home / "vault.sqlite3")
    database.execute(
        "UPDATE token SET export_blob = (SELECT export_blob FROM token WHERE id = 2) WHERE id = 1"
    )
    database.commit()
    database.close()
    out, key = tmp_path / "out.pskcxml", str(tmp_path / "radius.key")
    refused = seedvault("batch", "export", "B-0001", out, "--to", "radius", "--key-file", key)
    assert refused.code == 7
    assert not out.exists()


def test_a_file_that_is_there_already_is_not_written_over(
    seedvault: CommandLine, delivery: list[str], tmp_path: Path
) -> None:
    seedvault.ok("batch", "import", *delivery, "--exportable")
    out, key = tmp_path / "out.pskcxml", str(tmp_path / "radius.key")
    out.write_text("mine")
    refused = seedvault("batch", "export", "B-0001", out, "--to", "radius", "--key-file", key)
    assert (refused.code, out.read_text()) == (4, "mine")
