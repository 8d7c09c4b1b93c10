"""`batch inspect` and the lists that an import leaves beside its file."""

from pathlib import Path

from tests.support.cli import CommandLine
from tests.support.pskc_maker import Order, Tokens, write_pskc

KEY = b"1234567890123456"


def _delivery(folder: Path) -> list[str]:
    file, key = folder / "delivery.pskcxml", folder / "transport.key"
    with file.open("wb") as target:
        write_pskc(Order((Tokens(3),), key=KEY), target)
    key.write_text(KEY.hex())
    return [str(file), "--key-file", str(key)]


def test_a_file_is_described_and_not_imported(seedvault: CommandLine, tmp_path: Path) -> None:
    done = seedvault("batch", "inspect", *_delivery(tmp_path))
    assert done.code == 0
    assert "PSKC 1.0" in done.out
    assert "3: 3 new, 0 held already" in done.out
    assert "TOTP-6/30 s (3)" in done.out
    assert seedvault("batch", "list", "--json").document["batches"] == []


def test_after_the_import_all_of_it_is_held(seedvault: CommandLine, tmp_path: Path) -> None:
    delivery = _delivery(tmp_path)
    seedvault("batch", "import", *delivery)
    found = seedvault("batch", "inspect", *delivery, "--json").document
    assert (found["records"], found["new"], found["held"]) == (3, 0, 3)
