"""A recovery key comes back out of enough of its shares, and out of nothing else."""

import copy
import os
import pickle
from itertools import combinations

import pytest

from hsm import Policy, Quorum, RecoveryKey
from hsm.recovery import share_of

TWO_OF_THREE = Quorum(2, 3)


def _octets(key: RecoveryKey) -> bytes:
    with key.expose() as octets:
        return bytes(octets)


def test_any_two_of_three_shares_bring_the_key_back() -> None:
    key, shares = RecoveryKey.generate(TWO_OF_THREE, os.urandom)
    assert len(shares) == 3
    for some in (*combinations(shares, 2), shares):
        back = RecoveryKey.combine(some)
        assert (_octets(back), back.set_id) == (_octets(key), key.set_id)


def test_one_of_one_share_is_the_key() -> None:
    key, (share,) = RecoveryKey.generate(Quorum(1, 1), os.urandom)
    assert len(share.split()) == 33
    assert _octets(RecoveryKey.combine([share])) == _octets(key)


def test_a_share_is_read_however_it_is_typed() -> None:
    key, (share,) = RecoveryKey.generate(Quorum(1, 1), os.urandom)
    typed = "\n".join(share.upper().split()) + "\n"
    assert _octets(RecoveryKey.combine([typed])) == _octets(key)


def test_a_share_tells_its_set_its_number_and_how_many_are_needed() -> None:
    key, shares = RecoveryKey.generate(TWO_OF_THREE, os.urandom)
    assert [share_of(share) for share in shares] == [(key.set_id, n, 2) for n in (1, 2, 3)]


def test_one_share_of_two_needed_is_too_few() -> None:
    _, shares = RecoveryKey.generate(TWO_OF_THREE, os.urandom)
    with pytest.raises(Policy, match="2 different ones are needed"):
        RecoveryKey.combine(shares[:1])


def test_the_same_share_twice_is_one() -> None:
    _, shares = RecoveryKey.generate(TWO_OF_THREE, os.urandom)
    with pytest.raises(Policy, match="one of them twice"):
        RecoveryKey.combine([shares[0], shares[0]])


def test_a_misspelt_word_is_noticed() -> None:
    _, (share,) = RecoveryKey.generate(Quorum(1, 1), os.urandom)
    first, *others = share.split()
    swapped = "acid" if first != "acid" else "zero"
    with pytest.raises(Policy, match="no share of a recovery key"):
        RecoveryKey.combine([" ".join([*others[:1], swapped, *others[1:]])])


def test_shares_of_two_sets_are_told_apart() -> None:
    ours, mine = RecoveryKey.generate(TWO_OF_THREE, os.urandom)
    while (other := RecoveryKey.generate(TWO_OF_THREE, os.urandom))[0].set_id == ours.set_id:
        pass
    with pytest.raises(Policy, match="2 different sets"):
        RecoveryKey.combine([mine[0], other[1][0]])


@pytest.mark.parametrize(("needed", "shares"), [(0, 1), (3, 2), (2, 17), (1, 3)])
def test_an_impossible_quorum_is_refused(needed: int, shares: int) -> None:
    with pytest.raises(Policy, match=f"{needed} of {shares}"):
        Quorum(needed, shares)


def test_a_wiped_key_is_gone() -> None:
    key, _ = RecoveryKey.generate(Quorum(1, 1), os.urandom)
    key.wipe()
    with pytest.raises(Policy, match="wiped"), key.expose():
        pass


def test_a_key_of_another_length_is_none() -> None:
    with pytest.raises(Policy, match="32 octets, not 16"):
        RecoveryKey(bytearray(16), "0000")


def test_a_key_is_neither_shown_nor_compared_nor_copied() -> None:
    key, _ = RecoveryKey.generate(Quorum(1, 1), os.urandom)
    assert repr(key) == "RecoveryKey(...)"
    with pytest.raises(TypeError):
        assert key == key  # noqa: PLR0124 - that is the question
    with pytest.raises(TypeError):
        copy.copy(key)
    with pytest.raises(TypeError):
        pickle.dumps(key)
