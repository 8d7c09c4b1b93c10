"""Which tests stay together where several processes share the work (pytest-xdist)."""

from pathlib import Path

import pytest

_MODULES = Path("integration", "modules")


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests share what was made for it; all that need opencryptoki share its daemon."""
    here = Path(__file__).parent
    for item in items:
        file = item.path.relative_to(here)
        group = _MODULES if file.is_relative_to(_MODULES) else file
        item.add_marker(pytest.mark.xdist_group(str(group)))
