"""The record of a ceremony fits on paper, says everything, and cannot be made to say more."""

import json
from dataclasses import replace

from seedvault.domain.ceremony import CeremonyRecord, Proof, RecordedKey, Setting, SigningKey
from tests.support.tokens import NOON

SIGNER = SigningKey("c1", "ab" * 32)
PROOF = Proof("20260101T120000Z-key-rotated", "c1.pem", "cd" * 32, SIGNER)
RECORD = CeremonyRecord(
    "KEK rotated",
    Setting("vault-1", "SoftHSM 2.6 at /usr/lib/softhsm/libsofthsm2.so", "seedvault"),
    NOON,
    "os:carol",
    "dave",
    (("Reason", "the yearly rotation"), ("Batch", "B-0001"), ("Batch", "B-0002")),
    (RecordedKey("k2", "AES-256", "0a1b2c3d", ("wrap", "unwrap"), (("SENSITIVE", True),)),),
)


def test_the_text_has_every_name_value_key_and_role() -> None:
    text = RECORD.text(PROOF)
    for part in ("KEK ROTATED", "vault-1", "os:carol", "dave", "the yearly rotation", "B-0002"):
        assert part in text
    for part in ("k2: AES-256, check value 0a1b2c3d", "wrap, unwrap", "SENSITIVE=true"):
        assert part in text
    assert text.count("signature ____") == 2
    assert "\n\nCustodian\n" in text
    assert "\n\nApproved by dave\n" in text


def test_a_witness_signs_where_nobody_else_agreed() -> None:
    text = replace(RECORD, approved_by=None).text(PROOF)
    assert "\n\nWitness\n" in text
    assert "dave" not in text


def test_the_text_is_80_columns_wide_whatever_it_says() -> None:
    long = replace(RECORD, facts=(("Fingerprint", "f" * 300), ("Reason", "because " * 50)))
    assert max(map(len, long.text(PROOF).splitlines())) <= 80


def test_the_text_tells_how_the_signature_is_verified() -> None:
    text = RECORD.text(PROOF).replace("\\\n", "").split("\n")
    (command,) = [line.split() for line in text if "openssl dgst" in line]
    stem = PROOF.stem
    assert command == [
        *("openssl", "dgst", "-sha256", "-verify", "c1.pem"),
        *("-signature", f"{stem}.json.sig", f"{stem}.json"),
    ]


def test_a_name_with_a_line_break_begins_no_line_of_its_own() -> None:
    forged = replace(RECORD, facts=(("File", "a.xml\nApproved by   erin\u202e"),))
    assert "a.xml\\nApproved by   erin\\u202e" in forged.text(PROOF)


def test_nobody_else_s_approval_is_said() -> None:
    assert "Approved by    nobody else" in replace(RECORD, approved_by=None).text(PROOF)


def test_the_document_says_the_same_to_a_program() -> None:
    document = json.loads(RECORD.document(SIGNER))
    assert document["schema"] == "seedvault.ceremony.record/1"
    assert document["at"] == "2026-11-24T12:00:00.000+00:00"
    assert [fact["value"] for fact in document["facts"]][1:] == ["B-0001", "B-0002"]
    assert document["keys"] == [
        {
            "name": "k2",
            "kind": "AES-256",
            "check_value": "0a1b2c3d",
            "uses": ["wrap", "unwrap"],
            "attributes": {"SENSITIVE": True},
        }
    ]
    assert document["signed_by"] == {"key": "c1", "public_key_sha256": "ab" * 32}


def test_the_document_is_these_octets() -> None:
    short = CeremonyRecord("Key made", RECORD.setting, NOON, "os:carol", "dave", (("Why", "due"),))
    assert short.document(SIGNER).decode("ascii") == (
        """{
  "schema": "seedvault.ceremony.record/1",
  "title": "Key made",
  "vault": "vault-1",
  "hsm": "SoftHSM 2.6 at /usr/lib/softhsm/libsofthsm2.so",
  "pkcs11_token": "seedvault",
  "at": "2026-11-24T12:00:00.000+00:00",
  "actor": "os:carol",
  "approved_by": "dave",
  "facts": [
    {
      "name": "Why",
      "value": "due"
    }
  ],
  "keys": [],
  "signed_by": {
    "key": "c1",
    "public_key_sha256": "abababababababababababababababababababababababababababababababab"
  }
}
"""
    )


def test_the_text_is_these_lines() -> None:
    key = RecordedKey("k2", "AES-256", "0a1b2c3d", (), (("SENSITIVE", True), ("LOCAL", False)))
    one = replace(RECORD, keys=(key,), facts=(), signatures=("First custodian",))
    assert one.text(replace(PROOF, stem="made")) == (
        """KEK ROTATED

Vault          vault-1
HSM            SoftHSM 2.6 at /usr/lib/softhsm/libsofthsm2.so
PKCS#11 token  seedvault
Moment         2026-11-24 12:00:00 UTC
Done by        os:carol
Approved by    dave

Key  k2: AES-256, check value 0a1b2c3d
     SENSITIVE=true, LOCAL=false

Signed in the HSM by key c1: made.json
  SHA-256 of that file  cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd
                        cdcdcdcd
  SHA-256 of the key    abababababababababababababababababababababababababababab
                        abababab
    openssl pkey -pubin -in c1.pem -outform DER | sha256sum
  to verify it:
    openssl dgst -sha256 -verify c1.pem \\
      -signature made.json.sig \\
      made.json

First custodian

name ________________________________  date ________________

signature ________________________________
"""
    )


def test_its_files_are_called_by_when_and_what() -> None:
    assert replace(RECORD, title="Key «k1é» / destroyed").file_stem == (
        "20261124T120000Z-key-k1-destroyed"
    )
