"""Words that stand in databases, audit chains and scripts: new ones come, and none ever changes.

A changed one breaks every chain that holds it, and hides every row that is found by it.
"""

from enum import Enum

import pytest

from seedvault.domain.audit import EventKind
from seedvault.domain.batch import Tier
from seedvault.domain.outcome import Reason
from seedvault.domain.permission import Role
from seedvault.domain.token import State

EVENTS = """
    vault.initialised vault.backed-up vault.restored batch.imported batch.refused batch.unchanged
    batch.exported export.refused user.added token.assigned token.unassigned token.suspended
    token.resumed token.revoked token.retired token.unlocked token.resynchronised token.sought
    token.found search.refused token.exported token.released token.pin-set token.pin-cleared
    token.refused challenge.issued challenge.refused code.accepted code.rejected resync.rejected
    clock.accepted
    seal.broken key.rotated key.tokens-moved key.forgotten key.destroyed key.refused key.restored
    key.copied key.reshared policy.set policy.unset policy.moved user.grouped transport.created
    transport.imported transport.ending transport.destroyed transport.refused
"""


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (EventKind, EVENTS),
        (State, "in-stock bound suspended quarantined revoked retired"),
        (Tier, "A B C"),
        (Role, "importer helpdesk auditor custodian admin"),
        (Reason, "suspended revoked retired expired locked"),
    ],
)
def test_a_stored_word_is_understood_for_ever(kind: type[Enum], words: str) -> None:
    assert [kind(word).value for word in words.split()] == words.split()
