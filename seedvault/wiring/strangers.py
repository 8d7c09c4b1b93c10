"""Other distributions own the names `hsm` and `importers`: all three must be ours."""

import importlib.util
from pathlib import Path

from seedvault.domain.errors import InvalidInput


def refuse_strangers() -> None:
    """Raises InvalidInput where the three packages come from different places."""
    found = [importlib.util.find_spec(name) for name in ("hsm", "importers", "seedvault")]
    places = {Path(spec.origin).parent.parent for spec in found if spec and spec.origin}
    if len(places) > 1:
        raise InvalidInput(
            "the packages hsm, importers and seedvault come from different places: "
            + ", ".join(sorted(str(place) for place in places)),
            remedy="Install Seedvault into an environment of its own: see the README.",
        )
