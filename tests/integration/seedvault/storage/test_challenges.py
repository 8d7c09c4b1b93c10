"""Challenges in the database: one token's, one vault's, and ended once."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from seedvault.domain.challenge import Challenge, ChallengeId, Purpose
from seedvault.domain.errors import SealBroken
from seedvault.domain.pin_keeping import LOW_MEMORY, StretchedPin
from seedvault.domain.token import Bound
from seedvault.service.ports import Stale, StoredToken
from seedvault.storage import SqlVault
from tests.integration.seedvault.storage.conftest import Tamper
from tests.support.tokens import NOON, OCRA, new_token, serial
from tests.support.vaults import add_user, bind, event, held_token, import_tokens, reopen

MINUTE = timedelta(minutes=1)


def challenge(number: int, question: str | None = None, at: datetime = NOON) -> Challenge:
    named = ChallengeId(f"{number:016x}")
    asked = f"{number:08d}" if question is None else question
    return Challenge(named, asked, Purpose.LOGIN, at, at + 2 * MINUTE)


@pytest.fixture
def seen(vault: SqlVault) -> StoredToken:
    """A bound token that answers."""
    import_tokens(vault, [new_token(1, OCRA), new_token(2, OCRA)])
    add_user(vault)
    return bind(vault, serial(1))


def add(vault: SqlVault, seen: StoredToken, new: Challenge, most: int = 3) -> bool:
    with vault.transaction() as transaction:
        added = transaction.add_challenge(seen, new, most)
        transaction.commit(event(serial(1)))
    return added


def spend(
    vault: SqlVault, seen: StoredToken, spent: Challenge, kept_at: datetime | None = None
) -> None:
    with vault.transaction() as transaction:
        transaction.spend_challenge(seen, spent, kept_at)
        transaction.commit(event(serial(1)))


def open_ones(vault: SqlVault, seen: StoredToken) -> list[int]:
    named = [ChallengeId(f"{number:016x}") for number in range(10)]
    return [n for n, each in enumerate(named) if vault.challenge(seen, each) is not None]


def test_a_challenge_is_found_as_it_was_issued(vault: SqlVault, seen: StoredToken) -> None:
    assert add(vault, seen, challenge(1))
    assert vault.challenge(seen, challenge(1).id) == challenge(1)


def test_another_token_does_not_find_it(vault: SqlVault, seen: StoredToken) -> None:
    add(vault, seen, challenge(1))
    assert vault.challenge(held_token(vault, serial(2)), challenge(1).id) is None


def test_a_challenge_that_was_not_committed_was_never_issued(
    vault: SqlVault, seen: StoredToken
) -> None:
    with vault.transaction() as transaction:
        transaction.add_challenge(seen, challenge(1), 3)
    assert open_ones(vault, seen) == []


def test_a_challenge_is_ended_once(vault: SqlVault, seen: StoredToken) -> None:
    add(vault, seen, challenge(1))
    spend(vault, seen, challenge(1))
    assert open_ones(vault, seen) == []
    with pytest.raises(Stale):
        spend(vault, seen, challenge(1))


def test_an_end_that_is_not_committed_is_none(vault: SqlVault, seen: StoredToken) -> None:
    add(vault, seen, challenge(1))
    with vault.transaction() as transaction:
        transaction.spend_challenge(seen, challenge(1), None)
    assert open_ones(vault, seen) == [1]


def test_the_oldest_makes_room(vault: SqlVault, seen: StoredToken) -> None:
    for number in range(5):
        add(vault, seen, challenge(number, at=NOON + number * timedelta(seconds=1)))
    assert open_ones(vault, seen) == [2, 3, 4]


def test_those_that_are_over_make_room(vault: SqlVault, seen: StoredToken) -> None:
    add(vault, seen, challenge(1))
    add(vault, seen, challenge(2, at=NOON + MINUTE))
    add(vault, seen, challenge(3, at=NOON + 2 * MINUTE))
    assert open_ones(vault, seen) == [2, 3]


def test_the_same_question_in_other_words_takes_the_firsts_place(
    vault: SqlVault, seen: StoredToken
) -> None:
    add(vault, seen, challenge(1, "00000001"))
    add(vault, seen, challenge(2, "16"))  # RFC 6287 appendix A: one question
    assert open_ones(vault, seen) == [2]


def test_another_tokens_challenges_stay(vault: SqlVault, seen: StoredToken) -> None:
    other = held_token(vault, serial(2))
    add(vault, other, challenge(1))
    for number in range(2, 7):
        add(vault, seen, challenge(number))
    assert open_ones(vault, other) == [1]


def test_a_question_answered_for_good_is_not_asked_again(
    vault: SqlVault, seen: StoredToken
) -> None:
    add(vault, seen, challenge(1, "12345678"))
    spend(vault, seen, challenge(1, "12345678"), kept_at=NOON)
    assert open_ones(vault, seen) == []
    late = NOON + 1000 * timedelta(days=1)
    assert not add(vault, seen, challenge(2, "12345678", at=late))
    assert add(vault, held_token(vault, serial(2)), challenge(2, "12345678", at=late))


def test_a_challenge_of_before_a_restore_is_not_found(
    vault: SqlVault, seen: StoredToken, tmp_path: Path
) -> None:
    add(vault, seen, challenge(1))
    with vault._database.writing() as connection:
        connection.execute(text("UPDATE vault SET epoch = epoch + 1"))
    restored = reopen(tmp_path)
    assert restored.challenge(seen, challenge(1).id) is None
    restored.close()


@pytest.mark.parametrize("change", ["purpose = 'x'", f"expires_ms = {2**63 - 1}"])
def test_a_row_that_nobody_here_wrote_is_refused(
    vault: SqlVault, seen: StoredToken, tamper: Tamper, change: str
) -> None:
    add(vault, seen, challenge(1))
    tamper(f"UPDATE challenge SET {change}")
    with pytest.raises(SealBroken):
        vault.challenge(seen, challenge(1).id)


def test_a_pin_comes_back_as_it_was_written(vault: SqlVault, seen: StoredToken) -> None:
    assert isinstance(seen.token, Bound)
    pin = StretchedPin(LOW_MEMORY, b"salt", b"tag")
    with vault.transaction() as transaction:
        transaction.replace(seen, replace(seen, token=replace(seen.token, pin=pin)))
        transaction.commit(event(serial(1)))
    assert held_token(vault, serial(1)).token == replace(seen.token, pin=pin)
