"""Telling which policy holds for a token, and which rule gave each number."""

from dataclasses import dataclass

from seedvault.domain.names import Serial
from seedvault.domain.policy_rule import Rule, Standing
from seedvault.domain.rule_set import NOWHERE, Given
from seedvault.service.decide import Case
from seedvault.service.policy_changes import ReadRules
from seedvault.service.ports import Clock, Keys


@dataclass(frozen=True, slots=True)
class Explained:
    """Every number that holds, and why; for a token, or for one that no narrower rule is for.

    `rules` are those that apply, the one that wins first.
    """

    serial: Serial | None
    model: str | None
    standing: Standing | None
    revision: int
    rules: tuple[Rule, ...]
    numbers: tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class ExplainPolicy:
    """Which policy holds, and why. What the answer rests on is checked against its seals."""

    read_rules: ReadRules
    keys: Keys
    clock: Clock

    def __call__(self, serial: Serial | None, actor: str) -> Explained:
        """Raises NotFound, naming the nearest serials."""
        if serial is None:
            return self._explain(None, None, None, actor)
        case = Case.read(self.read_rules.vault, self.keys, serial, actor, self.clock())
        case.check_seal()
        device = case.stored.token.device
        return self._explain(device.serial, device.model, case.stored.standing, actor)

    def _explain(
        self, serial: Serial | None, model: str | None, standing: Standing | None, actor: str
    ) -> Explained:
        rules = self.read_rules(actor).rules
        there = standing or NOWHERE
        return Explained(
            serial,
            model,
            standing,
            rules.revision,
            tuple(rules.for_token(model, there)),
            tuple(rules.explain(model, there)),
        )
