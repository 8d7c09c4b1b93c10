"""What somebody who can write to the database may do to a token's row."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.drills.sealed_vault import MALLORY, Known, NotText, Row, SealedVault

SEALED = frozenset(
    {
        "serial", "manufacturer", "model", "kind", "digest", "digits", "step_s", "t0_s", "terms",
        "quarantine", "not_before_ms", "not_after_ms", "blob_format", "kek_id", "seed_length",
        "blob", "export_blob", "seal", "seal_key", "state", "owner", "bound_ms", "revision",
        "use_limit", "since_ms", "reason", "pin",
    }
)  # fmt: skip
"""Columns that no other value can stand in without being noticed."""

_PROGRESS = "verification moves it, and no MAC stops a rollback: see floors and the audit chains"
UNSEALED = {
    "id": "the database's own number; nothing is decided by it",
    "serial_folded": "where the row is looked for: what is found under another's name is refused, "
    "and a row that is not found is as good as deleted",
    "batch": "has its number only after the seal: sealed with the first administrative change, see "
    "tests/unit/seedvault/service/test_groups.py",
    "fingerprint": "finds a seed delivered twice; nothing is verified by it",
    "fingerprint_key": "whose the fingerprint is",
    "version": "the conditional write's own",
    "next_factor": _PROGRESS,
    "drift_steps": _PROGRESS,
    "synchronised_ms": _PROGRESS,
    "failures": _PROGRESS,
    "last_failure_ms": _PROGRESS,
    "resyncs": _PROGRESS,
    "resyncs_since_ms": _PROGRESS,
    "stray_factor": _PROGRESS,
    "stray_ms": _PROGRESS,
    "uses": _PROGRESS,
    "must_resync": _PROGRESS,
}
"""Columns that stay outside the seal, and why."""

_SWAPPED = {
    "blob": ("blob",),
    "blob and fingerprint": ("blob", "fingerprint"),
    "blob and seal": ("blob", "seal"),
    "everything wrapped": (
        "blob", "export_blob", "fingerprint", "seal", "blob_format", "kek_id", "seed_length",
    ),
}  # fmt: skip

_WORDS = {
    "kind": ("hotp", "totp", "ocra"),
    "digest": ("sha1", "sha256", "sha512"),
    "state": ("in-stock", "bound", "suspended", "quarantined", "revoked", "retired"),
}
_PUT_IN = {"t0_s": 0, "step_s": 30, "owner": 1, "export_blob": b"x" * 48, "bound_ms": 1}


@dataclass(frozen=True, slots=True)
class Attack:
    """One change of `victim`'s row; `intruder` is whose seed came into it."""

    name: str
    victim: Known
    changes: tuple[tuple[Known, Row], ...]
    intruder: Known | None = None


def swaps(world: SealedVault, victim: Known, intruder: Known) -> Iterator[Attack]:
    """Another token's blob in `victim`'s row, alone and with what goes with it."""
    ours, theirs = world.row(victim), world.row(intruder)
    for name, columns in _SWAPPED.items():
        changes = [(victim, {column: theirs[column] for column in columns})]
        if "fingerprint" in columns:  # unique: theirs goes the other way
            changes.append((intruder, {"fingerprint": ours["fingerprint"]}))
        yield Attack(f"{name} swapped", victim, tuple(changes), intruder)


def flips(world: SealedVault, victim: Known) -> Iterator[Attack]:
    """Every sealed column, one at a time, to each value that may pass and some that cannot."""
    row = world.row(victim)
    for column in sorted(SEALED):
        for other in _others(column, row[column]):
            yield Attack(column, victim, ((victim, {column: other}),))
    for name, changes in _rewrites(world, row):
        yield Attack(name, victim, ((victim, changes),))


def _others(column: str, value: Any) -> Iterator[Any]:
    """Other values: near ones, none, and some of another type, which SQLite lets stand."""
    yield from (word for word in _WORDS.get(column, ()) if word != value)
    match value:
        case None:
            if column == "owner":
                yield 2**31  # nobody's number
            yield _PUT_IN.get(column, 1_700_000_000_000 if column.endswith("_ms") else "put in")
        case bytes():
            yield value[:-1] + bytes([value[-1] ^ 1])
            yield value[:-1]
            yield b""
        case str():
            yield value.swapcase() if value.swapcase() != value else value + " "
            yield value + "x"
            yield b"\xff\xfe"
            yield NotText(b"\xff\xfe")
        case int():
            yield value + 1
            yield value - 1
            yield 2**62
    if value is not None:
        yield 6.5
        yield "\x00"


def _rewrites(world: SealedVault, row: Row) -> Iterator[tuple[str, Row]]:
    """Changes of several columns that make another sound row."""
    nobodys = {"owner": None, "bound_ms": None, "since_ms": None, "reason": None, "pin": None}
    ended = {
        "owner": None,
        "bound_ms": None,
        "since_ms": 1_700_000_000_000,
        "reason": "x",
        "pin": None,
    }
    mallorys = {"owner": world.user_id(MALLORY), "bound_ms": row["bound_ms"] or 1_700_000_000_000}
    mallorys |= {"since_ms": None, "reason": None}
    if row["state"] != "in-stock":
        yield "put back into stock", {"state": "in-stock", "quarantine": None, **nobodys}
    yield "given to mallory", {"state": "bound", "quarantine": None, **mallorys}
    if row["state"] != "quarantined":
        yield "put into quarantine", {"state": "quarantined", "quarantine": "x", **nobodys}
    if row["state"] == "bound":
        yield "suspended", {"state": "suspended", "since_ms": 1_700_000_000_000, "reason": "x"}
    if row["state"] == "suspended":
        yield "let loose", {"state": "bound", "since_ms": None, "reason": None}
    for state in sorted({"revoked", "retired"} - {row["state"]}):
        yield f"made {state}", {"state": state, "quarantine": None, **ended}
    if row["state"] in ("bound", "suspended"):
        yield "another PIN", {"pin": f"argon2id:65536:3:4:{'00' * 16}:{'00' * 20}"}
    if row["kind"] == "totp":
        yield "a clock made a counter", {"kind": "hotp", "step_s": None, "t0_s": None}
    if row["kind"] == "hotp":
        yield "a counter made a clock", {"kind": "totp", "step_s": 30, "t0_s": 0}
