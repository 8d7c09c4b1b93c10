"""SoftHSM 2 as the module of a vault without hardware: where it is, and a home of its own."""

import os
from pathlib import Path
from typing import Final

from hsm.errors import Unsupported

LIBRARY_VARIABLE: Final = "SEEDVAULT_SOFTHSM"
CONFIGURATION_VARIABLE: Final = "SOFTHSM2_CONF"

_KNOWN_PLACES: Final = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),  # Debian, Ubuntu
    Path("/usr/lib64/pkcs11/libsofthsm2.so"),  # Fedora
    Path("/opt/homebrew/lib/softhsm/libsofthsm2.so"),  # macOS, Apple silicon
    Path("/usr/local/lib/softhsm/libsofthsm2.so"),  # macOS on Intel, or built from source
)


def find_library() -> Path | None:
    """SoftHSM's library: what SEEDVAULT_SOFTHSM names, else where systems install it."""
    named = os.environ.get(LIBRARY_VARIABLE)
    places = (Path(named),) if named else _KNOWN_PLACES
    return next((place for place in places if place.is_file()), None)


def configure(directory: Path) -> Path:
    """A configuration and an empty store under `directory`, both for this user alone.

    Debian's own store can be read by the group softhsm only. A store that is there already stays.
    Raises Unsupported where the path cannot be written down for SoftHSM.
    The caller tells SoftHSM of it with `use`, or by SOFTHSM2_CONF in a child's environment.
    """
    store, configuration = directory / "tokens", directory / "softhsm2.conf"
    if {"#", "="} & set(str(store.absolute())):  # a comment, and the end of a setting's name
        raise Unsupported(f"SoftHSM cannot be told of {directory}: choose a place without # and =")
    for made in (directory, store):
        made.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = (
        f"directories.tokendir = {store.absolute()}\n"
        "objectstore.backend = file\n"
        "log.level = ERROR\n"
        "slots.removable = false\n"
    )
    # It names its own place, so it is written anew after the directory was moved or copied.
    if not configuration.is_file() or configuration.read_text() != text:
        configuration.write_text(text)
    return configuration


def use(configuration: Path) -> None:
    """Export SOFTHSM2_CONF for this process: SoftHSM reads it whenever it is initialised.

    The one place where this package writes to the environment.
    """
    os.environ[CONFIGURATION_VARIABLE] = str(configuration)
