"""The vault put back to what it was some steps ago, as by an asynchronous replica's promotion.

The audit log of the steps since is lost, and nobody had exported it. No single code that was
accepted since may be accepted again. Two codes in a row may, by a resynchronisation: whoever saw
both of them, unused for all that the vault can know, cannot be told from the holder.
"""

from copy import deepcopy
from dataclasses import dataclass

from seedvault.domain.oath import TotpParameters
from seedvault.domain.token import State
from seedvault.keys.restoring import RestoringKeys
from seedvault.service.evidence import NoEvidence
from seedvault.service.restore import Order, PromoteVault
from seedvault.storage import SqlPlace
from tests.drills.databases import Databases
from tests.drills.nodes import ACTOR, Site
from tests.drills.racing import Told
from tests.drills.stateful_cluster import Cluster
from tests.drills.stateful_model import Card

_IN_LIFE = {State.IN_STOCK, State.BOUND, State.SUSPENDED}


@dataclass(frozen=True, slots=True)
class Kept:
    """A copy of the vault, and what was known then."""

    url: str
    cards: dict[int, Card]
    told: dict[int, list[Told]]

    def may_come_back(self, cluster: Cluster) -> bool:
        """Whether the clock is at no time before anything that happened: floors rest on it."""
        latest = [
            card.record.latest for cards in (self.cards, cluster.cards) for card in cards.values()
        ]
        return cluster.now >= max(latest)


def keep(cluster: Cluster, databases: Databases) -> Kept:
    """Copy the vault while nobody uses it."""
    cluster.stop_nodes()
    url = databases.copy(cluster.site.url)
    cluster.start_nodes()
    return Kept(url, deepcopy(cluster.cards), deepcopy(cluster.told))


def restore(cluster: Cluster, kept: Kept, databases: Databases) -> None:
    """Lose the vault, and go on with the copy."""
    cluster.stop_nodes()
    databases.drop(cluster.site.url)
    cluster.site = Site(kept.url, cluster.site.place)
    with cluster.site.node(cluster.clock) as node:
        hsm = RestoringKeys(node.keystore, node.vault.identity.vault_id)
        promote = PromoteVault(SqlPlace(kept.url), hsm, cluster.clock)
        restored = promote(Order(ACTOR, "bob"), NoEvidence(), lambda _: None)
    assert restored.unsealed == 0, restored
    cluster.start_nodes()
    for number, card in kept.cards.items():
        _recall(card, cluster.cards[number], cluster)
    cluster.cards, cluster.told = kept.cards, kept.told


def _recall(card: Card, lost: Card, cluster: Cluster) -> None:
    """What the world still knows of a token, whose vault has forgotten it."""
    card.forgotten = lost.forgotten | set(lost.spent[len(card.spent) :])
    card.spent, card.runs_by = lost.spent, lost.runs_by
    card.record.note(cluster.now)
    if card.state not in _IN_LIFE:
        return
    card.must_resync = True
    if isinstance(card.kind, TotpParameters):
        floor = cluster.next_factor(card)
        assert floor >= card.kind.step_at(cluster.now) + card.drift + 2, f"a floor of {floor}"
        card.next_factor = max(card.next_factor, floor)
