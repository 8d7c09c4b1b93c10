"""Transport keys on the command line, from the maker's file to the certificate of destruction."""

import json
import os
import subprocess
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from importers import Cipher, MacAlgorithm
from tests.support.cli import CommandLine
from tests.support.jwe_maker import PASSPHRASE, Jwe, jwk, written
from tests.support.sealed_maker import Sealed, sealed
from tests.support.two_components import AES, FIRST, KEY, SECOND, check_value

HMAC = MacAlgorithm.HMAC_SHA256
OAEP = padding.OAEP(padding.MGF1(SHA1()), SHA1(), None)


def public_key(file: Path) -> RSAPublicKey:
    key = load_pem_public_key(file.read_bytes())
    assert isinstance(key, RSAPublicKey)
    return key


def deliver(file: Path, order: Sealed) -> Path:
    file.write_text(sealed(order))
    return file


def openssl_verifies(record: dict[str, str]) -> bool:
    ran = subprocess.run(
        [
            *("openssl", "dgst", "-sha256", "-verify", record["public_key"]),
            *("-signature", record["signature"], record["json"]),
        ],
        capture_output=True,
        check=False,
    )
    return ran.stdout == b"Verified OK\n"


def kinds_of_events(seedvault: CommandLine) -> list[str]:
    events = seedvault.ok("audit", "list", "--json").document["events"]
    return [event["kind"] for event in events if event["kind"].startswith("transport.")][::-1]


def test_a_pair_from_its_making_to_its_certificate_of_destruction(
    seedvault: CommandLine, transport: Callable[..., Any], tmp_path: Path
) -> None:
    pem = tmp_path / "maker.pem"
    made = transport("create", "maker-2026", pem)
    public = public_key(pem)
    assert public.key_size == 3072
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ran = subprocess.run(["sha256sum"], input=der, capture_output=True, check=True)
    assert ran.stdout.decode().split()[0] == made["sha256"]
    assert openssl_verifies(made["record"])

    file = deliver(tmp_path / "d.xml", Sealed(Cipher.RSA_OAEP_SHA1, der, mac=HMAC))
    batch = seedvault.ok("batch", "import", file, "--key-label", "maker-2026", "--json").document
    assert (batch["batch"], batch["tokens"]) == ("B-0001", 1)

    foreseen = transport("destroy", "maker-2026", "--approved-by", "ben", "--dry-run")
    assert (foreseen["record"], foreseen["was_there"]) == (None, True)
    gone = transport("destroy", "maker-2026", "--approved-by", "ben", "--yes")
    assert [opened["batch"] for opened in gone["opened"]] == ["B-0001"]
    assert openssl_verifies(gone["record"])
    certificate = Path(gone["record"]["text"]).read_text()
    assert "CERTIFICATE OF DESTRUCTION" in certificate
    assert "B-0001: d.xml, 1 tokens" in certificate
    assert certificate.count("signature ____") == 2
    assert "\nApproved by ben\n\nname ____" in certificate
    assert max(map(len, certificate.splitlines())) <= 80
    signed = json.loads(Path(gone["record"]["json"]).read_text())
    assert signed["approved_by"] == "ben"

    again = seedvault("batch", "import", file, "--key-label", "maker-2026")
    assert (again.code, "maker-2026" in again.err) == (6, True)
    (listed,) = transport("list")["transport_keys"]
    assert (listed["state"], listed["opened"][0]["batch"]) == ("destroyed", "B-0001")
    assert kinds_of_events(seedvault) == [
        "transport.created",
        "transport.ending",
        "transport.destroyed",
    ]
    seedvault.ok("audit", "verify")


def test_an_altered_certificate_is_not_what_was_signed(
    transport: Callable[..., Any], tmp_path: Path
) -> None:
    transport("create", "maker", tmp_path / "maker.pem", "--bits", "2048")
    gone = transport("destroy", "maker", "--approved-by", "ben", "--yes", "--record", tmp_path)
    document = Path(gone["record"]["json"])
    assert document.parent == tmp_path
    document.write_text(document.read_text().replace("ben", "eve"))
    assert not openssl_verifies(gone["record"])


def test_a_key_in_two_components_opens_what_the_maker_encrypted(
    seedvault: CommandLine,
    transport: Callable[..., Any],
    components: list[str | Path],
    tmp_path: Path,
) -> None:
    own = check_value(KEY)
    done = transport("import", "shared", "--kind", "aes-128", *components, "--check-value", own)
    assert done["check_value"].lower() == own
    record = Path(done["record"]["text"]).read_text()
    assert "Custodian of component 2" in record
    assert check_value(FIRST).upper() in record.upper()
    assert openssl_verifies(done["record"])

    file = deliver(tmp_path / "d.xml", Sealed(AES, mac=HMAC))
    seedvault.ok("batch", "import", file, "--key-label", "shared")
    (listed,) = transport("list")["transport_keys"]
    assert (listed["state"], listed["kind"], listed["origin"]) == ("ok", "aes-128", "2 components")
    assert [opened["file"] for opened in listed["opened"]] == ["d.xml"]
    assert sorted(listed["uses"]) == ["decrypt", "unwrap"]


def test_a_wrong_check_value_changes_nothing_and_is_on_record(
    seedvault: CommandLine,
    transport: Callable[..., Any],
    components: list[str | Path],
    tmp_path: Path,
) -> None:
    (tmp_path / "ben.component").write_text(f"{SECOND.hex()}\n{check_value(FIRST)}\n")
    words = ("key", "transport", "import", "shared", "--kind", "aes-128", *components)
    foreseen = seedvault(*words, "--dry-run")
    refused = seedvault(*words)
    assert foreseen.code == refused.code == 3
    assert f"component 2 ({tmp_path / 'ben.component'}) has not the check value" in refused.err
    assert SECOND.hex() not in refused.err
    assert transport("list")["transport_keys"] == []
    assert kinds_of_events(seedvault) == ["transport.refused"]
    assert not list((seedvault.home / "ceremonies").glob("*transport*"))


def test_a_dry_run_shows_the_check_value_and_keeps_no_key(
    seedvault: CommandLine, transport: Callable[..., Any], components: list[str | Path]
) -> None:
    seen = transport("import", "shared", "--kind", "aes-128", *components, "--dry-run")
    assert (seen["check_value"].lower(), seen["record"]) == (check_value(KEY), None)
    assert transport("list")["transport_keys"] == []
    assert kinds_of_events(seedvault) == []
    transport("import", "shared", "--kind", "aes-128", *components)


def _oaep(public: RSAPublicKey, key: bytes) -> bytes:
    return public.encrypt(key, OAEP)


def _rsa_aes(public: RSAPublicKey, key: bytes) -> bytes:
    between = os.urandom(32)
    return public.encrypt(between, OAEP) + aes_key_wrap_with_padding(between, key)


def _raw(octets: bytes) -> bytes:
    return octets


def _armoured(octets: bytes) -> bytes:
    return b"-----BEGIN KEY-----\n" + b64encode(octets) + b"\n-----END KEY-----\n"


@pytest.mark.parametrize("wrap", [_oaep, _rsa_aes])
@pytest.mark.parametrize("spell", [_raw, _armoured])
def test_a_key_that_was_wrapped_for_a_pair_comes_in_inside_the_module(
    transport: Callable[..., Any],
    tmp_path: Path,
    wrap: Callable[[RSAPublicKey, bytes], bytes],
    spell: Callable[[bytes], bytes],
) -> None:
    pem, blob = tmp_path / "pair.pem", tmp_path / "key.bin"
    transport("create", "pair", pem, "--bits", "2048")
    blob.write_bytes(spell(wrap(public_key(pem), KEY)))
    done = transport(
        "import", "shared", "--kind", "aes-128", "--wrapped", blob, "--wrapped-for", "pair"
    )
    assert done["check_value"].lower() == check_value(KEY)
    assert done["way"] == "unwrapped inside the module"


def test_a_key_wrapped_for_no_pair_of_ours_is_refused(
    seedvault: CommandLine, tmp_path: Path
) -> None:
    blob = tmp_path / "key.bin"
    blob.write_bytes(b"\xff" * 256)
    words = ("key", "transport", "import", "m", "--kind", "aes-128", "--wrapped", blob)
    refused = seedvault(*words, "--wrapped-for", "nobody")
    assert (refused.code, "nobody is no key pair" in refused.err) == (4, True)


def test_a_key_under_a_passphrase_comes_in(
    seedvault: CommandLine, transport: Callable[..., Any], tmp_path: Path
) -> None:
    jwe, passphrase = tmp_path / "key.jwe", tmp_path / "passphrase"
    jwe.write_bytes(written(Jwe(jwk(KEY))))
    passphrase.write_bytes(PASSPHRASE + b"\n")
    words = ("import", "shared", "--kind", "aes-128", "--jwe", jwe, "--passphrase-file", passphrase)
    done = transport(*words)
    assert done["check_value"].lower() == check_value(KEY)

    passphrase.write_bytes(b"another one")
    refused = seedvault("key", "transport", "import", "other", *words[2:])
    assert (refused.code, "passphrase does not open" in refused.err) == (3, True)


def test_a_label_is_given_once_even_after_its_key_is_gone(
    seedvault: CommandLine, transport: Callable[..., Any], tmp_path: Path
) -> None:
    transport("create", "maker", tmp_path / "1.pem", "--bits", "2048")
    transport("destroy", "maker", "--approved-by", "ben", "--yes")
    refused = seedvault("key", "transport", "create", "maker", tmp_path / "2.pem")
    assert (refused.code, "given once" in refused.err) == (4, True)
    twice = seedvault("key", "transport", "destroy", "maker", "--approved-by", "ben", "--yes")
    assert (twice.code, "was destroyed on" in twice.err) == (4, True)


def test_nobody_approves_their_own_destruction(
    seedvault: CommandLine, transport: Callable[..., Any], tmp_path: Path
) -> None:
    transport("create", "maker", tmp_path / "maker.pem", "--bits", "2048")
    (event, *_) = seedvault.ok("audit", "list", "--json").document["events"]
    words = ("key", "transport", "destroy", "maker", "--approved-by", event["actor"], "--yes")
    refused = seedvault(*words)
    assert (refused.code, "cannot approve it too" in refused.err) == (2, True)
    assert transport("list")["transport_keys"][0]["state"] == "ok"
    assert kinds_of_events(seedvault)[-1] == "transport.refused"


def test_without_a_terminal_destruction_asks_for_yes(
    seedvault: CommandLine, transport: Callable[..., Any], tmp_path: Path
) -> None:
    transport("create", "maker", tmp_path / "maker.pem", "--bits", "2048")
    refused = seedvault("key", "transport", "destroy", "maker", "--approved-by", "ben")
    assert (refused.code, "--yes" in refused.err) == (2, True)
    assert transport("list")["transport_keys"][0]["state"] == "ok"


def test_the_public_half_is_exported_again(transport: Callable[..., Any], tmp_path: Path) -> None:
    first, again = tmp_path / "1.pem", tmp_path / "2.pem"
    made = transport("create", "maker", first, "--bits", "2048")
    exported = transport("export", "maker", again)
    assert exported["sha256"] == made["sha256"]
    assert again.read_bytes() == first.read_bytes()


def test_a_dash_is_standard_output_where_there_is_a_key_to_export(
    seedvault: CommandLine, transport: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "1.pem"
    made = transport("create", "maker", file, "--bits", "2048")
    exported = seedvault.ok("key", "transport", "export", "maker", "-")
    assert exported.out == file.read_text()
    assert made["sha256"][:4] in exported.err
    both = seedvault("key", "transport", "export", "maker", "-", "--json")
    assert (both.code, "standard output" in both.err) == (2, True)
    refused = seedvault("key", "transport", "create", "other", "-")
    assert (refused.code, "name a file" in refused.err) == (2, True)
    assert kinds_of_events(seedvault) == ["transport.created"]


def test_a_list_is_told_a_key_a_line(
    seedvault: CommandLine, transport: Callable[..., Any], tmp_path: Path
) -> None:
    for label in ("a", "b"):
        transport("create", label, tmp_path / label, "--bits", "2048")
    lines = seedvault.ok("key", "transport", "list", "--jsonl").out.splitlines()
    told = [json.loads(line) for line in lines]
    assert [one.pop("schema") for one in told] == ["seedvault.transport_key/1"] * 2
    assert told == transport("list")["transport_keys"]


def test_a_file_that_is_there_is_never_overwritten(
    seedvault: CommandLine, transport: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "maker.pem"
    file.write_text("somebody's")
    refused = seedvault("key", "transport", "create", "maker", file)
    assert (refused.code, file.read_text()) == (4, "somebody's")
    assert transport("list")["transport_keys"] == []


def test_a_file_that_cannot_be_written_is_found_out_before_a_pair_is_made(
    seedvault: CommandLine, transport: Callable[..., Any], tmp_path: Path
) -> None:
    nowhere = tmp_path / "nowhere" / "maker.pem"
    for word in ("create", "export"):
        refused = seedvault("key", "transport", word, "maker", nowhere)
        assert (refused.code, f"{nowhere} cannot be written" in refused.err) == (7, True), refused
    assert "Nothing was changed" in refused.err
    assert kinds_of_events(seedvault) == []
    transport("create", "maker", tmp_path / "maker.pem", "--bits", "2048")


def test_a_link_that_leads_nowhere_is_a_file_that_is_there(
    seedvault: CommandLine, transport: Callable[..., Any], tmp_path: Path
) -> None:
    link = tmp_path / "maker.pem"
    link.symlink_to(tmp_path / "gone")
    refused = seedvault("key", "transport", "create", "maker", link)
    assert (refused.code, "is a file already" in refused.err) == (4, True), refused
    assert kinds_of_events(seedvault) == []


BAD_CALLS = [
    ((), "give one of"),
    (("--components", "2", "--jwe", "FILE"), "give one of"),
    (("--wrapped", "FILE"), "go together"),
    (("--components", "2", "--passphrase-file", "FILE"), "is the passphrase of"),
    (("--components", "2"), "no terminal"),
    (("--jwe", "FILE"), "no terminal"),
    (("--component", "FILE"), "is no component"),
    (("--wrapped", "FILE", "--wrapped-for", "m"), "no base64"),
]


@pytest.mark.parametrize(("options", "match"), BAD_CALLS)
def test_a_call_that_names_no_one_key_is_refused(
    seedvault: CommandLine, tmp_path: Path, options: tuple[str, ...], match: str
) -> None:
    file = tmp_path / "file"
    file.write_text("what is this?")
    words = [str(file) if word == "FILE" else word for word in options]
    refused = seedvault("key", "transport", "import", "m", "--kind", "aes-128", *words)
    assert (refused.code, match in refused.err) == (2, True), refused
