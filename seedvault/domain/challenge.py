"""Challenges that the vault issued: each is for one token, one response and a few minutes."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from seedvault.domain.errors import InvalidInput

ID_OCTETS = 8
_ID = re.compile(r"[0-9a-f]{16}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ChallengeId:
    """Sixteen hexadecimal digits by which a challenge is called. It is no secret."""

    text: str

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.text):
            raise InvalidInput("a challenge's id is the 16 hexadecimal digits that were printed")

    def __str__(self) -> str:
        return self.text


class Purpose(Enum):
    """What a response proves (RFC 6287 section 7)."""

    LOGIN = "login"
    """That the token is there: the vault chose the question at random."""
    SIGN = "sign"
    """That its user saw the question: the caller chose it, out of a transaction."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A question put to one token. `expires_at` is the first moment that is too late."""

    id: ChallengeId
    question: str
    purpose: Purpose
    issued_at: datetime
    expires_at: datetime

    def is_over(self, now: datetime) -> bool:
        """Whether no response to it is taken any more."""
        return now >= self.expires_at
