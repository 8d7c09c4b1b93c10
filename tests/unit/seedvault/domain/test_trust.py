"""Only signatures of known keys count, and of those that they introduced."""

from dataclasses import replace

import pytest

from seedvault.domain.checkpoint import SignedCheckpoint
from seedvault.domain.trust import Trust
from seedvault.keys.signatures import verifies
from tests.support.checkpoints import Signer, checkpoint, head, series

C1, C2, MALLORY = Signer("c1"), Signer("c2"), Signer("c1")
BORN = (C1, C1.public_key)


def said(trust: Trust, log: list[SignedCheckpoint]) -> list[str]:
    """Everything that is wrong with a log."""
    found = [what for signed in log if (what := trust.check(signed))]
    end = trust.end()
    return [*found, end] if end else found


def test_one_key_vouches_for_all_it_signed() -> None:
    trust = Trust([C1.public_key], verifies)
    assert said(trust, series(BORN, (C1, None), (C1, None))) == []
    assert trust.unvouched == ()


def test_a_log_without_checkpoints_has_nothing_to_vouch_for() -> None:
    assert said(Trust([], verifies), []) == []


def test_a_key_that_was_introduced_by_the_one_before_counts() -> None:
    log = series(BORN, (C1, C2.public_key), (C2, C2.public_key), (C2, None))
    trust = Trust([C1.public_key], verifies)
    assert said(trust, log) == []
    assert trust.unvouched == ()


def test_a_key_that_only_introduced_itself_does_not_count() -> None:
    log = series(BORN, (C1, None), (C2, C2.public_key))
    (what,) = said(Trust([C1.public_key], verifies), log)
    assert what.startswith("it is signed by c2, which no known key introduced")


def test_it_counts_where_it_was_named_as_well() -> None:
    log = series(BORN, (C1, None), (C2, C2.public_key))
    assert said(Trust([C1.public_key, C2.public_key], verifies), log) == []


def test_with_a_later_key_alone_what_stands_before_is_told_as_vouched_for_by_it() -> None:
    log = series(BORN, (C1, C2.public_key), (C2, C2.public_key))
    trust = Trust([C2.public_key], verifies)
    assert said(trust, log) == []
    assert trust.unvouched == ("c1",)


def test_a_log_in_which_no_known_key_signed_is_told() -> None:
    log = series((MALLORY, MALLORY.public_key), (MALLORY, None))
    assert said(Trust([C1.public_key], verifies), log) == [
        "no checkpoint is signed by a key that was named, or introduced by one"
    ]
    assert said(Trust([], verifies), log) != []


def test_a_key_that_nothing_introduced_is_told() -> None:
    (what,) = said(Trust([C1.public_key], verifies), series((MALLORY, None)))
    assert what.startswith("it is signed by c1, a key that nothing introduced")


@pytest.mark.parametrize(
    "introduces",
    [None, MALLORY.public_key, C2.public_key],
    ids=["nothing", "the forger", "another"],
)
def test_a_signature_by_another_key_does_not_hold(introduces: bytes | None) -> None:
    stated = checkpoint(C1, [head(0, 1)], introduces=introduces)
    forged = SignedCheckpoint(stated, MALLORY.sign(stated.statement()))
    assert Trust([C1.public_key], verifies).check(forged) == "its signature does not hold"


def test_what_a_forged_checkpoint_introduces_does_not_count() -> None:
    (born,) = series(BORN)
    stated = checkpoint(C1, [head(0, 2)], born.checkpoint, introduces=MALLORY.public_key)
    forged = SignedCheckpoint(stated, MALLORY.sign(stated.statement()))
    after = MALLORY.signed(checkpoint(MALLORY, [head(0, 3)], stated))
    what = said(Trust([C1.public_key], verifies), [born, forged, after])
    assert what[0] == "its signature does not hold"
    assert "no known key introduced" in what[1]


def test_a_key_that_was_replaced_never_signs_again() -> None:
    log = series(BORN, (C1, C2.public_key), (C2, C2.public_key), (C1, None))
    assert said(Trust([C1.public_key], verifies), log) == [
        "it is signed by c1, after another key had taken its place"
    ]


def test_a_statement_changed_in_any_way_loses_its_signature() -> None:
    (born,) = series(BORN)
    changed = replace(born, checkpoint=replace(born.checkpoint, epoch=2))
    assert Trust([C1.public_key], verifies).check(changed) == "its signature does not hold"
