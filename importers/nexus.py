"""Nexus: serial, seed and counter between colons, seed and counter in base64."""

from importers import lexical
from importers.assembly import Habits
from importers.columns import Cells, Dialect, Layout, Texts
from importers.entry import Field
from importers.format import Feature, FieldNote, Format
from importers.instructions import Encoding, Kind

_COUNTER_OCTETS = 8  # RFC 4226 section 5.1


def _layout(cells: Cells) -> Layout | None:
    return (Field.SERIAL, Field.SEED, Field.COUNTER) if len(cells) == 3 and all(cells) else None


def _adapted(texts: Texts) -> Texts:
    """The counter, big-endian octets in base64, as a number."""
    try:
        octets = lexical.octets(texts[Field.COUNTER])
    except ValueError as flaw:
        raise ValueError(f"the counter cannot be read: {flaw}") from None
    if not 1 <= len(octets) <= _COUNTER_OCTETS:
        raise ValueError("the counter is not of 1 to 8 octets")
    return {**texts, Field.COUNTER: str(int.from_bytes(octets, "big"))}


NEXUS = Dialect(
    id="nexus",
    title="Nexus",
    layout=_layout,
    habits=Habits(kind=Kind.HOTP, digits=None),
    adapt=_adapted,
    delimiters=(":",),
    encodings=(Encoding.BASE64,),
    any_encoding=False,
)
FORMAT = Format(
    id=NEXUS.id,
    title=NEXUS.title,
    makers="makers who deliver for Nexus",
    known_by="rows of exactly three columns between colons, the second in base64",
    protection="none: the seeds stand in the clear",
    features=frozenset({Feature.HOTP, Feature.COUNTER}),
    fields=(
        FieldNote("serial", "what stands on the token; as it stands, never decoded"),
        FieldNote("seed", "the seed", "base64"),
        FieldNote("counter", "the next counter", "base64 of 1 to 8 octets, big-endian"),
    ),
    open=NEXUS.open,
    quirks=("How many digits a code has is not in the file: --digits must say it.",),
)
