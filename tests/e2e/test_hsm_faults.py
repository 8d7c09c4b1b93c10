"""The module fails under the real command line; a selection of `./dev drill faults`."""

from pathlib import Path
from signal import SIGKILL, SIGSEGV

import pytest

from hsm.translate import Rv
from tests.drills.fault_kills import Desk, judge_kill
from tests.support.seed_files import serial
from tests.support.shim import Behaviour, Fault


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """One vault on the shim for all of these tests."""
    return Desk.set_up(tmp_path_factory.mktemp("desk"))


@pytest.mark.parametrize(
    ("doing", "function", "nth", "signal"),
    [
        ("verify", "C_Sign", 2, SIGSEGV),
        ("verify", "C_DestroyObject", 1, SIGKILL),
        ("import", "C_WrapKey", 3, SIGSEGV),
        ("import", "C_Sign", 1, SIGKILL),
    ],
)
def test_a_kill_within_the_module_leaves_nothing_half_done(
    desk: Desk, doing: str, function: str, nth: int, signal: int
) -> None:
    verdict = judge_kill(desk, doing, Fault(function, nth, Behaviour.KILL, signal))
    assert verdict.findings == []
    assert verdict.fired


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("C_Sign", Rv.DEVICE_ERROR),
        ("C_UnwrapKey", Rv.GENERAL_ERROR),
        ("C_Verify", 0x8000_0001),
        ("C_OpenSession", Rv.SESSION_COUNT),
        ("C_Initialize", Rv.CANT_LOCK),
        ("C_GetSlotList", Rv.TOKEN_NOT_PRESENT),
    ],
)
def test_an_hsm_that_is_out_ends_with_6_and_the_code_stays_good(
    desk: Desk, function: str, value: int
) -> None:
    out = desk.under(Fault(function, 1, Behaviour.OUTAGE, value))(*desk.verification())
    assert (out.code, out.out) == (6, "")
    assert "the HSM cannot be used" in out.err
    assert "Nothing was changed." in out.err
    assert "seedvault status" in out.err
    assert desk.seedvault.ok(*desk.verification()).out == "accepted\n"
    desk.counter += 1


def test_a_refused_pin_is_offered_once_by_a_command(desk: Desk, tmp_path: Path) -> None:
    refusals = tmp_path / "refusals"
    locked = Fault("C_Login", 1, Behaviour.ALWAYS, Rv.PIN_LOCKED)
    refused = desk.under(locked, SHIM_REFUSALS=str(refusals))(*desk.verification())
    assert refused.code == 6
    assert "not tried again" in refused.err
    assert refusals.read_text() == "."


def test_a_library_that_gives_no_functions_ends_with_6(desk: Desk, tmp_path: Path) -> None:
    nothing = desk.under(SHIM_MODULE=str(tmp_path / "none.so"))(*desk.verification())
    assert nothing.code == 6
    assert "C_GetFunctionList" in nothing.err
    assert serial(1) not in nothing.out
