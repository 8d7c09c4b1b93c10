"""Many pass the gate at once; a restart is alone."""

import threading

import pytest

from hsm.errors import Unavailable
from hsm.gate import Gate


def _in_thread(work: threading.Thread) -> threading.Thread:
    work.start()
    return work


def test_a_restart_is_refused_to_the_thread_that_is_inside() -> None:
    gate = Gate()
    gate.enter()

    with pytest.raises(Unavailable, match="this thread still holds"), gate.alone():
        pass


def test_a_restart_gives_up_when_another_thread_stays_inside() -> None:
    gate = Gate(patience_s=0.05)
    _in_thread(threading.Thread(target=gate.enter)).join()

    with pytest.raises(Unavailable, match="other threads still use it"), gate.alone():
        pass


def test_the_gate_is_open_again_after_a_restart_gave_up() -> None:
    gate = Gate(patience_s=0.05)
    _in_thread(threading.Thread(target=gate.enter)).join()
    with pytest.raises(Unavailable), gate.alone():
        pass

    gate.enter()


def test_who_is_inside_may_enter_again_while_a_restart_waits() -> None:
    gate, entered = Gate(), threading.Event()
    gate.enter()
    alone = threading.Event()

    def restart() -> None:
        entered.set()
        with gate.alone():
            alone.set()

    thread = _in_thread(threading.Thread(target=restart))
    entered.wait()
    while not gate.closing:
        pass
    gate.enter()
    gate.leave()
    assert not alone.is_set()
    gate.leave()
    thread.join(5)

    assert alone.is_set()


def test_others_wait_until_the_restart_is_over() -> None:
    gate, order = Gate(), []

    def enter() -> None:
        gate.enter()
        order.append("entered")

    with gate.alone():
        thread = _in_thread(threading.Thread(target=enter))
        thread.join(0.05)
        order.append("restarted")
    thread.join(5)

    assert order == ["restarted", "entered"]


def test_others_give_up_when_the_restart_does_not_end() -> None:
    gate, errors = Gate(patience_s=0.02), []

    def enter() -> None:
        try:
            gate.enter()
        except Unavailable as error:
            errors.append(str(error))

    with gate.alone():
        _in_thread(threading.Thread(target=enter)).join(5)

    assert "restarted for too long" in errors[0]
