"""How a grammar of XML elements is written down: one `Rule` for each element at each place."""

from dataclasses import dataclass, field
from enum import Enum, auto


class Kind(Enum):
    """What an element may hold, and what becomes of it."""

    GROUP = auto()  # elements and attributes
    TEXT = auto()  # characters only
    RECORD = auto()  # a group that makes one record of its own
    SKIPPED = auto()  # anything; noted that it was there, not looked into
    CLOSED = auto()  # known, but anything in it is not supported
    REFUSED = auto()  # known, and not supported


class Again(Enum):
    """What a second element of the same name at the same place means."""

    MALFORMED = auto()
    UNSUPPORTED = auto()
    SKIPPED = auto()  # legal, not looked into
    WARNED = auto()  # legal, not kept


@dataclass(slots=True, eq=False)
class Rule:
    """One element at one place of a grammar. A rule is equal to itself only.

    `names`: "namespace local", or "local" alone without a namespace; several where the wild
    writes several. `attributes` without a namespace that are known. `then`: the rule that the
    *surrounding* element follows once this element has ended.
    """

    names: tuple[str, ...]
    kind: Kind
    within: tuple["Rule", ...] = ()
    attributes: frozenset[str] = frozenset()
    again: Again = Again.MALFORMED
    then: "Rule | None" = None
    parent: "Rule | None" = field(default=None, init=False)
    children: dict[str, "Rule"] = field(init=False)
    is_text: bool = field(init=False)
    is_special: bool = field(init=False)
    is_skipped: bool = field(init=False)

    def __post_init__(self) -> None:
        self.children = {name: rule for rule in self.within for name in rule.names}
        self.is_text = self.kind is Kind.TEXT
        self.is_special = self.kind in {Kind.RECORD, Kind.REFUSED}
        self.is_skipped = self.kind is Kind.SKIPPED
        for rule in self.within:
            rule.parent = rule.parent or self

    @property
    def local(self) -> str:
        """The element's name without its namespace."""
        return self.names[0].rpartition(" ")[2]

    @property
    def path(self) -> str:
        """The names from the document to here: /KeyContainer/KeyPackage."""
        return "" if self.parent is None else f"{self.parent.path}/{self.local}"


def document(root: Rule) -> Rule:
    """What surrounds a root element: the top of a grammar, with an empty path."""
    return Rule(("",), Kind.GROUP, (root,))
