"""The written record of a ceremony: what was done to which keys, and by whom."""

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

SCHEMA = "seedvault.ceremony.record/1"

_WIDTH = 80
_RULE = "_" * 32


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a ceremony is held: which vault, which PKCS#11 module, which PKCS#11 token in it."""

    vault_id: str
    hsm: str
    pkcs11_token: str


@dataclass(frozen=True, slots=True)
class RecordedKey:
    """A key as the HSM showed it. `attributes` are PKCS#11's, by name."""

    name: str
    kind: str
    check_value: str
    uses: tuple[str, ...] = ()
    attributes: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The key in the HSM that signs records: its name, and what its public half hashes to."""

    name: str
    public_key_sha256: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What a record's text says of the signature: the files' stem, the key's file, the digest."""

    stem: str
    key_file: str
    document_sha256: str
    signer: SigningKey


@dataclass(frozen=True, slots=True)
class CeremonyRecord:
    """What happened. `facts` are names and values; a name may stand there more than once.

    `signatures` are the roles of those who sign the printed text. No secret is ever in it.
    """

    title: str
    setting: Setting
    at: datetime
    actor: str
    approved_by: str | None = None
    facts: tuple[tuple[str, str], ...] = ()
    keys: tuple[RecordedKey, ...] = ()
    signatures: tuple[str, ...] = ()

    @property
    def file_stem(self) -> str:
        """What its files are called: when, and what."""
        words = "".join(c if c.isascii() and c.isalnum() else " " for c in self.title.lower())
        return f"{self.at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{'-'.join(words.split())}"

    def document(self, signer: SigningKey) -> bytes:
        """The record as JSON: the octets that the HSM signs."""
        fields = {
            "schema": SCHEMA,
            "title": self.title,
            "vault": self.setting.vault_id,
            "hsm": self.setting.hsm,
            "pkcs11_token": self.setting.pkcs11_token,
            "at": self.at.astimezone(UTC).isoformat(timespec="milliseconds"),
            "actor": self.actor,
            "approved_by": self.approved_by,
            "facts": [{"name": name, "value": value} for name, value in self.facts],
            "keys": [_key_fields(key) for key in self.keys],
            "signed_by": {"key": signer.name, "public_key_sha256": signer.public_key_sha256},
        }
        return json.dumps(fields, indent=2).encode("ascii") + b"\n"

    def text(self, proof: Proof) -> str:
        """The record for paper, 80 columns wide."""
        parts = [
            [_plain(self.title).upper()],
            list(_pairs(self._circumstances())),
            list(_pairs(self.facts)),
            list(_keys(self.keys)),
            list(_signed_by_the_hsm(proof)),
            *([*_lines_to_sign(role)] for role in self.signatures or self._usual),
        ]
        return "\n\n".join("\n".join(part) for part in parts if part) + "\n"

    @property
    def _usual(self) -> tuple[str, str]:
        agreed = f"Approved by {self.approved_by}" if self.approved_by else "Witness"
        return "Custodian", agreed

    def _circumstances(self) -> tuple[tuple[str, str], ...]:
        return (
            ("Vault", self.setting.vault_id),
            ("HSM", self.setting.hsm),
            ("PKCS#11 token", self.setting.pkcs11_token),
            ("Moment", f"{self.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"),
            ("Done by", self.actor),
            ("Approved by", self.approved_by or "nobody else"),
        )


def _key_fields(key: RecordedKey) -> dict[str, object]:
    return {
        "name": key.name,
        "kind": key.kind,
        "check_value": key.check_value,
        "uses": list(key.uses),
        "attributes": dict(key.attributes),
    }


def _pairs(pairs: tuple[tuple[str, str], ...]) -> Iterator[str]:
    """A name and a value a line, the values in one column."""
    width = max((len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        yield from _wrapped(f"{_plain(name).ljust(width)}  ", value)


def _keys(keys: tuple[RecordedKey, ...]) -> Iterator[str]:
    for key in keys:
        yield from _wrapped("Key  ", f"{key.name}: {key.kind}, check value {key.check_value}")
        if key.uses:
            yield from _wrapped("     ", f"may {', '.join(key.uses)}, and nothing else")
        given = (f"{name}={'true' if value else 'false'}" for name, value in key.attributes)
        yield from _wrapped("     ", ", ".join(given))


def _signed_by_the_hsm(proof: Proof) -> Iterator[str]:
    yield f"Signed in the HSM by key {proof.signer.name}: {proof.stem}.json"
    yield from _wrapped("  SHA-256 of that file  ", proof.document_sha256)
    yield from _wrapped("  SHA-256 of the key    ", proof.signer.public_key_sha256)
    yield f"    openssl pkey -pubin -in {proof.key_file} -outform DER | sha256sum"
    yield "  to verify it:"
    yield f"    openssl dgst -sha256 -verify {proof.key_file} \\"
    yield f"      -signature {proof.stem}.json.sig \\"
    yield f"      {proof.stem}.json"


def _lines_to_sign(role: str) -> Iterator[str]:
    yield _plain(role)
    yield ""
    yield f"name {_RULE}  date {'_' * 16}"
    yield ""
    yield f"signature {_RULE}"


def _wrapped(begun: str, value: str) -> list[str]:
    """`begun` and the value, whose further lines stand below its first."""
    lines = textwrap.wrap(_plain(value), _WIDTH - len(begun), break_on_hyphens=False) or [""]
    further = (" " * len(begun) + line for line in lines[1:])
    return [(begun + lines[0]).rstrip(), *further]


def _plain(text: str) -> str:
    """The text, whatever would not be seen on paper, or would begin a line there, spelt out."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
