"""How a grammar of XML elements is written down: one `Rule` for each element at each place."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto


class Kind(Enum):
    """What an element may hold, and what becomes of it."""

    GROUP = auto()  # elements and attributes
    TEXT = auto()  # characters only
    LIST = auto()  # characters only, and as many of them as there are: `Capture.listed`
    RECORD = auto()  # a group that makes one record of its own
    NAMED = auto()  # one of those within, by its attribute Name: their last name here
    SKIPPED = auto()  # anything; noted that it was there, not looked into
    REFUSED = auto()  # known, and not supported


class Again(Enum):
    """What a second element of the same name at the same place means."""

    MALFORMED = auto()
    RECORD = auto()  # a further record, equal to the one before in all but this element
    READ = auto()  # legal, read like the first
    SKIPPED = auto()  # legal, not looked into
    WARNED = auto()  # legal, not kept


@dataclass(slots=True, eq=False)
class Rule:
    """One element at one place of a grammar. A rule is equal to itself only.

    `names`: "namespace local", or "local" alone without a namespace; several where the wild
    writes several. `attributes` without a namespace that are known. `then`: the rule that the
    *surrounding* element follows once this element has ended. `noting`: what is not known in it
    refuses nothing and is noted in `Capture.unknown`.
    """

    names: tuple[str, ...]
    kind: Kind
    within: tuple["Rule", ...] = ()
    attributes: frozenset[str] = frozenset()
    again: Again = Again.MALFORMED
    noting: bool = False
    then: "Rule | None" = None
    parent: "Rule | None" = field(default=None, init=False)
    number: int = field(default=0, init=False)  # its place in a capture, see `document`
    children: dict[str, "Rule"] = field(default_factory=dict, init=False)
    specials: dict[str, "Rule"] = field(default_factory=dict, init=False)
    is_text: bool = field(init=False)
    is_leaf: bool = field(init=False)
    is_record: bool = field(init=False)
    is_special: bool = field(init=False)
    ends_specially: bool = field(init=False)
    is_named: bool = field(default=False, init=False)  # one of several, told apart by an attribute

    def __post_init__(self) -> None:
        for rule in self.within:
            children = self.specials if rule.is_special else self.children
            names = rule.names[-1:] if self.kind is Kind.NAMED else rule.names
            children.update(dict.fromkeys(names, rule))
            for one in rule.within if rule.kind is Kind.NAMED else ():
                one.parent, one.is_named = self, True
        self.is_text = self.kind is Kind.TEXT
        self.is_leaf = self.kind in {Kind.TEXT, Kind.LIST}
        self.ends_specially = self.kind in {Kind.LIST, Kind.RECORD}
        self.is_record = self.kind is Kind.RECORD
        self.is_special = self.kind not in {Kind.GROUP, Kind.TEXT, Kind.LIST}
        for rule in self.within:
            rule.parent = rule.parent or self

    @property
    def local(self) -> str:
        """The element's name without its namespace."""
        return self.names[0].rpartition(" ")[2]

    @property
    def depth(self) -> int:
        """How many elements are open here, this one included."""
        return 0 if self.parent is None else self.parent.depth + 1

    @property
    def path(self) -> str:
        """The names from the document to here: /KeyContainer/KeyPackage."""
        return "" if self.parent is None else f"{self.parent.path}/{self.local}"

    def below(self) -> Iterator["Rule"]:
        """Every rule within this one, at any depth."""
        for rule in self.within:
            yield rule
            yield from rule.below()


def document(root: Rule) -> Rule:
    """What surrounds a root element: the top of a grammar, with an empty path.

    Its rules are numbered from 1, so that a capture can be a list instead of a dictionary
    (2 of 26 us a key package).
    """
    top = Rule(("",), Kind.GROUP, (root,))
    for number, rule in enumerate(top.below(), start=1):
        rule.number = number
    return top
