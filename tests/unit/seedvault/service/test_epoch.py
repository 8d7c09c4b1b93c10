"""The HSM remembers which database is the latest; an older one is refused."""

from dataclasses import dataclass

import pytest

from seedvault.domain.errors import NotAllowed
from seedvault.service.epoch import Kept, settle_epoch


@dataclass
class Memory:
    """An HSM that keeps an epoch, or no data at all."""

    kept: int | None = None
    keeps: bool = True

    def recall(self) -> int | None:
        return self.kept

    def remember(self, epoch: int) -> bool:
        if self.keeps:
            self.kept = max(epoch, self.kept or 0)
        return self.keeps


def test_a_database_of_the_epoch_that_is_kept_is_the_latest() -> None:
    assert settle_epoch(2, Memory(2)) is Kept.IN_HSM


def test_an_older_copy_is_refused_and_the_remedy_is_named() -> None:
    memory = Memory(3)

    with pytest.raises(NotAllowed) as refused:
        settle_epoch(2, memory)

    assert "older copy" in refused.value.what
    assert "seedvault restore --promoted" in refused.value.remedy
    assert memory.kept == 3


@pytest.mark.parametrize("kept", [None, 1, 4])
def test_a_database_that_is_ahead_raises_what_is_kept(kept: int | None) -> None:
    memory = Memory(kept)

    assert settle_epoch(5, memory) is Kept.IN_HSM
    assert memory.kept == 5


def test_a_module_that_keeps_no_data_is_told_apart() -> None:
    assert settle_epoch(1, Memory(keeps=False)) is Kept.NOWHERE
