"""The record of a ceremony is signed in the HSM, and OpenSSL verifies it without the vault."""

import subprocess
from pathlib import Path

import pytest

from seedvault.cli.options import Session
from seedvault.cli.records import KeptRecord, RecordFolder
from seedvault.domain.ceremony import CeremonyRecord, Setting
from seedvault.domain.errors import StorageUnavailable
from seedvault.keys import HsmKeys, HsmRecordSigner
from seedvault.service.records import SignedRecord, sign_record
from tests.support.tokens import NOON

RECORD = CeremonyRecord("KEK rotated", Setting("vault-1", "SoftHSM", "test"), NOON, "os:carol")


@pytest.fixture
def signed(keys: HsmKeys) -> SignedRecord:
    return sign_record(RECORD, HsmRecordSigner(keys.keystore))


def kept_in(folder: Path, signed: SignedRecord) -> KeptRecord:
    return RecordFolder(Session(folder), None).keep(signed)


def verify(kept: KeptRecord) -> "subprocess.CompletedProcess[str]":
    """What the record's text says to run, run where its files are."""
    lines = kept.text.read_text().replace("\\\n", " ").splitlines()
    (command,) = [line for line in lines if "openssl dgst" in line]
    return subprocess.run(
        command.split(), cwd=kept.text.parent, capture_output=True, text=True, check=False
    )


def test_openssl_verifies_what_the_text_tells_it_to(signed: SignedRecord, tmp_path: Path) -> None:
    kept = kept_in(tmp_path, signed)
    assert verify(kept).stdout == "Verified OK\n"
    assert signed.sha256 in kept.text.read_text().replace("\n", "").replace(" ", "")


def test_openssl_refuses_an_altered_record(signed: SignedRecord, tmp_path: Path) -> None:
    kept = kept_in(tmp_path, signed)
    kept.document.write_bytes(kept.document.read_bytes().replace(b"carol", b"mallory"))
    assert verify(kept).returncode != 0


def test_two_records_of_one_second_stand_side_by_side(signed: SignedRecord, tmp_path: Path) -> None:
    first, second = kept_in(tmp_path, signed), kept_in(tmp_path, signed)
    assert second.document.name == first.document.name.replace(".json", "-2.json")
    assert verify(first).stdout == verify(second).stdout == "Verified OK\n"


def test_another_vault_s_key_of_the_same_name_stays(signed: SignedRecord, tmp_path: Path) -> None:
    (tmp_path / "ceremonies").mkdir()
    (tmp_path / "ceremonies" / "c1.pem").write_text("another vault's")
    kept = kept_in(tmp_path, signed)
    assert (tmp_path / "ceremonies" / "c1.pem").read_text() == "another vault's"
    assert verify(kept).stdout == "Verified OK\n"


def test_a_folder_that_cannot_be_there_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="no record can be written"):
        RecordFolder(Session(tmp_path), tmp_path / "no" / "such")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_vanished_leaves_the_ceremony_done(
    signed: SignedRecord, tmp_path: Path
) -> None:
    folder = RecordFolder(Session(tmp_path), None)
    (tmp_path / "ceremonies").write_text("in the way")
    with pytest.raises(StorageUnavailable) as caught:
        folder.keep(signed)
    assert "is done" in caught.value.unchanged
