"""No path around the lock: whatever takes a code refuses a right one while the token must wait.

Keycloak CVE-2026-9798: the lockout was missing on one path.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from seedvault.domain.challenge import Challenge, ChallengeId, Purpose
from seedvault.domain.names import Serial
from seedvault.domain.outcome import Accepted, Reason, Rejected
from seedvault.domain.pin import PinRule
from seedvault.domain.policy import DEFAULT
from seedvault.domain.token import Progress, Stray
from seedvault.service.binding import Assigned
from seedvault.service.challenge import Answer
from seedvault.service.find_token import LeftOut
from seedvault.service.search_scope import Listed
from tests.support.tokens import NOON, OCRA, TOTP
from tests.unit.seedvault.service.world import ALICE, World


@dataclass(frozen=True, slots=True)
class Path:
    """One way in for right codes; `reason_of` says why they were refused, None if they were not."""

    name: str
    stock: Callable[[World], Serial]
    reason_of: Callable[[World, Serial], Reason | None]

    def __str__(self) -> str:
        return self.name


def _rejection(outcome: object) -> Reason | None:
    match outcome:
        case Rejected(reason):
            return reason
        case Accepted() | Assigned():
            return None
    raise AssertionError(outcome)


def _code(world: World, away: int = 0) -> str:
    """What the token shows now, or so many steps later."""
    return world.code(TOTP.step_at(world.clock()) + away)


def _verify(world: World, token: Serial) -> Reason | None:
    return _rejection(world.verify(token, _code(world), "rp"))


def _verify_after_a_stray_code(world: World, token: Serial) -> Reason | None:
    now = world.clock()
    progress = replace(world.progress(), stray=Stray(TOTP.step_at(now) + 40, now))
    _tamper(world, token, progress)
    automatic = world.verify_under(replace(DEFAULT, auto_resync=True))
    return _rejection(automatic(token, _code(world, 41), "rp"))


def _assign(world: World, token: Serial) -> Reason | None:
    world.add_user(ALICE, "root")
    return _rejection(world.assign(token, ALICE, "helen", _code(world)))


def _resynchronise(world: World, token: Serial) -> Reason | None:
    return _rejection(world.resync(token, (_code(world), _code(world, 1)), "alice"))


def _search_widely(world: World, token: Serial) -> Reason | None:
    three = _code(world), _code(world, 1), _code(world, 2)
    return _rejection(world.resync.for_staff(token, three, "helen").outcome)


def _find(world: World, token: Serial) -> Reason | None:
    sought = world.find((_code(world),), Listed([token]), "helen")
    if sought.found:
        return None
    (left_out,) = sought.left_out
    assert isinstance(left_out, LeftOut)
    return Reason(left_out.why)


def _with_pin(world: World) -> Serial:
    token = world.bound()
    world.set_pin(token, "blue 7", "helen")
    world.keys.opened.clear()
    return token


def _present(world: World, token: Serial) -> Reason | None:
    asking = world.verify_under(replace(DEFAULT, pin=PinRule.APPEND))
    return _rejection(asking(token, _code(world) + "blue 7", "rp"))


def _answering(world: World) -> Serial:
    return world.bound(parameters=OCRA)


def _respond(world: World, token: Serial) -> Reason | None:
    now, until = world.clock(), world.clock() + DEFAULT.challenge_for
    issued = Challenge(ChallengeId("0" * 16), "12345678", Purpose.LOGIN, now, until)
    world.vault.challenges.put(world.stored(), issued, DEFAULT.challenges_open)
    return _rejection(world.respond(token, Answer(issued.id, world.response(issued)), "rp"))


def _ask(world: World, token: Serial) -> Reason | None:
    issued = world.challenge(token, "rp")
    return issued.reason if isinstance(issued, Rejected) else None


PATHS = (
    Path("verify", World.bound, _verify),
    Path("verify, after a stray code", World.bound, _verify_after_a_stray_code),
    Path("assign --code", World.stocked, _assign),
    Path("resync", World.bound, _resynchronise),
    Path("resync --wide", World.bound, _search_widely),
    Path("find", World.bound, _find),
    Path("verify, with a PIN", _with_pin, _present),
    Path("verify --challenge", _answering, _respond),
    Path("challenge", _answering, _ask),
)


@pytest.fixture(params=PATHS, ids=str)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def after(world: World, path: Path, failures: int) -> Serial:
    """A token with so many failures in a row, the last of them at noon."""
    token = path.stock(world)
    progress = replace(world.progress(), failures=failures, last_failure_at=NOON)
    _tamper(world, token, progress)
    return token


def _tamper(world: World, token: Serial, progress: Progress) -> None:
    world.vault.tamper(
        token, lambda stored: replace(stored, token=replace(stored.token, progress=progress))
    )


@pytest.mark.parametrize(
    ("failures", "reason"),
    [
        (DEFAULT.free_failures + 1, Reason.DELAYED),
        (DEFAULT.lock_at, Reason.LOCKED),
        (DEFAULT.disable_at, Reason.DISABLED),
    ],
)
def test_a_right_code_is_refused_unopened_and_uncharged(
    world: World, path: Path, failures: int, reason: Reason
) -> None:
    token = after(world, path, failures)
    assert path.reason_of(world, token) is reason
    assert (world.keys.opened, world.progress().failures) == ([], failures)


def test_the_same_code_is_taken_when_the_lock_is_over(world: World, path: Path) -> None:
    token = after(world, path, DEFAULT.lock_at)
    world.clock.now = NOON + DEFAULT.lock_for
    assert path.reason_of(world, token) is None


def test_staff_who_unlock_it_open_every_path_again(world: World, path: Path) -> None:
    token = after(world, path, DEFAULT.disable_at)
    world.unlock(token, "helen")
    assert path.reason_of(world, token) is None
