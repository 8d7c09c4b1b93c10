"""The audit log on its way to a syslog receiver: RFC 5424, over UDP, TCP or a local socket.

A copy for whoever watches, best effort: a message may be lost, and is not sent again. The evidence
is the exported file.
"""

import os
import socket
from base64 import b64encode
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from seedvault.domain.audit import EventKind, LoggedEvent
from seedvault.domain.checkpoint import SignedCheckpoint
from seedvault.domain.errors import InvalidInput, StorageUnavailable
from seedvault.witness.syslog_place import SyslogPlace

TIMEOUT_S: Final = 1.0
"""How long a receiver that is not there can hold up the end of a command."""

_LOG_AUDIT: Final = 13  # RFC 5424 table 1
_ALERT, _WARNING, _INFORMATIONAL = 1, 4, 6  # table 2
_SEVERE = {EventKind.SEAL_BROKEN: _ALERT}
_DENIALS = ("rejected", "refused")
_BOM: Final = b"\xef\xbb\xbf"  # section 6.4: a message in UTF-8 begins with it
_APP: Final = "seedvault"
_CHECKPOINT: Final = "audit.checkpoint"
_ESCAPED = str.maketrans({'"': '\\"', "\\": "\\\\", "]": "\\]"})  # section 6.3.3


@dataclass(frozen=True, slots=True)
class Origin:
    """Who says it: the host, the vault, and whose names the structured data has.

    `enterprise` is a private enterprise number (RFC 5424 section 7.2.2).
    """

    host: str
    vault_id: str
    enterprise: str

    def __post_init__(self) -> None:
        if not (self.enterprise.isascii() and self.enterprise.isdigit()):
            raise InvalidInput(
                f"[audit] syslog_enterprise is a number, not {self.enterprise!r}",
                remedy="Write your private enterprise number (IANA), or leave it out.",
            )


class SyslogCopies:
    """The `Syslog` port."""

    def __init__(self, place: SyslogPlace, origin: Origin) -> None:
        self._place = place
        self._origin = origin

    @property
    def name(self) -> str:
        return str(self._place)

    def send(self, log: Iterable[LoggedEvent | SignedCheckpoint]) -> None:
        try:
            with closing(_connected(self._place)) as connection:
                for each in log:
                    octets = message(self._origin, each)
                    if self._place.scheme == "tcp":  # RFC 6587 section 3.4.1: octet counting
                        octets = b"%d %b" % (len(octets), octets)
                    connection.sendall(octets)
        except OSError as error:
            raise StorageUnavailable(
                f"{self.name}: syslog cannot be reached: {error.strerror or error}",
                unchanged="The audit log itself is whole.",
                remedy="What was not sent is in the audit export.",
            ) from error


def message(origin: Origin, each: LoggedEvent | SignedCheckpoint) -> bytes:
    """One message of RFC 5424 section 6."""
    told = _checkpoint(each) if isinstance(each, SignedCheckpoint) else _event(each)
    header = (
        f"<{_LOG_AUDIT * 8 + told.severity}>1 {_timestamp(told.at)} {_host(origin.host)} {_APP} "
        f"{os.getpid()} {told.kind}"
    )
    named = [("vault", origin.vault_id), *told.parameters]
    data = "".join(
        f' {name}="{value.translate(_ESCAPED)}"' for name, value in named if value is not None
    )
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in told.text)
    return f"{header} [seedvault@{origin.enterprise}{data}] ".encode() + _BOM + text.encode()


@dataclass(frozen=True, slots=True)
class _Told:
    """What a message says. `parameters` without a value are left out."""

    severity: int
    at: datetime
    kind: str
    parameters: tuple[tuple[str, str | None], ...]
    text: str


def _event(logged: LoggedEvent) -> _Told:
    event = logged.event
    serial = event.serial.verbatim if event.serial else None
    parameters = (
        ("chain", str(logged.chain)),
        ("sequence", str(logged.sequence)),
        ("digest", logged.digest.hex()),
        ("actor", event.actor),
        ("serial", serial),
        ("user", event.user),
        ("batch", event.batch),
        ("factor", None if event.factor is None else str(event.factor)),
        ("detail", event.detail),
    )
    words = (
        event.kind.value,
        f" token {serial}" if serial else "",
        f" user {event.user}" if event.user else "",
        f" by {event.actor}",
        f": {event.detail}" if event.detail else "",
    )
    return _Told(_severity(event.kind), event.at, event.kind.value, parameters, "".join(words))


def _checkpoint(signed: SignedCheckpoint) -> _Told:
    stated = signed.checkpoint
    parameters = (
        ("number", str(stated.number)),
        ("key", stated.signer.name),
        ("statement", b64encode(stated.statement()).decode("ascii")),
        ("signature", b64encode(signed.signature).decode("ascii")),
    )
    text = f"checkpoint {stated.number} over {stated.events} events, by key {stated.signer.name}"
    return _Told(_INFORMATIONAL, stated.at, _CHECKPOINT, parameters, text)


def _severity(kind: EventKind) -> int:
    denied = kind.value.endswith(_DENIALS)
    return _SEVERE.get(kind, _WARNING if denied else _INFORMATIONAL)


def _timestamp(at: datetime) -> str:
    """Section 6.2.3: RFC 3339 with upper-case T and Z."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _host(name: str) -> str:
    """Section 6.2.4: at most 255 visible ASCII characters, or the NILVALUE."""
    visible = "".join(c for c in name if "!" <= c <= "~")[:255]
    return visible or "-"


def _connected(place: SyslogPlace) -> socket.socket:
    if place.scheme == "tcp":
        return socket.create_connection((place.host, place.port), TIMEOUT_S)
    if place.scheme == "unix":
        return _to(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), place.path)
    family, _, _, _, found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_DGRAM)[0]
    return _to(socket.socket(family, socket.SOCK_DGRAM), found)


def _to(connection: socket.socket, address: object) -> socket.socket:
    try:
        connection.settimeout(TIMEOUT_S)
        connection.connect(address)  # type: ignore[arg-type]  # as getaddrinfo gave it
    except OSError:
        connection.close()
        raise
    return connection
