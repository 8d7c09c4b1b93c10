"""Bound tokens over a known seed, and the codes they show."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from seedvault.domain.names import UserName
from seedvault.domain.oath import Counting, Mac, code_at
from seedvault.domain.token import Bound, Progress
from tests.support.fakes import MacOf, mac_of
from tests.support.tokens import NOON, STEP_AT_NOON, TOTP, device

SEED = b"12345678901234567890"


def bound(progress: Progress, parameters: Counting = TOTP) -> Bound:
    """A token of Alice's."""
    return Bound(device(1, parameters), progress, UserName("alice"), NOON)


def code(factor: int, parameters: Counting = TOTP) -> str:
    """What the token shows at this counter or time step."""
    return code_at(mac_of(SEED, parameters.digest), factor, parameters.digits)


def code_now(offset: int = 0) -> str:
    """What a TOTP token shows at noon if its clock is `offset` steps ahead."""
    return code(STEP_AT_NOON + offset)


def showing(numbers: dict[int, int]) -> MacOf:
    """A token that shows these numbers, by their offset from now in steps, and 0 else."""

    def tag(message: bytes) -> bytes:
        offset = int.from_bytes(message, "big") - STEP_AT_NOON
        return numbers.get(offset, 0).to_bytes(4, "big") + bytes(16)

    return MacOf(tag)


@dataclass(slots=True)
class Watched:
    """A MAC function that counts how many it is asked for."""

    mac: Mac
    calls: int = field(default=0, init=False)

    def __call__(self, message: bytes) -> bytes:
        return self.many([message])[0]

    def many(self, messages: Sequence[bytes]) -> Sequence[bytes]:
        self.calls += len(messages)
        return self.mac.many(messages)
