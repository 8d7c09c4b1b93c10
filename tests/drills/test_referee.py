"""The referee of races notices everything that cannot be."""

from dataclasses import replace

import pytest

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.batch import Batch, Tier
from seedvault.domain.names import UserName
from seedvault.domain.token import Bound, Progress
from seedvault.service.ports import StoredToken
from tests.drills.racing import Told
from tests.drills.referee import Judgement, judge
from tests.support.fakes import FakeVault
from tests.support.tokens import HOTP, NOON, new_token, serial
from tests.support.vaults import SOURCE

ACCEPTED, RESYNCHRONISED = EventKind.CODE_ACCEPTED, EventKind.TOKEN_RESYNCHRONISED
ASSIGNED, UNASSIGNED = EventKind.TOKEN_ASSIGNED, EventKind.TOKEN_UNASSIGNED
SUSPENDED, UNLOCKED = EventKind.TOKEN_SUSPENDED, EventKind.TOKEN_UNLOCKED
TOKEN = serial(1)

Deed = tuple[EventKind, int | None]


def _vault(deeds: list[Deed]) -> FakeVault:
    """A vault in which alice holds the token, its next factor is 8, and this is on record."""
    vault = FakeVault()
    vault.put_batch(Batch(1, SOURCE, Tier.NARROW, NOON, "ingrid", 1, 0), [new_token(1, HOTP)])

    def bound(stored: StoredToken) -> StoredToken:
        token = stored.token
        now = Bound(token.device, Progress(8, NOON), UserName("alice"), NOON)
        return replace(stored, token=now)

    vault.tamper(TOKEN, bound)
    for kind, factor in deeds:
        vault.put_event(AuditEvent(kind, NOON, "rp", serial=TOKEN, user="alice", factor=factor))
    return vault


def _judged(deeds: list[Deed], told: list[Deed] | None = None) -> Judgement:
    heard = [Told(0, *deed) for deed in (deeds if told is None else told)]
    return judge(_vault(deeds), TOKEN, heard)


def test_a_race_in_which_nothing_is_wrong() -> None:
    deeds: list[Deed] = [(ASSIGNED, None), (ACCEPTED, 3), (UNLOCKED, None), (RESYNCHRONISED, 7)]

    assert _judged(deeds) == Judgement(accepted=2)


@pytest.mark.parametrize(
    ("deeds", "doubles"),
    [
        ([(ASSIGNED, None), (ACCEPTED, 7), (ACCEPTED, 7)], 1),
        ([(ASSIGNED, None), (ACCEPTED, 7), (ACCEPTED, 6)], 1),
        ([(ASSIGNED, 7), (ACCEPTED, 7)], 1),
        ([(ASSIGNED, None), (ACCEPTED, 6), (RESYNCHRONISED, 7)], 1),
        ([(ASSIGNED, None), (ACCEPTED, 5), (RESYNCHRONISED, 7)], 0),
    ],
)
def test_a_code_that_was_spent_counts_as_accepted_twice(deeds: list[Deed], doubles: int) -> None:
    assert _judged(deeds).doubles == doubles


@pytest.mark.parametrize(
    ("deeds", "said"),
    [
        ([(ACCEPTED, 7)], "accepted as alice's while it is in-stock, nobody's"),
        ([(ASSIGNED, None), (SUSPENDED, None), (ACCEPTED, 7)], "while it is suspended, alice's"),
        ([(ASSIGNED, None), (ASSIGNED, 7)], "token.assigned while it is bound, alice's"),
        ([(ASSIGNED, 7), (UNASSIGNED, None)], "it is bound, alice's, and not in-stock, None's"),
        ([(ASSIGNED, 9)], "its next factor is 8, after 9"),
    ],
)
def test_what_cannot_have_happened_is_found(deeds: list[Deed], said: str) -> None:
    assert said in "\n".join(_judged(deeds).wrong)


def test_what_was_told_and_is_not_on_record_is_found_and_the_other_way_round() -> None:
    deeds: list[Deed] = [(ASSIGNED, None), (ACCEPTED, 7)]

    assert "not on record: code.accepted 7" in _judged(deeds, [*deeds, (ACCEPTED, 7)]).wrong[0]
    assert "told to nobody 1 x: token.assigned" in _judged(deeds, [(ACCEPTED, 7)]).wrong[0]


def test_a_broken_chain_is_found() -> None:
    deeds: list[Deed] = [(ASSIGNED, None), (ACCEPTED, 7)]
    vault = _vault(deeds)
    chain = vault.chains[AuditEvent(ACCEPTED, NOON, "rp", serial=TOKEN).chain]
    del chain[0]

    assert "audit" in "\n".join(judge(vault, TOKEN, [Told(0, ACCEPTED, 7)]).wrong)
