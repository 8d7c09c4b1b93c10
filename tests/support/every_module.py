"""Loads every module that a command may load; none of them does anything by being loaded."""

import pkgutil
from importlib import import_module

import seedvault

for _found in pkgutil.walk_packages(seedvault.__path__, "seedvault."):
    if "migrations" not in _found.name and not _found.name.endswith("__main__"):
        import_module(_found.name)
