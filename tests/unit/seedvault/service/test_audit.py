"""The whole record is checked: every chain, every link, every end."""

from dataclasses import replace

from seedvault.domain.audit import SERIAL_CHAINS
from seedvault.keys.signatures import verifies
from seedvault.service.audit import AuditReport, VerifyAudit
from tests.unit.seedvault.service.world import World


def verified(world: World) -> AuditReport:
    """The report of a verifier who knows no key, for no checkpoint is signed here."""
    return VerifyAudit(world.vault, list, verifies)()


def busy(world: World) -> AuditReport:
    """The report over some tokens' lives."""
    for number in range(1, 6):
        token = world.bound(number)
        world.verify(token, world.code(number=number), "rp")
        world.verify(token, world.wrong_code(number), "rp")
    return verified(world)


def test_an_empty_vault_has_nothing_to_break(world: World) -> None:
    assert verified(world) == AuditReport(0, SERIAL_CHAINS + 1, ())


def test_a_record_that_nobody_touched_holds(world: World) -> None:
    report = busy(world)
    assert (report.breaks, report.events) == ((), world.vault.counts().events)
    assert report.events == 1 + 5 * (1 + 1 + 2)


def test_an_event_altered_in_any_chain_is_found(world: World) -> None:
    busy(world)
    for number, chain in world.vault.chains.items():
        if chain:
            chain[0] = replace(chain[0], event=replace(chain[0].event, actor="nobody"))
            assert any(each.chain == number for each in verified(world).breaks)


def test_events_that_were_cut_off_are_found(world: World) -> None:
    busy(world)
    del world.vault.chains[0][-1]
    assert [each.chain for each in verified(world).breaks] == [0]


def test_a_chain_that_was_emptied_is_found(world: World) -> None:
    busy(world)
    world.vault.chains[0].clear()
    assert [each.chain for each in verified(world).breaks] == [0]
