"""Files that are signed, and files that come in a container, on the real command line."""

import gzip
from pathlib import Path

import pytest

from tests.support.cli import CommandLine
from tests.support.pskc_maker import Order, Tokens, write_pskc
from tests.support.signing import maker, signed

KEY = b"1234567890123456"


@pytest.fixture
def key(tmp_path: Path) -> str:
    path = tmp_path / "transport.key"
    path.write_text(KEY.hex())
    return str(path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "delivery.pskcxml"
    with path.open("wb") as target:
        write_pskc(Order((Tokens(3),), key=KEY), target)
    return path


def _signed(file: Path) -> str:
    """Sign the file in its place; the path of the maker's certificate."""
    thales = maker("Thales")
    file.write_bytes(signed(file.read_bytes(), thales))
    certificate = file.with_name("maker.pem")
    certificate.write_bytes(thales.pem)
    return str(certificate)


def test_a_signed_file_is_taken_and_its_signer_is_on_record(
    seedvault: CommandLine, file: Path, key: str
) -> None:
    certificate = _signed(file)
    done = seedvault.ok("batch", "import", file, "--key-file", key, "--signed-by", certificate)
    assert "signed by" in done.err
    batch = seedvault("batch", "show", "1", "--json").document
    assert "Thales" in batch["signed_by"]
    (event,) = seedvault("audit", "list", "--kind", "batch.imported", "--json").document["events"]
    assert "signed by" in event["detail"]


def test_a_signed_file_that_was_changed_is_refused(
    seedvault: CommandLine, file: Path, key: str
) -> None:
    certificate = _signed(file)
    file.write_bytes(file.read_bytes().replace(b"GALT10000000", b"GALT66600000"))
    refused = seedvault("batch", "import", file, "--key-file", key, "--signed-by", certificate)
    assert refused.code == 3
    assert seedvault("batch", "list", "--json").document["batches"] == []


def test_a_file_without_the_signature_that_was_asked_for_is_refused(
    seedvault: CommandLine, file: Path, key: str
) -> None:
    certificate = file.with_name("maker.pem")
    certificate.write_bytes(maker("Thales").pem)
    refused = seedvault("batch", "import", file, "--key-file", key, "--signed-by", certificate)
    assert refused.code == 3


def test_a_gzip_file_is_taken_out_only_on_request(
    seedvault: CommandLine, file: Path, key: str
) -> None:
    packed = file.with_suffix(".gz")
    packed.write_bytes(gzip.compress(file.read_bytes()))
    refused = seedvault("batch", "import", packed, "--key-file", key)
    assert refused.code == 3
    assert "gzip" in refused.err
    done = seedvault.ok("batch", "import", packed, "--key-file", key, "--unwrap")
    assert "3 tokens in stock" in done.out
