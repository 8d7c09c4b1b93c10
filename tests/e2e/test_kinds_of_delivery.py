"""Deliveries that are no plain PSKC file, on the real command line, from the file to a code."""

import base64
import time
from pathlib import Path

from importers import Cipher, Digest
from tests.support.cli import CommandLine
from tests.support.codes import code
from tests.support.pskc_maker import Fault, Order, Tokens, write_pskc
from tests.support.sealed_maker import Sealed, sealed

KEY = b"1234567890123456"
SEEDS = {f"2300000{number}": bytes([number]) * 20 for number in (1, 2, 3)}
HEADING = "upn,serial number,secret key,time interval,manufacturer,model"


def _shown(serial: str) -> str:
    return code(SEEDS[serial], int(time.time()) // 30, Digest.SHA1, 6)


def _entra(folder: Path) -> Path:
    """A CSV as the cloud's administrators upload it, which names users."""
    rows = [
        f"user{number}@example.com,{serial},{base64.b32encode(seed).decode()},30,Thales,OTP 110"
        for number, (serial, seed) in enumerate(SEEDS.items(), start=1)
    ]
    file = folder / "cards.csv"
    file.write_text("\n".join([HEADING, *rows, ""]))
    return file


def _two_columns(folder: Path) -> Path:
    file = folder / "cards.csv"
    file.write_text("".join(f"{serial},{seed.hex()}\n" for serial, seed in SEEDS.items()))
    return file


def _with_bad_macs(folder: Path, tokens: int) -> list[str]:
    """A PSKC file whose second token's value MAC is wrong, and its key."""
    file, key = folder / "delivery.pskcxml", folder / "transport.key"
    with file.open("wb") as target:
        write_pskc(Order((Tokens(tokens),), key=KEY, fault=Fault.BAD_MAC, fault_at=1), target)
    key.write_text(KEY.hex())
    return [str(file), "--key-file", str(key)]


def test_users_of_a_file_are_proposed_looked_at_and_assigned(
    seedvault: CommandLine, tmp_path: Path
) -> None:
    done = seedvault.ok("batch", "import", _entra(tmp_path))
    assert "3 tokens in stock" in done.out
    assert "nothing is assigned" in done.out
    assert seedvault("status", "--json").document["bound"] == 0
    for number in (1, 2, 3):
        seedvault.ok("user", "add", f"user{number}@example.com")
    seedvault.ok("token", "assign", "--csv", tmp_path / "cards.proposed.csv")
    assert seedvault("token", "show", "23000002", "--json").document["user"] == "user2@example.com"
    assert seedvault("token", "verify", "23000001", _shown("23000001")).code == 0


def test_rows_that_could_be_of_several_kinds_are_refused_until_somebody_says(
    seedvault: CommandLine, tmp_path: Path
) -> None:
    file = _two_columns(tmp_path)
    refused = seedvault("batch", "import", file)
    assert refused.code == 3
    assert "pingid" in refused.err
    assert all(seed.hex() not in refused.err for seed in SEEDS.values())
    said = ("--format", "pingid", "--type", "totp", "--step", "30", "--digits", "6")
    seedvault.ok("batch", "import", file, *said)
    seedvault.ok("user", "add", "alice")
    seedvault.ok("token", "assign", "23000003", "alice", "--code", _shown("23000003"))


def test_good_records_come_in_beside_a_bad_one_which_is_listed(
    seedvault: CommandLine, tmp_path: Path
) -> None:
    delivery = _with_bad_macs(tmp_path, tokens=120)
    done = seedvault("batch", "import", *delivery, "--skip-bad")
    assert done.code == 3
    assert "119 tokens in stock" in done.out
    listed = (tmp_path / "delivery.refused.csv").read_text().splitlines()
    assert listed[0] == "serial,line,reason"
    assert len(listed) == 2
    assert listed[1].startswith("GALT10000001,")
    assert seedvault("batch", "show", "1", "--json").document["refused"] == 1


def test_without_that_wish_the_bad_one_refuses_the_file(
    seedvault: CommandLine, tmp_path: Path
) -> None:
    refused = seedvault("batch", "import", *_with_bad_macs(tmp_path, tokens=120))
    assert refused.code == 3
    assert "GALT10000001" in refused.err
    assert seedvault("batch", "list", "--json").document["batches"] == []
    assert not (tmp_path / "delivery.refused.csv").exists()


def test_a_dry_run_tells_what_is_bad_too(seedvault: CommandLine, tmp_path: Path) -> None:
    done = seedvault("batch", "import", *_with_bad_macs(tmp_path, 120), "--skip-bad", "--dry-run")
    assert "refused: 1 of the records" in done.out
    assert "GALT10000001" in (tmp_path / "delivery.refused.csv").read_text()
    assert seedvault("batch", "list", "--json").document["batches"] == []


def test_a_key_that_the_hsm_does_not_hold_is_named(seedvault: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "delivery.pskcxml"
    file.write_text(sealed(Sealed(Cipher.RSA_OAEP_SHA1)))
    for command in ("inspect", "import"):
        refused = seedvault("batch", command, file, "--key-label", "nobody")
        assert refused.code == 6
        assert "no key is labelled 'nobody'" in refused.err
