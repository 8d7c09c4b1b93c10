"""The lines of an exported log: one way to write each, and no other way that is read."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedvault.domain.audit import LoggedEvent
from seedvault.witness.lines import checkpoint_line, event_line, read_line
from tests.support.logs import EVERY_FIELD, ODD, PLAIN, some_log

LOG = some_log()
EVENTS = [logged for chain in LOG.vault.chains.values() for logged in chain]
CHECKPOINTS = LOG.vault.signed
LINES = [*map(event_line, EVENTS), *map(checkpoint_line, CHECKPOINTS)]


@pytest.mark.parametrize("event", [EVERY_FIELD, ODD, PLAIN], ids=["every", "odd", "plain"])
def test_an_event_is_read_back_as_it_was(event: Any) -> None:
    logged = LoggedEvent(3, 5, event, bytes(range(32)))
    line = event_line(logged)
    assert line.isascii()
    assert line.index(b"\n") == len(line) - 1
    assert read_line(line) == logged


def test_a_checkpoint_is_read_back_as_it_was() -> None:
    for signed in CHECKPOINTS:
        assert read_line(checkpoint_line(signed)) == signed


def test_a_line_is_these_octets() -> None:
    logged = LoggedEvent(3, 5, EVERY_FIELD, bytes(32))
    assert event_line(logged) == (
        b'{"schema": "seedvault.event/1", "at": "2026-11-24T12:00:00.000+00:00", '
        b'"kind": "code.accepted", "serial": "GALT10000001", "user": "alice", "batch": "B-0001", '
        b'"factor": 7, "detail": "offset +0", "actor": "os:rp", "chain": 3, "sequence": 5, '
        b'"digest": "' + b"00" * 32 + b'"}\n'
    )


@pytest.mark.parametrize("line", [LINES[0], LINES[-1]], ids=["event", "checkpoint"])
def test_every_field_of_a_line_counts(line: bytes) -> None:
    fields = json.loads(line)
    for name in fields:
        without = {other: value for other, value in fields.items() if other != name}
        for changed in (without, {**fields, name: [fields[name]]}, {**fields, name: True}):
            with pytest.raises(ValueError, match="line"):
                read_line(json.dumps(changed).encode() + b"\n")


@given(st.sampled_from(LINES), st.data())
def test_a_line_that_was_changed_anywhere_is_another_or_none(
    line: bytes, data: st.DataObject
) -> None:
    octets = bytearray(line)
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(ValueError):
        assert read_line(bytes(octets)) != read_line(line)


@given(st.binary())
def test_other_octets_are_no_line(octets: bytes) -> None:
    with pytest.raises(ValueError, match="no line of an exported log"):
        read_line(octets)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"null\n",
        b"[]\n",
        b'"text"\n',
        b'{"schema": "seedvault.token/1"}\n',
        b'{"schema": ["seedvault.event/1"]}\n',
        b"[" * 100_000,
        LINES[0].rstrip(),
        LINES[0].replace(b": ", b":", 1),
        LINES[0].replace(b'"batch"', b'"batch": null, "batch"'),
        b" " + LINES[0],
        LINES[0].replace(b'"factor": null', b'"factor": true'),
        LINES[0].replace(b'"user": "bob"', b'"user": "\\ud800"'),
        LINES[0].replace(b'"sequence": 1', b'"sequence": 9223372036854775808'),
        LINES[0].replace(b"2026-11-24T12:00:00.000+00:00", b"0001-01-01T00:00:00.000+12:00"),
        LINES[-1].replace(b'"number": 3', b'"number": 2'),
        LINES[-1].replace(b'"key": "c1"', b'"key": "c2"'),
    ],
    ids=range(18),
)
def test_what_is_spelt_otherwise_is_no_line(line: bytes) -> None:
    with pytest.raises(ValueError, match="line"):
        read_line(line)
