"""What the operator tells of a seed file becomes its key and its terms."""

from pathlib import Path

import pytest

from seedvault.cli.told import Told, delivered_key, terms_of
from seedvault.domain.errors import InvalidInput
from seedvault.domain.oath import Digest
from seedvault.service.seed_files import NO_TERMS, SeedFileKey, Terms

NOTHING: Told = {
    "key_file": None,
    "passphrase_file": None,
    "key_label": None,
    "container_passphrase_file": None,
    "pgp_key_file": None,
    "signed_by": (),
    "unwrap": False,
    "format": None,
    "type": None,
    "digits": None,
    "step": None,
    "hash": None,
    "encoding": None,
    "cipher": None,
    "allow_unauthenticated": False,
    "allow_short": False,
    "legacy_macs": False,
}


def _secret(folder: Path, name: str, octets: bytes) -> str:
    path = folder / name
    path.write_bytes(octets)
    path.chmod(0o600)
    return str(path)


def test_nothing_told_leaves_everything_to_the_file() -> None:
    assert terms_of(NOTHING) == NO_TERMS
    assert delivered_key(NOTHING) == SeedFileKey()


def test_each_thing_told_is_a_term(tmp_path: Path) -> None:
    certificate = tmp_path / "maker.pem"
    certificate.write_bytes(b"PEM")
    told: Told = {
        **NOTHING,
        "signed_by": (certificate,),
        "unwrap": True,
        "format": "pingid",
        "type": "totp",
        "digits": 8,
        "step": 60,
        "hash": "SHA256",
        "encoding": "hex",
        "cipher": "aes256-cbc",
        "allow_unauthenticated": True,
        "allow_short": True,
        "legacy_macs": True,
    }
    assert terms_of(told, skip_bad=True, dry_run=True) == Terms(
        format="pingid",
        kind="totp",
        digest=Digest.SHA256,
        digits=8,
        step_s=60,
        encoding="hex",
        cipher="aes256-cbc",
        signed_by=(b"PEM",),
        unwrap=True,
        allow_unauthenticated=True,
        allow_short=True,
        legacy_macs=True,
        skip_bad=True,
        dry_run=True,
    )


def test_the_first_line_of_a_passphrase_file_is_meant(tmp_path: Path) -> None:
    told: Told = {**NOTHING, "passphrase_file": _secret(tmp_path, "p", b"correct horse\r\n")}
    assert delivered_key(told).passphrase == "correct horse"


def test_a_key_and_a_passphrase_contradict_each_other(tmp_path: Path) -> None:
    key, passphrase = _secret(tmp_path, "k", b"00" * 16), _secret(tmp_path, "p", b"word")
    with pytest.raises(InvalidInput, match="not both"):
        delivered_key({**NOTHING, "key_file": key, "passphrase_file": passphrase})


def test_a_passphrase_opens_a_private_key(tmp_path: Path) -> None:
    key = _secret(tmp_path, "k", b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    given = delivered_key(
        {**NOTHING, "key_file": key, "passphrase_file": _secret(tmp_path, "p", b"word")}
    )
    assert (given.key_file, given.passphrase) == (b"-----BEGIN ENCRYPTED PRIVATE KEY-----", "word")


def test_a_key_in_the_hsm_stands_alone(tmp_path: Path) -> None:
    key = _secret(tmp_path, "k", b"00" * 16)
    with pytest.raises(InvalidInput, match="--key-label"):
        delivered_key({**NOTHING, "key_label": "maker", "key_file": key})


def test_the_container_has_a_passphrase_of_its_own(tmp_path: Path) -> None:
    told: Told = {**NOTHING, "container_passphrase_file": _secret(tmp_path, "c", b"zip\n")}
    assert delivered_key(told).container_passphrase == "zip"


def test_only_one_secret_comes_from_standard_input() -> None:
    with pytest.raises(InvalidInput, match="standard input"):
        delivered_key({**NOTHING, "key_file": "-", "container_passphrase_file": "-"})


def test_a_passphrase_that_is_no_text_is_a_wrong_call(tmp_path: Path) -> None:
    told: Told = {**NOTHING, "passphrase_file": _secret(tmp_path, "p", b"\xff\xfe")}
    with pytest.raises(InvalidInput, match="not UTF-8"):
        delivered_key(told)
