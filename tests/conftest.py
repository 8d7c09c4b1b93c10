"""Which tests stay together where several processes share the work (pytest-xdist)."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

_MODULES = "tests/integration/modules/"


class FilesTogether(LoadScopeScheduling):  # type: ignore[misc]  # ships no types
    """A file's tests share what was made for it; all that need opencryptoki share its daemon."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, _ = nodeid.partition("::")
        return _MODULES if file.startswith(_MODULES) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FilesTogether | None:
    return FilesTogether(config, log) if config.getvalue("dist") == "loadfile" else None
