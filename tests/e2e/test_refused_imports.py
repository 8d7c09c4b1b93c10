"""Files, keys and places that an import must refuse: with a reason, and with nothing changed."""

import os
from pathlib import Path

import pytest

from importers import Digest
from tests.support.cli import CommandLine, Finished
from tests.support.pskc_maker import Fault, Totp
from tests.support.seed_files import Delivery, deliver, serial


def _refused(seedvault: CommandLine, *arguments: str | Path) -> Finished:
    """The refusal; the vault is empty after it."""
    finished = seedvault("batch", "import", *arguments)
    status = seedvault.ok("status", "--json").document
    assert (status["in_stock"], status["batches"]) == (0, 0)
    return finished


def test_a_wrong_key_is_named_as_such(seedvault: CommandLine, delivery: Delivery) -> None:
    delivery.key.write_text("00" * 16)
    refused = _refused(seedvault, *delivery.arguments)
    assert refused.code == 3
    assert "does not open this file" in refused.err
    assert "Nothing was imported." in refused.err


def test_a_key_of_another_length_is_named_as_such(
    seedvault: CommandLine, delivery: Delivery
) -> None:
    delivery.key.write_text("00" * 32)
    refused = _refused(seedvault, *delivery.arguments)
    assert refused.code == 3
    assert "16" in refused.err
    assert "32" in refused.err


def test_a_missing_key_is_asked_for_by_its_name(seedvault: CommandLine, delivery: Delivery) -> None:
    refused = _refused(seedvault, delivery.file)
    assert refused.code == 3
    assert "transport-key" in refused.err


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.BAD_MAC, "value MAC is wrong"),
        (Fault.EVERY_MAC_BAD, "value MAC"),
        (Fault.STRIPPED_MAC, "value MAC"),
        (Fault.TRUNCATED, "line"),
        (Fault.TRAILING_JUNK, "line"),
        (Fault.DOCTYPE, "DOCTYPE"),
        (Fault.SHORT_SEED, "128 bits"),
    ],
)
def test_a_broken_file_is_refused_whole(
    seedvault: CommandLine, tmp_path: Path, fault: Fault, words: str
) -> None:
    refused = _refused(seedvault, *deliver(tmp_path / "broken.xml", fault=fault).arguments)
    assert refused.code == 3
    assert "broken.xml" in refused.err
    assert words in refused.err


def test_a_bad_value_mac_among_many_is_named_by_its_serial(
    seedvault: CommandLine, tmp_path: Path
) -> None:
    broken = deliver(tmp_path / "f.xml", totp=2_500, fault=Fault.BAD_MAC, fault_at=2_345)
    refused = _refused(seedvault, *broken.arguments)
    assert serial(2_345) in refused.err


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'Length="6"', b'Length="0"', "Length 6 to 9"),
        (b'Length="6"', b'Length="20"', "Length 6 to 9"),
        (b"keyprov:pskc:totp", b"keyprov:pskc:sotp", "lgorithm"),
        (b"HMAC-SHA1<", b"HMAC-MD5<", "MD5"),
        (b">GALT10000003<", b">GALT10000002<", "GALT10000002"),
        (b">GALT10000003<", b">=GALT0000003<", "spreadsheets"),
    ],
)
def test_a_value_that_no_token_has_is_refused(
    seedvault: CommandLine, delivery: Delivery, old: bytes, new: bytes, words: str
) -> None:
    octets = delivery.file.read_bytes()
    assert old in octets
    delivery.file.write_bytes(octets.replace(old, new))
    refused = _refused(seedvault, *delivery.arguments)
    assert refused.code == 3
    assert words in refused.err


def test_a_refusal_is_on_record(seedvault: CommandLine, tmp_path: Path) -> None:
    _refused(seedvault, *deliver(tmp_path / "bad.xml", fault=Fault.BAD_MAC).arguments)
    events = seedvault.ok("audit", "list", "--kind", "batch.refused", "--json").document["events"]
    assert "bad.xml" in events[0]["detail"]


def test_a_held_serial_with_another_seed_is_a_conflict(
    seedvault: CommandLine, delivery: Delivery, tmp_path: Path
) -> None:
    seedvault.ok("batch", "import", *delivery.arguments)
    before = seedvault.ok("token", "list", "--limit", "99", "--json").document
    other = deliver(tmp_path / "other.xml", totp=30, seed=lambda s: s.encode().ljust(20, b"!"))
    refused = seedvault("batch", "import", *other.arguments)
    assert refused.code == 4
    assert f"{serial(0)} (line " in refused.err
    assert "nothing overwritten" in refused.err
    assert seedvault.ok("token", "list", "--limit", "99", "--json").document == before


def test_a_held_seed_under_another_serial_is_a_conflict(
    seedvault: CommandLine, delivery: Delivery, tmp_path: Path
) -> None:
    seedvault.ok("batch", "import", *delivery.arguments)
    copied = deliver(tmp_path / "copied.xml", totp=1, hotp=0)
    copied.file.write_bytes(copied.file.read_bytes().replace(b">GALT10000000<", b">GALT777<"))
    refused = seedvault("batch", "import", *copied.arguments)
    assert refused.code == 4
    assert "GALT777 (line " in refused.err
    assert serial(0) in refused.err


def test_one_seed_twice_in_a_file_is_refused_naming_both(
    seedvault: CommandLine, tmp_path: Path
) -> None:
    twice = deliver(tmp_path / "twice.xml", seed=lambda s: b"one seed for all 20!"[:20])
    refused = _refused(seedvault, *twice.arguments)
    assert refused.code == 3
    assert serial(0) in refused.err
    assert serial(1) in refused.err


def test_every_digest_and_step_of_totp_is_taken(seedvault: CommandLine, tmp_path: Path) -> None:
    for digest, step_s in ((Digest.SHA256, 60), (Digest.SHA512, 30)):
        kind = Totp(digits=8, step_s=step_s, digest=digest)
        first = 1 if digest is Digest.SHA256 else 2
        file = deliver(
            tmp_path / f"{digest.value}.xml",
            kind=kind,
            totp=3,
            hotp=0,
            seed=lambda s, first=first: s.encode().ljust(32, bytes([first])),  # type: ignore[misc]  # binds the loop's value
        )
        octets = file.file.read_bytes().replace(b"GALT1", b"GA%dT1" % first)
        file.file.write_bytes(octets)
        seedvault.ok("batch", "import", *file.arguments)
    kinds = {
        (token["digest"], token["step_s"])
        for token in seedvault.ok("token", "list", "--json").document["tokens"]
    }
    assert kinds == {("SHA256", 60), ("SHA512", 30)}


def test_the_key_may_come_on_standard_input(seedvault: CommandLine, delivery: Delivery) -> None:
    key = delivery.key.read_text()
    seedvault.ok("batch", "import", delivery.file, "--key-file", "-", stdin=key)


def test_a_file_name_that_is_no_unicode_is_taken(
    seedvault: CommandLine, delivery: Delivery
) -> None:
    odd = Path(os.fsdecode(bytes(delivery.file.parent) + b"/t\xf6kens.xml"))
    delivery.file.rename(odd)
    seedvault.ok("batch", "import", odd, "--key-file", delivery.key)
    assert seedvault.ok("batch", "show", "1", "--json").document["file"] == r"t\udcf6kens.xml"


def test_a_file_that_is_no_seed_file_is_refused(seedvault: CommandLine, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear customer, your tokens are in the box.")
    assert _refused(seedvault, letter).code == 3
