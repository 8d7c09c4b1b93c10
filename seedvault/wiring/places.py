"""Where a vault's HSM is, and what opens it."""

# ruff: noqa: PLC0415 - adapters are imported when they are first used

from typing import TYPE_CHECKING

from seedvault.config import Settings
from seedvault.domain.errors import HsmUnavailable
from seedvault.domain.fips import ModuleWords
from seedvault.service.fips import refuse_module

if TYPE_CHECKING:
    from pathlib import Path

    import hsm


def location(settings: Settings) -> "hsm.Location":
    """Where the vault's PKCS#11 token is; the embedded SoftHSM is told where its files are."""
    import hsm
    from hsm import softhsm
    from seedvault.keys import translated

    if settings.module is None:
        try:
            with translated():
                softhsm.use(softhsm.configure(settings.hsm_home))
        except OSError as error:
            raise HsmUnavailable(
                f"{settings.hsm_home} cannot be used: {error.strerror}",
                remedy="Run this as the account that made the vault.",
            ) from error
    return hsm.Location(library_of(settings), settings.token_label, settings.token_serial)


def refuse_missing_store(settings: Settings) -> None:
    """Only `initialise` makes a store: an empty one would stand where the keys must come back."""
    if settings.module is None and not settings.hsm_home.is_dir():
        raise HsmUnavailable(
            f"{settings.hsm_home} is missing: the keys of this vault were in it",
            remedy="Bring it back from a backup, or bring the keys back by their shares: "
            "seedvault key restore",
        )


def refuse_unapproved(place: "hsm.Location") -> None:
    """Raises NotAllowed where the module will not do under require_fips."""
    refuse_module(module_words(place))


def module_words(place: "hsm.Location") -> ModuleWords:
    """What the module says of itself, as far as require_fips asks."""
    import hsm
    from seedvault.keys import translated

    with translated():
        found = hsm.describe(place)
    return ModuleWords(found.maker, found.is_software, found.says_fips)


def library_of(settings: Settings) -> "Path":
    from hsm import softhsm

    library = settings.module or softhsm.find_library()
    if library is None:
        raise HsmUnavailable(
            "no PKCS#11 module was named and SoftHSM is in none of its known places",
            remedy="Install SoftHSM (apt-get install softhsm2), or name a module: --module FILE",
        )
    if not library.is_file():
        raise HsmUnavailable(
            f"there is no PKCS#11 module at {library}",
            remedy="Check the path given with --module, or the one in seedvault.toml.",
        )
    return library


def pin(settings: Settings) -> "hsm.Pin":
    import hsm

    try:
        return hsm.Pin.from_file(settings.pin_file)
    except OSError as error:
        raise HsmUnavailable(
            f"the PIN file {settings.pin_file} cannot be read: {error.strerror}",
            remedy="Put it back, or name another with --pin-file at init.",
        ) from error
