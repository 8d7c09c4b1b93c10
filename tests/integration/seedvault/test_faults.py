"""The HSM fails; nobody is let in, nobody pays, and the next code is verified.

A fixed selection of `./dev drill faults`: each kind of fault at the first call of every function.
"""

import threading
from collections.abc import Iterator

import pytest

from hsm import Keystore, Unavailable
from hsm.translate import Rv
from seedvault.domain.errors import HsmUnavailable
from seedvault.domain.outcome import Accepted, Outcome
from seedvault.service.verify import VerifyCode
from tests.drills.fault_judge import cases, judge, one_of_each
from tests.drills.fault_operations import (
    OPERATIONS,
    Import,
    Operation,
    Resynchronise,
    Start,
    VerifyAfterLoss,
    VerifyAfterRecycling,
    VerifyWrong,
)
from tests.drills.fault_table import findings
from tests.drills.fault_world import (
    IMPORTED_AT_ONCE,
    RESYNCHRONISED,
    VERIFIED,
    World,
    world,
)
from tests.support.policies import DEFAULTS
from tests.support.shim import Behaviour, Fault
from tests.support.softhsm import pin

# What each of the others is asked about; the rest of its calls are those of one that is not here.
_SELECTED: dict[type[Operation], tuple[str, ...]] = {
    VerifyWrong: ("C_UnwrapKey", "C_Sign"),
    VerifyAfterLoss: ("C_GetSessionInfo", "C_VerifyInit"),
    VerifyAfterRecycling: ("C_Initialize", "C_Finalize"),
    Start: ("C_OpenSession", "C_Login", "C_FindObjects"),
    Resynchronise: ("C_Sign",),
    Import: ("C_WrapKey",),
}
_PIN_REFUSED = (
    *(Rv.PIN_INCORRECT, Rv.PIN_INVALID, Rv.PIN_LEN_RANGE, Rv.PIN_EXPIRED, Rv.PIN_LOCKED),
)
# What nobody but the vendor knows, and what need not be the PIN: it may have cost a try.
_PERHAPS_REFUSED = (0x8000_0001, 0x200, Rv.ARGUMENTS_BAD)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One vault on the shim for all of these tests; each leaves it sound."""
    with world(tmp_path_factory.mktemp("faults")) as made:
        yield made


@pytest.mark.parametrize("kind", OPERATIONS, ids=lambda kind: kind.name)
def test_no_fault_lets_in_or_is_charged_and_the_next_use_works(
    desk: World, kind: type[Operation]
) -> None:
    functions = _SELECTED.get(kind, ())
    selected = [
        case
        for case in one_of_each(cases(desk, kind(), 1))
        if not functions or case.fault.function in functions
    ]
    verdicts = [judge(desk, case) for case in selected]
    assert findings(verdicts) == []
    assert all(verdict.fired for verdict in verdicts)
    assert len({verdict.kind for verdict in verdicts}) == 18


@pytest.mark.slow
@pytest.mark.parametrize("kind", OPERATIONS, ids=lambda kind: kind.name)
def test_no_fault_at_all_lets_in_or_is_charged(desk: World, kind: type[Operation]) -> None:
    verdicts = [judge(desk, case) for case in cases(desk, kind(), 3)]
    assert findings(verdicts) == []
    assert all(verdict.fired for verdict in verdicts)


@pytest.mark.parametrize("value", [*_PIN_REFUSED, *_PERHAPS_REFUSED], ids=hex)
def test_a_pin_that_was_refused_is_not_offered_again(desk: World, value: int) -> None:
    logins, row = desk.shim.calls("C_Login"), desk.row(VERIFIED)
    lost = Fault("C_VerifyInit", 1, Behaviour.LOG_OUT)
    with desk.shim.armed(lost, Fault("C_Login", 1, Behaviour.ANSWER, value)):
        for _ in range(4):
            with pytest.raises(HsmUnavailable, match="refused the PIN"):
                desk.verify(desk.code())
    assert desk.shim.calls("C_Login") == logins + 1
    assert desk.row(VERIFIED) == row
    desk.connect()


@pytest.mark.parametrize("value", [Rv.DEVICE_ERROR, Rv.SESSION_HANDLE_INVALID, Rv.GENERAL_ERROR])
def test_a_login_that_failed_for_another_reason_is_made_again(desk: World, value: Rv) -> None:
    desk.pass_time(minutes=1)
    lost = Fault("C_VerifyInit", 1, Behaviour.LOG_OUT)
    with (
        desk.shim.armed(lost, Fault("C_Login", 1, Behaviour.ANSWER, value)),
        pytest.raises(HsmUnavailable, match=value.name),
    ):
        desk.verify(desk.code())
    assert isinstance(desk.verify(desk.code()), Accepted)


_GONE = (Behaviour.DROP, Behaviour.LOG_OUT, Behaviour.FINALISE, Behaviour.RESTART)


@pytest.mark.parametrize("behaviour", _GONE)
@pytest.mark.parametrize("function", ["C_VerifyInit", "C_UnwrapKey", "C_Sign"])
def test_nobody_notices_that_sessions_or_the_login_were_lost(
    desk: World, function: str, behaviour: Behaviour
) -> None:
    desk.pass_time(minutes=1)
    with desk.shim.armed(Fault(function, 1, behaviour)):
        assert isinstance(desk.verify(desk.code()), Accepted)
        assert desk.shim.fired


@pytest.mark.parametrize("behaviour", _GONE)
@pytest.mark.parametrize("function", ["C_CreateObject", "C_Decrypt", "C_WrapKey", "C_Sign"])
def test_an_import_goes_on_when_sessions_or_the_login_were_lost(
    desk: World, function: str, behaviour: Behaviour
) -> None:
    path = desk.delivery()
    with desk.shim.armed(Fault(function, 2, behaviour)):
        assert desk.import_file(path).tokens == IMPORTED_AT_ONCE
        assert desk.shim.fired


def test_a_start_that_fails_leaves_no_session_behind(desk: World) -> None:
    opened, closed = (desk.shim.calls(name) for name in ("C_OpenSession", "C_CloseSession"))
    with (
        desk.shim.armed(Fault("C_Sign", 1, Behaviour.ANSWER, Rv.DEVICE_ERROR)),
        pytest.raises(Unavailable, match="DEVICE_ERROR"),
    ):
        Keystore.connect(desk.location, pin())
    assert desk.shim.calls("C_OpenSession") - opened == desk.shim.calls("C_CloseSession") - closed


def test_one_slow_call_does_not_keep_the_others_waiting(desk: World) -> None:
    _verify_beside_a_slow_one(desk, wait_ms=60_000, let_go=True)


@pytest.mark.slow
def test_a_call_of_half_a_minute_is_waited_for(desk: World) -> None:
    _verify_beside_a_slow_one(desk, wait_ms=30_000, let_go=False)


def _verify_beside_a_slow_one(desk: World, *, wait_ms: int, let_go: bool) -> None:
    """One thread is held up in C_Sign; this one verifies another card's codes meanwhile."""
    desk.pass_time(days=1)
    outcome: list[Outcome] = []
    code = desk.code()
    slow = threading.Thread(target=lambda: outcome.append(desk.verify(code)))
    with desk.shim.armed(Fault("C_Sign", 1, Behaviour.WAIT, wait_ms)):
        slow.start()
        while not desk.shim.waiting:
            assert slow.is_alive()
        for _ in range(20):
            desk.pass_time(minutes=1)
            other = VerifyCode(desk.vault, desk.keys, desk.clock, DEFAULTS)
            assert isinstance(other(RESYNCHRONISED, desk.code(1), "drill"), Accepted)
        assert desk.shim.waiting == 1
        if let_go:
            desk.shim.release()
        slow.join()
    assert [type(each) for each in outcome] == [Accepted]
