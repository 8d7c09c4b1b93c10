"""The race for one code, short."""

from dataclasses import replace

from tests.drills.databases import Databases
from tests.drills.defences import Defence
from tests.drills.race import Plan, laps, table
from tests.drills.racing import Crowd

SHORT = Plan(codes=40, crowd=Crowd(processes=4, threads=2), rig=40)


def test_one_code_is_accepted_once_and_twice_without_the_conditional_write(
    databases: Databases,
) -> None:
    found = list(laps(databases, SHORT))

    assert all(lap.good for lap in found), "\n".join(table(databases.kind, SHORT.crowd, found))
    assert [lap.careless for lap in found] == [Defence.CONDITION, *[None] * 4]
    assert [lap.found.accepted for lap in found[1:3]] == [SHORT.codes] * 2
    assert all(lap.found.accepted for lap in found[3:])
    rig = found[0]
    assert not replace(rig, found=replace(rig.found, doubles=0)).good
