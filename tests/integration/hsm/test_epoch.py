"""A vault's epoch is kept beside its keys: it only rises, whoever raises it, and whatever ends."""

import threading

import pytest

from hsm import Integrity, Keystore, Location, Unavailable, epoch
from hsm.connection import Connection
from hsm.session import Session
from hsm.templates import Cka, Cko, Template
from hsm.translate import Rv
from hsm.workshop import workshop
from tests.support.objects import count_objects
from tests.support.softhsm import pin, returning, vault_location

VAULT = "vault-1"


@pytest.fixture
def place() -> Location:
    return vault_location("epoch")


@pytest.fixture
def connection(place: Location) -> Connection:
    return Connection(place, pin())


def test_a_new_vault_has_no_epoch_yet(connection: Connection) -> None:
    assert epoch.recall(connection, VAULT) is None


def test_an_epoch_is_there_for_the_next_login(place: Location) -> None:
    first = Keystore.connect(place, pin())
    assert first.remember_epoch(VAULT, 3)
    first.close()

    again = Keystore.connect(place, pin())
    assert again.recall_epoch(VAULT) == 3
    again.close()


def test_an_epoch_never_goes_back(connection: Connection) -> None:
    epoch.remember(connection, VAULT, 4)
    epoch.remember(connection, VAULT, 2)

    assert epoch.recall(connection, VAULT) == 4


def test_lower_ones_end_when_it_rises(connection: Connection) -> None:
    epoch.remember(connection, VAULT, 1)
    before = count_objects(connection)
    for number in range(2, 40):
        epoch.remember(connection, VAULT, number)

    assert (epoch.recall(connection, VAULT), count_objects(connection)) == (39, before)


def test_each_vault_has_its_own(connection: Connection) -> None:
    epoch.remember(connection, VAULT, 7)

    assert epoch.recall(connection, "vault-2") is None


def test_the_highest_counts_where_a_kill_left_several(connection: Connection) -> None:
    epoch.remember(connection, VAULT, 1)
    with returning(connection.module.cryptoki, "destroy_object", *[Rv.FUNCTION_FAILED] * 2):
        epoch.remember(connection, VAULT, 2)
        epoch.remember(connection, VAULT, 3)

    assert epoch.recall(connection, VAULT) == 3


def test_more_than_are_looked_at_in_one_call_are_all_looked_at(connection: Connection) -> None:
    for number in (50, *range(1, 40)):
        _plant(connection, b"%d" % number)

    assert epoch.recall(connection, VAULT) == 50


def test_threads_that_raise_it_at_once_leave_the_highest(connection: Connection) -> None:
    threads = [
        threading.Thread(target=epoch.remember, args=(connection, VAULT, number))
        for number in range(1, 9)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert epoch.recall(connection, VAULT) == 8


def test_a_module_that_keeps_no_data_says_so(connection: Connection) -> None:
    with returning(connection.module.cryptoki, "create_object", Rv.ATTRIBUTE_VALUE_INVALID):
        assert not epoch.remember(connection, VAULT, 1)


def test_a_module_that_is_sick_is_not_one_that_keeps_no_data(connection: Connection) -> None:
    with (
        returning(connection.module.cryptoki, "create_object", Rv.DEVICE_ERROR),
        pytest.raises(Unavailable),
    ):
        epoch.remember(connection, VAULT, 1)


def test_a_lost_login_is_not_taken_for_no_epoch(connection: Connection) -> None:
    epoch.remember(connection, VAULT, 5)
    connection.module.cryptoki.logout(connection.run(lambda session: session.handle))

    assert epoch.recall(connection, VAULT) == 5


def test_what_is_no_number_is_refused(connection: Connection) -> None:
    _plant(connection, b"newest")

    with pytest.raises(Integrity, match="none"):
        epoch.recall(connection, VAULT)


def test_it_cannot_be_changed_in_place(connection: Connection) -> None:
    epoch.remember(connection, VAULT, 5)
    with workshop(connection) as shop:
        (handle,) = shop.session.search(_named())
        with pytest.raises(Exception, match="C_SetAttributeValue"):
            shop.session.change(handle, Template((Cka.VALUE, b"1")))

    assert epoch.recall(connection, VAULT) == 5


def test_a_vault_that_never_came_into_use_leaves_none(connection: Connection) -> None:
    epoch.remember(connection, VAULT, 1)
    epoch.forget(connection, VAULT)

    assert epoch.recall(connection, VAULT) is None


def _plant(connection: Connection, value: bytes) -> None:
    with workshop(connection) as shop:
        _planted(shop.session, value)


def _planted(session: Session, value: bytes) -> None:
    label = f"seedvault/epoch/{VAULT}".encode()
    session.create(
        Template(
            (Cka.CLASS, Cko.DATA),
            (Cka.TOKEN, True),
            (Cka.PRIVATE, True),
            (Cka.LABEL, label),
            (Cka.VALUE, value),
        )
    )


def _named() -> Template:
    label = f"seedvault/epoch/{VAULT}".encode()
    return Template((Cka.CLASS, Cko.DATA), (Cka.TOKEN, True), (Cka.LABEL, label))
