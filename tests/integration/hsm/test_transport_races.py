"""Of two ceremonies for one transport key's label, the loser leaves the winner's key."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from hsm import (
    KeyNotFound,
    Location,
    TransportCeremony,
    TransportKind,
    TransportOrder,
    TransportReport,
)
from hsm.key_source import KeySource
from hsm.session import Session
from tests.support.components import two_of
from tests.support.softhsm import pin

NUMBERS = count()


@pytest.fixture
def ceremony(location: Location) -> Iterator[TransportCeremony]:
    with TransportCeremony(location, pin()) as ceremony:
        yield ceremony


@pytest.fixture
def label() -> str:
    return f"maker {next(NUMBERS)}"


def test_who_loses_a_race_for_a_pair_s_label_removes_only_its_own(
    ceremony: TransportCeremony, location: Location, label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cryptoki, kind = ceremony._connection.module.cryptoki, TransportKind.RSA_2048
    generate = cryptoki.generate_key_pair
    won: list[TransportReport] = []

    def overtaken(*arguments: object) -> int:
        race.undo()
        with TransportCeremony(location, pin()) as other:
            won.append(other.make_pair(label, kind))
        return generate(*arguments)

    with monkeypatch.context() as race:
        race.setattr(cryptoki, "generate_key_pair", overtaken)
        with pytest.raises(KeyNotFound, match="2 times"):
            ceremony.make_pair(label, kind)
    assert [ceremony.report(label, kind)] == won


def test_who_loses_a_race_for_a_key_s_label_removes_only_its_own(
    ceremony: TransportCeremony, location: Location, label: str
) -> None:
    kind, key = TransportKind.AES_128, os.urandom(16)
    order, won = TransportOrder(label, kind), []

    @contextmanager
    def overtaken(session: Session) -> Iterator[KeySource]:
        with TransportCeremony(location, pin()) as other:
            made = other.bring_in(order, other.of_components(kind, two_of(kind, os.urandom(16))))
            won.append(made.report)
        with ceremony.of_components(kind, two_of(kind, key))(session) as source:
            yield source

    with pytest.raises(KeyNotFound, match="2 times"):
        ceremony.bring_in(order, overtaken)
    assert [ceremony.report(label, kind)] == won
