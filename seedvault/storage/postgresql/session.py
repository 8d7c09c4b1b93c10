"""One connection to PostgreSQL, set up so that what was committed stays committed."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from select import POLLIN, poll
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from psycopg.types.numeric import Int8Dumper

from seedvault.domain.errors import InvalidInput, StorageUnavailable
from seedvault.storage.postgresql.failures import LOCK_TIMEOUT_S

# What holds unless the URL says otherwise. A server that is cut off is noticed in about half a
# minute: without this, a node waits for the two hours of the system's own keepalive.
_DEFAULTS: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "application_name": "seedvault",
}
_FACTS = (
    "SELECT current_setting('fsync'), current_setting('full_page_writes'),"
    " current_setting('server_encoding'), pg_is_in_recovery(),"
    " current_setting('default_transaction_isolation')"
)
# A commit is on the disk, and on the standby's where there is a synchronous one, before it returns.
# The server notices a node that is cut off, and lets go of its locks. Single reads take part in no
# transaction, so that the database never asks to begin them anew.
_SET_UP = (
    "SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit')"
    " WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false),"
    " set_config('default_transaction_isolation', 'read committed', false),"
    f" set_config('lock_timeout', '{LOCK_TIMEOUT_S}s', false),"
    " set_config('idle_in_transaction_session_timeout', '60s', false),"
    " set_config('tcp_keepalives_idle', '10', false),"
    " set_config('tcp_keepalives_interval', '5', false),"
    " set_config('tcp_keepalives_count', '3', false)"
)
_HOLDING = "SET idle_in_transaction_session_timeout = 0"


class Session(psycopg.Connection[TupleRow]):
    """A connection of psycopg's that knows how to begin, and what the server warned of."""

    begin_words: str
    """BEGIN at the isolation level that the database was given: any will do."""

    warned: list[str]
    """What the server warned of since this was emptied."""

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """As sqlite3's connection has it."""
        with self.cursor() as cursor:
            cursor.executemany(sql, list(rows))

    @property
    def is_idle(self) -> bool:
        """Whether it is there, and no transaction is open."""
        return self.pgconn.transaction_status == TransactionStatus.IDLE

    @property
    def was_left(self) -> bool:
        """Whether the server has said something, unasked, to an idle connection: mostly farewell.

        Costs a microsecond, where a question would cost a round trip.
        """
        if self.closed:
            return True
        waiting = poll()
        waiting.register(self.pgconn.socket, POLLIN)
        return bool(waiting.poll(0))

    def roll_back(self) -> None:
        """Undo what was not committed. A server that is gone has undone it."""
        if not (self.closed or self.is_idle):
            with suppress(psycopg.OperationalError):
                self.execute("ROLLBACK")


def arguments(uri: str) -> dict[str, Any]:
    """What a connection is made with. Raises InvalidInput for a URL that libpq does not read.

    A password stands in no URL: it would be shown by whatever shows settings or processes.
    """
    remedy = "Use postgresql+psycopg://USER@HOST/DATABASE."
    try:
        given = conninfo_to_dict(uri)
    except psycopg.ProgrammingError:
        # Not repeated, nor what libpq says of it: a password may stand in it.
        raise InvalidInput("this is no PostgreSQL URL", remedy=remedy) from None
    if any("password" in name for name in given):
        raise InvalidInput(
            "a password stands in the database's URL",
            remedy="Put it into a file for libpq: ~/.pgpass, or one that PGPASSFILE names.",
        )
    return _DEFAULTS | given | {"autocommit": True, "client_encoding": "utf8"}


def in_words(given: dict[str, Any]) -> str:
    """Which database it is."""
    user = f"{given['user']}@" if "user" in given else ""
    name = given.get("dbname") or f"service {given.get('service', '')}".strip()
    return f"postgresql://{user}{given.get('host', '')}/{name}"


def connect(given: dict[str, Any], place: str) -> Session:
    """A session with a primary that keeps what it commits; StorageUnavailable with any other."""
    session = Session.connect(**given)
    try:
        _set_up(session, place)
    except BaseException:
        session.close()
        raise
    return session


def connect_to_hold(given: dict[str, Any], place: str) -> Session:
    """A session for a lock that is held for as long as something takes."""
    session = connect(given, place)
    session.execute(_HOLDING)
    return session


def _set_up(session: Session, place: str) -> None:
    row = session.execute(_FACTS).fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    fsync, full_page_writes, encoding, standby, level = row
    if (fsync, full_page_writes) != ("on", "on"):
        raise StorageUnavailable(
            f"{place}: this server does not promise durable commits "
            f"(fsync {fsync}, full_page_writes {full_page_writes})",
            remedy="Set both to on in postgresql.conf, and reload it.",
        )
    if standby:
        raise StorageUnavailable(
            f"{place}: this server only answers questions: it is a standby",
            remedy="Name the primary, or both and target_session_attrs=read-write.",
        )
    if encoding != "UTF8":
        raise StorageUnavailable(
            f"{place}: the database's encoding is {encoding}",
            remedy="Make the database with ENCODING 'UTF8'.",
        )
    session.execute(_SET_UP)
    session.begin_words = f"BEGIN ISOLATION LEVEL {level.upper()}"
    session.warned = []
    session.add_notice_handler(_keep(session.warned))
    # One type for every int: each mixture of widths would be a prepared statement of its own.
    session.adapters.register_dumper(int, Int8Dumper)


def _keep(warned: list[str]) -> Any:
    """A handler that refers to no session: sessions go as soon as nobody holds them."""

    def note(notice: psycopg.errors.Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            warned.append(notice.message_primary or "")

    return note
