"""What people look at: found by any spelling, in order, and never by scanning a large table."""

import gc
import re
from pathlib import Path

import pytest

from seedvault.domain.errors import SealBroken
from seedvault.domain.names import Serial, UserName
from seedvault.domain.token import Bound, State
from seedvault.service.ports import Counts, HeldToken, TokenFilter, User
from seedvault.storage import SqlVault, queries
from tests.integration.seedvault.storage.conftest import Tamper, plan
from tests.support.databases import only_sqlite
from tests.support.tokens import NOON, TOTP, new_token, serial
from tests.support.vaults import ALICE, SOURCE, add_user, bind, import_tokens

OTHER = type(SOURCE)("feitian.pskcxml", b"f" * 32, "PSKC 1.0", "none")
BOB = UserName("bob")


@pytest.fixture
def stocked(vault: SqlVault) -> SqlVault:
    """Tokens 1 to 5 in batch 1 and 6 to 7 in batch 2; 2 is alice's, 6 and 4 are bob's."""
    import_tokens(vault, [new_token(number) for number in (3, 1, 5, 2, 4)])
    import_tokens(vault, [new_token(number) for number in (7, 6)], OTHER)
    add_user(vault, BOB)
    add_user(vault, ALICE)
    bind(vault, serial(2), ALICE)
    bind(vault, serial(4), BOB)
    bind(vault, serial(6), BOB)
    return vault


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (TokenFilter(), [1, 2, 3, 4, 5, 6, 7]),
        (TokenFilter(batch=2), [6, 7]),
        (TokenFilter(owner=UserName("Bob")), [4, 6]),
        (TokenFilter(owner=UserName("carol")), []),
        (TokenFilter(state=State.BOUND), [2, 4, 6]),
        (TokenFilter(state=State.IN_STOCK, batch=1), [1, 3, 5]),
        (TokenFilter(limit=2), [1, 2]),
        (TokenFilter(after=serial(2), limit=2), [3, 4]),
        (TokenFilter(after=serial(7)), []),
    ],
)
def test_tokens_are_listed_by_serial(
    stocked: SqlVault, wanted: TokenFilter, numbers: list[int]
) -> None:
    found = [listed.token.device.serial for listed in stocked.listed(wanted)]
    assert found == stocked.serials(wanted) == [serial(number) for number in numbers]


def test_serials_are_listed_past_a_row_that_is_no_token(stocked: SqlVault, tamper: Tamper) -> None:
    tamper("UPDATE token SET digits = 60 WHERE serial = ?", serial(2).verbatim)
    with pytest.raises(SealBroken):
        stocked.listed(TokenFilter(batch=1))
    assert stocked.serials(TokenFilter(batch=1)) == [serial(number) for number in range(1, 6)]


@pytest.mark.parametrize("serial_now", ["", "\u200b"])
def test_a_serial_that_is_none_is_a_broken_row(
    stocked: SqlVault, tamper: Tamper, serial_now: str
) -> None:
    tamper("UPDATE token SET serial = ? WHERE serial = ?", serial_now, serial(2).verbatim)
    with pytest.raises(SealBroken):
        stocked.serials(TokenFilter(batch=1))


@only_sqlite
@pytest.mark.parametrize("serial_now", [b"GALT10000002", "\x00"])
def test_a_serial_that_is_no_text_is_a_broken_row(
    stocked: SqlVault, tamper: Tamper, serial_now: object
) -> None:
    tamper("UPDATE token SET serial = ? WHERE serial = ?", serial_now, serial(2).verbatim)
    with pytest.raises(SealBroken):
        stocked.serials(TokenFilter(batch=1))


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (TokenFilter(), "token_serial"),
        (TokenFilter(after=serial(1)), "token_serial"),
        (TokenFilter(batch=1, after=serial(1)), "token_by_batch"),
        (TokenFilter(owner=ALICE, after=serial(1)), "token_by_owner"),
    ],
)
def test_a_page_is_found_by_an_index_and_not_sorted(
    vault: SqlVault, wanted: TokenFilter, index: str
) -> None:
    # SQLite gives the index of a constraint a name of its own.
    steps = [
        re.sub("sqlite_autoindex_token_[0-9]", "token_serial", step)
        for step in plan(vault, queries.page(wanted))
    ]
    assert any(index in step for step in steps)
    assert not any("TEMP B-TREE" in step or "Sort" in step for step in steps)


def test_a_token_is_found_by_any_spelling_of_its_serial(stocked: SqlVault) -> None:
    stored = stocked.token(Serial("galt 1000 0001"))
    assert stored is not None
    assert str(stored.token.device.serial) == "GALT10000001"


def test_an_unknown_serial_finds_no_token(stocked: SqlVault) -> None:
    assert stocked.token(serial(99)) is None
    assert stocked.shown(serial(99)) is None


def test_a_shown_token_says_its_batch_owner_and_key(stocked: SqlVault) -> None:
    shown = stocked.shown(serial(6))
    assert shown is not None
    assert isinstance(shown.token, Bound)
    assert (shown.batch, shown.token.owner, shown.kek_id, shown.seed_length) == (2, BOB, "k1", 20)


def test_what_is_held_is_found_by_serial_and_by_seed(stocked: SqlVault) -> None:
    held = stocked.held([serial(1), serial(99)], [new_token(7).taken.fingerprint.octets, bytes(16)])
    assert set(held) == {
        HeldToken(serial(number), new_token(number).taken.fingerprint.octets, TOTP)
        for number in (1, 7)
    }


def test_a_token_held_by_serial_and_by_seed_is_named_once(stocked: SqlVault) -> None:
    assert len(stocked.held([serial(1)], [new_token(1).taken.fingerprint.octets])) == 1


def test_more_can_be_asked_for_than_one_statement_carries(stocked: SqlVault) -> None:
    serials = [serial(number) for number in range(50_000)]
    assert len(stocked.held(serials, [])) == 7


def test_users_are_listed_by_name_with_their_tokens(stocked: SqlVault) -> None:
    assert stocked.users() == [User(ALICE, NOON, 1), User(BOB, NOON, 2)]


def test_a_user_is_found_by_any_spelling(stocked: SqlVault) -> None:
    assert stocked.user(UserName("BOB")) == User(BOB, NOON, 2)
    assert stocked.user(UserName("carol")) is None


def test_batches_are_listed_the_oldest_first(stocked: SqlVault) -> None:
    assert [batch.name for batch in stocked.batches()] == ["B-0001", "B-0002"]
    assert stocked.batch(3) is None


def test_everything_is_counted(stocked: SqlVault) -> None:
    assert stocked.counts() == Counts(
        in_stock=4,
        bound=3,
        suspended=0,
        quarantined=0,
        revoked=0,
        retired=0,
        users=2,
        batches=2,
        events=8,
    )


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        ("GALT1000000S", 1),  # wrong, at the end
        ("GATL10000005", 5),  # swapped
        ("GALT1000003", 3),  # left out
        ("GALT100000071", 7),  # added
        ("XALT10000004", 4),  # wrong, at the start
    ],
)
def test_one_slip_finds_the_serial_that_was_meant(
    stocked: SqlVault, typed: str, nearest: int
) -> None:
    assert serial(nearest) in stocked.nearest_serials(Serial(typed), 7)


def test_only_the_likest_serials_are_named(stocked: SqlVault) -> None:
    assert len(stocked.nearest_serials(Serial("GALT1000000S"), 3)) == 3


def test_a_serial_like_none_finds_none(stocked: SqlVault) -> None:
    assert stocked.nearest_serials(Serial("ZZ"), 3) == []


def test_the_longest_serial_there_can_be_is_looked_for(stocked: SqlVault) -> None:
    assert stocked.nearest_serials(Serial("q" * 64), 3) == []


@pytest.mark.parametrize(
    "change",
    [
        "serial = 'GALT10000009'",
        "serial = ''",
        "kind = 'ocra'",
        "step_s = NULL",
        "digest = 'MD5'",
        "digits = 20",
        "state = 'in-stock'",
        "state = 'revoked'",
        "owner = NULL",
        "bound_ms = NULL",
        "not_after_ms = 9000000000000000",
        "stray_factor = 7",
        "stray_ms = 7",
    ],
)
def test_a_row_that_seedvault_never_wrote_is_no_token(
    stocked: SqlVault, tamper: Tamper, change: str
) -> None:
    tamper(f"UPDATE token SET {change} WHERE serial_folded = 'galt10000002'")
    with pytest.raises(SealBroken, match="not one that Seedvault wrote"):
        stocked.token(serial(2))


@only_sqlite
@pytest.mark.parametrize(
    "change",
    [
        "digits = 6.5",
        "next_factor = 'none'",
        "seal = 'text'",
        "stray_factor = 'none', stray_ms = 7",
    ],
)
def test_a_row_with_a_value_of_another_type_is_no_token(
    stocked: SqlVault, tamper: Tamper, change: str
) -> None:
    tamper(f"UPDATE token SET {change} WHERE serial_folded = 'galt10000002'")
    with pytest.raises(SealBroken, match="not one that Seedvault wrote"):
        stocked.token(serial(2))


def test_a_token_does_not_answer_for_another_serial(stocked: SqlVault, tamper: Tamper) -> None:
    tamper("UPDATE token SET serial_folded = 'galt10000099' WHERE serial_folded = 'galt10000002'")
    with pytest.raises(SealBroken):
        stocked.token(serial(99))


def test_a_user_does_not_answer_for_another_name(stocked: SqlVault, tamper: Tamper) -> None:
    tamper("UPDATE \"user\" SET name_folded = 'carol' WHERE name_folded = 'bob'")
    with pytest.raises(SealBroken):
        stocked.user(UserName("carol"))


def test_neither_a_blob_nor_a_seal_is_in_a_repr(stocked: SqlVault, tmp_path: Path) -> None:
    stored = stocked.token(serial(2))
    assert stored is not None
    assert repr(stored.wrapped.blob) not in repr(stored)


def test_more_serials_than_one_statement_takes_are_all_found(stocked: SqlVault) -> None:
    asked = [serial(number) for number in range(2_500)]
    assert {token.serial for token in stocked.held(asked, [])} == {serial(n) for n in range(1, 8)}


def test_looking_for_held_tokens_leaves_no_garbage(stocked: SqlVault) -> None:
    def left_behind() -> int:
        stocked.held([serial(number) for number in range(1_000)], [])
        return gc.collect()

    left_behind()
    assert left_behind() == 0
