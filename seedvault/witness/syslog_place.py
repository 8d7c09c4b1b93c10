"""Where syslog is, as a setting spells it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from seedvault.domain.errors import InvalidInput

_PORT = 514
_EXAMPLE = "Write udp://HOST:514, tcp://HOST:514 or unix:///dev/log."


@dataclass(frozen=True, slots=True)
class SyslogPlace:
    """A receiver; `path` is a socket's of this host, else `host` and `port` are there."""

    scheme: str
    host: str = ""
    port: int = _PORT
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return f"{self.scheme}://{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def syslog_place(url: str) -> SyslogPlace:
    """Raises InvalidInput for what is no such URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidInput(f"{url!r} names no syslog", remedy=_EXAMPLE) from error
    more = parts.query or parts.fragment or parts.username
    if parts.scheme == "unix" and parts.path and not (parts.netloc or more):
        return SyslogPlace("unix", path=parts.path)
    plain = parts.path in {"", "/"} and not more
    if parts.scheme in {"udp", "tcp"} and parts.hostname and plain:
        return SyslogPlace(parts.scheme, parts.hostname, _PORT if port is None else port)
    raise InvalidInput(f"{url!r} names no syslog", remedy=_EXAMPLE)
