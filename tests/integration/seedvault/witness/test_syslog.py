"""Copies to syslog: RFC 5424 to the letter, over real sockets."""

import base64
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest

from seedvault.domain.audit import GENESIS, AuditEvent, EventKind, LoggedEvent, link
from seedvault.domain.checkpoint import SignedCheckpoint
from seedvault.domain.errors import InvalidInput, StorageUnavailable
from seedvault.domain.names import Serial
from seedvault.witness import Origin, SyslogCopies, syslog_place
from seedvault.witness.syslog import message
from seedvault.witness.syslog_place import SyslogPlace
from tests.support.logs import EVERY_FIELD, ODD, PLAIN, some_log
from tests.support.syslog_receiver import Received, counted, received
from tests.support.tokens import NOON

ORIGIN = Origin("otp-1.example.org", "vault-1", "32473")
LOG = some_log()
SENT: list[LoggedEvent | SignedCheckpoint] = [
    *(LoggedEvent(3, n, event, bytes(32)) for n, event in enumerate((EVERY_FIELD, ODD, PLAIN))),
    LOG.vault.signed[0],
]


def of(event: AuditEvent) -> Received:
    return received(message(ORIGIN, LoggedEvent(3, 5, event, bytes(32))))


def test_an_event_is_told_with_every_field() -> None:
    told = of(EVERY_FIELD)
    assert (told.facility, told.severity) == (13, 6)
    assert (told.at, told.host, told.app) == (NOON, "otp-1.example.org", "seedvault")
    assert told.message_id == "code.accepted"
    assert told.element == "seedvault@32473"
    assert told.parameters == {
        "vault": "vault-1",
        "chain": "3",
        "sequence": "5",
        "digest": "00" * 32,
        "actor": "os:rp",
        "serial": "GALT10000001",
        "user": "alice",
        "batch": "B-0001",
        "factor": "7",
        "detail": "offset +0",
    }
    assert told.text == "code.accepted token GALT10000001 user alice by os:rp: offset +0"


def test_what_is_absent_is_left_out() -> None:
    told = of(PLAIN)
    assert set(told.parameters) == {"vault", "chain", "sequence", "digest", "actor", "user"}
    assert told.text == "user.added user bob by os:ann"


def test_what_could_end_a_value_is_escaped_and_comes_back() -> None:
    told = of(ODD)
    assert told.parameters["actor"] == ODD.actor
    assert told.parameters["detail"] == ODD.detail
    assert told.parameters["serial"] == "ÄÖ-ñ"


def test_the_text_stands_on_one_line() -> None:
    assert "\\n" in of(ODD).text
    assert of(ODD).text.isprintable()


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_of_event_can_be_told(kind: EventKind) -> None:
    assert of(replace(EVERY_FIELD, kind=kind)).message_id == kind.value


@pytest.mark.parametrize(
    ("kind", "severity"),
    [
        (EventKind.CODE_ACCEPTED, 6),
        (EventKind.CODE_REJECTED, 4),
        (EventKind.EXPORT_REFUSED, 4),
        (EventKind.SEAL_BROKEN, 1),
    ],
)
def test_denials_warn_and_broken_seals_alarm(kind: EventKind, severity: int) -> None:
    assert of(replace(EVERY_FIELD, kind=kind)).severity == severity


def test_from_the_fields_of_an_event_its_digest_can_be_computed() -> None:
    """A receiver can verify what it was sent."""
    chain = EVERY_FIELD.chain
    digest = link(GENESIS, chain, 1, EVERY_FIELD)
    told = received(message(ORIGIN, LoggedEvent(chain, 1, EVERY_FIELD, digest)))
    again = AuditEvent(
        EventKind(told.message_id),
        told.at,
        told.parameters["actor"],
        Serial(told.parameters["serial"]),
        told.parameters["user"],
        told.parameters["batch"],
        int(told.parameters["factor"]),
        told.parameters["detail"],
    )
    assert link(GENESIS, again.chain, 1, again).hex() == told.parameters["digest"]


def test_a_checkpoint_is_told_with_its_statement_and_signature() -> None:
    signed = LOG.vault.signed[0]
    told = received(message(ORIGIN, signed))
    assert told.message_id == "audit.checkpoint"
    assert base64.b64decode(told.parameters["statement"]) == signed.checkpoint.statement()
    assert base64.b64decode(told.parameters["signature"]) == signed.signature


def test_a_message_about_a_checkpoint_is_one_that_every_receiver_takes() -> None:
    """RFC 5424 section 6.1: 2,048 octets should be taken; all nine chains are in this one."""
    log = some_log()
    log.grow(range(200))
    assert len(log.sign().checkpoint.heads) == 9
    assert len(message(ORIGIN, log.vault.signed[-1])) <= 2048


@pytest.mark.parametrize("name", ["", "häuser", "a b", "x" * 300])
def test_a_host_that_has_no_such_name_is_told_as_far_as_can_be(name: str) -> None:
    told = received(message(replace(ORIGIN, host=name), SENT[0]))
    assert told.host in {"-", "huser", "ab", "x" * 255}


def test_an_old_moment_is_told_in_utc() -> None:
    assert of(replace(PLAIN, at=NOON + timedelta(milliseconds=5))).at == NOON + timedelta(
        milliseconds=5
    )


# --- over the wire ---------------------------------------------------------------------------


def test_over_udp_each_message_is_a_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        place = SyslogPlace("udp", "127.0.0.1", receiver.getsockname()[1])
        SyslogCopies(place, ORIGIN).send(SENT)
        arrived = [receiver.recv(65_536) for _ in SENT]
    assert arrived == [message(ORIGIN, each) for each in SENT]


def test_over_a_local_socket_too(tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(path)
        receiver.settimeout(10)
        SyslogCopies(syslog_place(f"unix://{path}"), ORIGIN).send(SENT)
        arrived = [receiver.recv(65_536) for _ in SENT]
    assert arrived == [message(ORIGIN, each) for each in SENT]


def test_over_tcp_octets_are_counted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as receiver:
        stream: list[bytes] = []

        def take() -> None:
            connection, _ = receiver.accept()
            with connection:
                while octets := connection.recv(4096):
                    stream.append(octets)

        taking = Thread(target=take)
        taking.start()
        place = SyslogPlace("tcp", "127.0.0.1", receiver.getsockname()[1])
        SyslogCopies(place, ORIGIN).send(SENT)
        taking.join(10)
    assert counted(b"".join(stream)) == [message(ORIGIN, each) for each in SENT]


def _closed_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


@pytest.mark.parametrize("url", [_closed_port, lambda: "unix:///nowhere/at/all"])
def test_a_receiver_that_is_not_there_is_named(url: Callable[[], str]) -> None:
    place = url()
    with pytest.raises(StorageUnavailable) as refused:
        SyslogCopies(syslog_place(place), ORIGIN).send(SENT)
    assert refused.value.what.startswith(f"{place}: syslog cannot be reached")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("udp://log.example.org", SyslogPlace("udp", "log.example.org", 514)),
        ("tcp://[2001:db8::1]:6514", SyslogPlace("tcp", "2001:db8::1", 6514)),
        ("unix:///dev/log", SyslogPlace("unix", path="/dev/log")),
    ],
)
def test_a_place_is_read_and_spelt(url: str, place: SyslogPlace) -> None:
    assert syslog_place(url) == place
    assert syslog_place(str(place)) == place


@pytest.mark.parametrize(
    "url",
    [
        "",
        "log.example.org:514",
        "http://log.example.org",
        "udp://",
        "udp://host:port",
        "udp://host:99999",
        "udp://host/path",
        "udp://name@host",
        "tcp://host?x=1",
        "unix://",
        "unix://host/dev/log",
    ],
)
def test_what_is_no_place_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="names no syslog"):
        syslog_place(url)


def test_an_enterprise_is_a_number() -> None:
    with pytest.raises(InvalidInput, match="syslog_enterprise is a number"):
        replace(ORIGIN, enterprise="acme")
