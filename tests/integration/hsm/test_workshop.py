"""A workshop's session lives as long as its block, and tells what went wrong first."""

import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from hsm import Location, Policy, Unavailable
from hsm.connection import Connection
from hsm.link import logged_in
from hsm.translate import Rv
from hsm.workshop import workshop
from tests.support.softhsm import pin, returning


@pytest.fixture
def connection(location: Location) -> Iterator[Connection]:
    connection = Connection(location, pin())
    yield connection
    connection.close()


def test_nobody_restarts_the_module_from_the_opening_of_its_session_on(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = connection.module
    opens, before = module.cryptoki.open_session, module.generation

    def restart() -> None:
        with suppress(Unavailable):
            module.restart(0.01)

    def opening(*arguments: object) -> int:
        answer = opens(*arguments)
        other = threading.Thread(target=restart)
        other.start()
        other.join()
        return answer

    with monkeypatch.context() as slow:
        slow.setattr(module.cryptoki, "open_session", opening)
        with workshop(connection) as shop:
            assert module.generation == before
            assert logged_in(shop.session)


def test_a_workshop_after_a_restart_is_logged_in(connection: Connection) -> None:
    connection.module.restart()
    with workshop(connection) as shop:
        assert logged_in(shop.session)


def test_a_session_that_does_not_close_hides_no_error(connection: Connection) -> None:
    cryptoki = connection.module.cryptoki
    with returning(cryptoki, "close_session", Rv.DEVICE_ERROR) as pending:
        with pytest.raises(Policy, match="the cause"), workshop(connection):
            raise Policy("the cause")
        assert pending == []


def test_a_session_that_does_not_close_is_told_where_nothing_else_is(
    connection: Connection,
) -> None:
    cryptoki = connection.module.cryptoki
    with (
        returning(cryptoki, "close_session", Rv.DEVICE_ERROR),
        pytest.raises(Unavailable),
        workshop(connection),
    ):
        pass
