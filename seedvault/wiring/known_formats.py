"""The seed-file formats that are read, for the edges to list."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownFormat:
    """A seed-file format as its reader declares it. `carries` has every feature by name.

    `fields` are name, meaning, and unit or spelling.
    """

    id: str
    title: str
    makers: str
    known_by: str
    protection: str
    carries: dict[str, bool]
    fields: tuple[tuple[str, str, str], ...]
    quirks: tuple[str, ...]
    refused: tuple[str, ...]


def known_formats() -> list[KnownFormat]:
    """Every seed-file format that is read."""
    # The readers take 100 ms to load.
    from importers import FORMATS, Feature  # noqa: PLC0415

    return [
        KnownFormat(
            each.id,
            each.title,
            each.makers,
            each.known_by,
            each.protection,
            {feature.value: feature in each.features for feature in Feature},
            tuple((note.name, note.meaning, note.unit) for note in each.fields),
            each.quirks,
            each.refused,
        )
        for each in FORMATS
    ]
