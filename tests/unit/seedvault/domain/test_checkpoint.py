"""A checkpoint is stated in one way, follows one other, and is no record of a ceremony."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from seedvault.domain.audit import GENESIS, ChainHead
from seedvault.domain.canonical import decode, encode
from seedvault.domain.ceremony import CeremonyRecord, Setting, SigningKey
from seedvault.domain.checkpoint import (
    AT_ONCE,
    PURPOSE,
    USUAL,
    Checkpoint,
    read_statement,
    succession,
)
from tests.support.checkpoints import Signer, checkpoint, head
from tests.support.tokens import NOON

SIGNER = Signer()
FIRST = checkpoint(SIGNER, [head(0, 3), head(4, 2)], introduces=SIGNER.public_key)
SECOND = checkpoint(SIGNER, [head(0, 3), head(4, 5, b"e" * 32), head(5, 1)], FIRST)
PUBLISHED = Checkpoint(
    "0b6e7d5c",
    1,
    1,
    NOON,
    GENESIS,
    SigningKey("c1", "11" * 32),
    None,
    (ChainHead(0, 2, b"\x22" * 32),),
)


@pytest.mark.parametrize("stated", [FIRST, SECOND, PUBLISHED])
def test_what_is_stated_is_read_back(stated: Checkpoint) -> None:
    assert read_statement(stated.statement()) == stated


def test_a_statement_is_these_octets() -> None:
    at_ms = b"%d" % (NOON.timestamp() * 1000)
    assert PUBLISHED.statement() == b"".join(
        [
            b"s\0\0\0\x20seedvault.checkpoint.statement/1",
            b"s\0\0\0\x080b6e7d5c",
            b"i\0\0\0\x011",
            b"i\0\0\0\x011",
            b"i\0\0\0\x0d" + at_ms,
            b"b\0\0\0\x20" + bytes(32),
            b"s\0\0\0\x02c1",
            b"b\0\0\0\x20" + b"\x11" * 32,
            b"n\0\0\0\0",
            b"i\0\0\0\x010",
            b"i\0\0\0\x012",
            b"b\0\0\0\x20" + b"\x22" * 32,
        ]
    )


def test_no_record_of_a_ceremony_can_pass_for_a_checkpoint_nor_the_other_way() -> None:
    record = CeremonyRecord(PURPOSE, Setting("vault-1", "hsm", "token"), NOON, "os:ann")
    document = record.document(SIGNER.key)
    assert document[:1] != FIRST.statement()[:1]
    with pytest.raises(ValueError, match="the octets end"):
        read_statement(document)


CHANGED: dict[str, Any] = {
    "vault_id": "vault-2",
    "epoch": 2,
    "number": 2,
    "at": NOON + timedelta(milliseconds=1),
    "previous": b"p" * 32,
    "signer": Signer("c2").key,
    "introduces": None,
    "heads": (head(0, 3), head(4, 3)),
}


@pytest.mark.parametrize("name", [*Checkpoint.__slots__])
def test_the_digest_covers_each_field(name: str) -> None:
    assert replace(FIRST, **{name: CHANGED[name]}).digest != FIRST.digest


@pytest.mark.parametrize(
    "wrong",
    [
        {"previous": b"short"},
        {"number": 0},
        {"heads": (head(4, 2), head(0, 3))},
        {"heads": (head(0, 2), head(0, 3))},
        {"heads": (head(0, 0),)},
        {"heads": (head(-1, 1),)},
        {"heads": (head(0, 1, b"short"),)},
    ],
)
def test_what_no_vault_states_is_no_checkpoint(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"32 octets|count from 1"):
        replace(FIRST, **wrong)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, "seedvault.ceremony.record/1"),
        (1, b"octets"),
        (3, "text"),
        (4, 10**30),
        (5, 7),
        (8, "text"),
        (9, None),
    ],
)
def test_octets_that_state_something_else_are_not_read(place: int, value: Any) -> None:
    fields = decode(FIRST.statement())
    fields[place] = value
    with pytest.raises(ValueError, match=r"field|states no|clock"):
        read_statement(encode(*fields))


@pytest.mark.parametrize("fields", [(), (PURPOSE,), (*decode(FIRST.statement()), 5)])
def test_octets_of_another_number_of_fields_are_not_read(fields: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="as many fields"):
        read_statement(encode(*fields))


# --- what follows what -----------------------------------------------------------------------


def test_the_next_checkpoint_follows() -> None:
    assert list(succession(None, FIRST)) == []
    assert list(succession(FIRST, SECOND)) == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"number": 3}, "checkpoint 2 is missing"),
        ({"number": 1}, "checkpoint 2 is missing"),
        ({"previous": b"x" * 32}, "the checkpoint before it was altered"),
        ({"vault_id": "vault-2"}, "it is of vault vault-2"),
        ({"epoch": 0}, "its epoch is 0, after 1"),
        ({"heads": (head(0, 3),)}, "chain 4 ends at 0, before it at 2"),
        ({"heads": (head(0, 2), head(4, 2))}, "chain 0 ends at 2, before it at 3"),
        ({"heads": (head(0, 3, b"x" * 32), head(4, 2))}, "chain 0 ends as long as before"),
    ],
)
def test_a_checkpoint_that_does_not_follow_is_told(change: dict[str, Any], what: str) -> None:
    (said,) = succession(FIRST, replace(SECOND, **change))
    assert said.startswith(what)


def test_the_first_checkpoint_follows_nothing() -> None:
    (missing,) = succession(None, SECOND)
    assert missing.startswith("checkpoint 1 is missing")
    (altered,) = succession(None, replace(FIRST, previous=b"x" * 32))
    assert altered == "the checkpoint before it was altered"


def test_a_chain_that_was_empty_ends_at_the_beginning() -> None:
    assert FIRST.head(4) == head(4, 2)
    assert FIRST.head(7) == ChainHead(7, 0, GENESIS)
    assert FIRST.events == 5


# --- how often -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uncovered", "ago_ms", "due"),
    [
        (0, 5_000, False),
        (1, 999, False),
        (1, 1_000, True),
        (999, 0, False),
        (1_000, 0, True),
        (1, -1, True),
    ],
)
def test_a_checkpoint_is_due_after_a_second_or_a_thousand_events(
    uncovered: int, ago_ms: int, due: bool
) -> None:
    last = NOON - timedelta(milliseconds=ago_ms)
    assert USUAL.is_due(uncovered, last, NOON) is due


def test_the_first_is_due_with_the_first_event() -> None:
    assert USUAL.is_due(1, None, NOON)
    assert not USUAL.is_due(0, None, NOON)


def test_one_that_is_asked_for_is_due_whenever_something_is_new() -> None:
    assert AT_ONCE.is_due(1, NOON, NOON)
    assert not AT_ONCE.is_due(0, None, NOON)
