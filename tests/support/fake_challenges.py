"""Challenges in memory, as the database keeps them."""

from dataclasses import dataclass

from seedvault.domain.challenge import Challenge, ChallengeId
from seedvault.domain.ocra import question_octets
from seedvault.service.ports import StoredToken


@dataclass(slots=True)
class _Kept:
    row: int
    challenge: Challenge
    asked: bytes
    answered: bool = False


class FakeChallenges:
    """The challenges that are open, and the questions that were answered for good."""

    def __init__(self) -> None:
        self._kept: list[_Kept] = []

    def open_of(self, row: int) -> list[Challenge]:
        """Those of one token that wait for a response, oldest first."""
        return [kept.challenge for kept in self._kept if kept.row == row and not kept.answered]

    def find(self, row: int, named: ChallengeId) -> Challenge | None:
        return next((each for each in self.open_of(row) if each.id == named), None)

    def is_answered(self, seen: StoredToken, new: Challenge) -> bool:
        """Whether the question was answered for good."""
        mine = (seen.row, _asked(seen, new), True)
        return any((kept.row, kept.asked, kept.answered) == mine for kept in self._kept)

    def put(self, seen: StoredToken, new: Challenge, most: int) -> None:
        """Only a transaction that commits calls this, as the next."""
        asked = _asked(seen, new)
        newest = self.open_of(seen.row)[-(most - 1) :]
        self._kept = [
            kept
            for kept in self._kept
            if kept.row != seen.row
            or kept.answered
            or (
                kept.challenge in newest
                and kept.asked != asked
                and not kept.challenge.is_over(new.issued_at)
            )
        ]
        self._kept.append(_Kept(seen.row, new, asked))

    def end(self, seen: StoredToken, spent: Challenge, *, keep: bool) -> None:
        mine = next(k for k in self._kept if (k.row, k.challenge) == (seen.row, spent))
        mine.answered = True
        if not keep:
            self._kept.remove(mine)


def _asked(seen: StoredToken, challenge: Challenge) -> bytes:
    return question_octets(seen.token.device.answering.inputs.form, challenge.question)
