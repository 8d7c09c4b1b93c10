"""The page that seeds pass through is locked, kept out of dumps and of children, and wiped."""

import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hsm.errors import Unavailable
from hsm.page import PAGE_OCTETS, LockedPage

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")


def _exit_code_of_child(work: Callable[[], bool]) -> int:
    """0 when `work` holds in a forked child, 1 when it does not, 2 when it raises."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if work() else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _smaps_flags(address: int) -> list[str]:
    inside = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split(" ")[0]:
            start, end = (int(bound, 16) for bound in line.split(" ")[0].split("-"))
            inside = start <= address < end
        elif inside and line.startswith("VmFlags:"):
            return line.split()[1:]
    return []


@linux
def test_the_page_is_locked_not_dumped_and_empty_in_children() -> None:
    page = LockedPage()

    assert {"lo", "dd", "wf"} <= set(_smaps_flags(page.address))


@linux
def test_a_child_sees_zeros_where_the_parent_has_a_seed() -> None:
    page = LockedPage()
    page.octets[0] = 7

    assert _exit_code_of_child(lambda: page.octets[0] == 0) == 0
    assert page.octets[0] == 7


def test_a_wiped_page_is_all_zeros() -> None:
    page = LockedPage()
    page.octets[0] = page.octets[PAGE_OCTETS - 1] = 7
    page.wipe()

    assert not any(page.octets)


def test_a_page_that_cannot_be_locked_is_refused() -> None:
    def refused() -> bool:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
        if os.geteuid() == 0:
            os.setuid(65534)  # root may lock whatever the limit says
        try:
            LockedPage()
        except Unavailable as error:
            return "refuses to lock" in str(error)
        return False

    assert _exit_code_of_child(refused) == 0
