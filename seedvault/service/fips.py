"""Where `require_fips` is asked: before a file is taken over, and for each of its seeds."""

from dataclasses import dataclass

from seedvault.domain import fips
from seedvault.domain.errors import FileRefused, NotAllowed
from seedvault.domain.token import Device
from seedvault.domain.transport_key import TransportKind
from seedvault.service.ports import Keys, SeedTaker, TakenSeed
from seedvault.service.seed_files import DeliveredSeed, OpenedSeedFile, SeedFileKey, Terms

_RULES = "See the rules of require_fips in docs/reference/settings.md."


def unapproved(
    file: OpenedSeedFile, key: SeedFileKey, terms: Terms, keys: Keys
) -> tuple[fips.Unapproved, ...]:
    """All that stands against taking the file over; its seeds are looked at one by one."""
    protected = file.protected
    opened = key.container_passphrase is not None or key.pgp_key is not None
    handling = fips.Handling(
        by_software=protected.cipher in keys.by_software,
        container_opened=opened,
        exportable=terms.exportable,
    )
    return fips.of_file(protected, handling)


def refuse_unapproved(file: OpenedSeedFile, key: SeedFileKey, terms: Terms, keys: Keys) -> None:
    """Raises FileRefused naming everything at once."""
    found = unapproved(file, key, terms, keys)
    if found:
        raise FileRefused(
            f"{file.source.file_name} is not taken over under require_fips:\n{fips.listed(found)}",
            unchanged="Nothing was imported.",
            remedy="Ask the maker for a file under AES by a pre-shared key or by RSA-OAEP. "
            + _RULES,
        )


@dataclass(frozen=True, slots=True)
class CarefulTaker:
    """A `SeedTaker` that refuses seeds which are no approved HMAC keys."""

    taker: SeedTaker

    def take(self, seed: DeliveredSeed, device: Device) -> TakenSeed:
        """Raises FileRefused, the seed being under no key that is stored."""
        taken = self.taker.take(seed, device)
        found = fips.of_seed(taken.wrapped.length)
        if found:
            raise FileRefused(
                f"{device.serial} is not taken over under require_fips: {found[0]}",
                unchanged="Nothing was imported.",
                remedy="Ask the maker for tokens with longer seeds.",
            )
        return taken


def refuse_transport_key(kind: TransportKind) -> None:
    """Raises FileRefused where a maker's key is of a kind that is not approved."""
    found = fips.of_transport_key(kind.words)
    if found:
        raise FileRefused(
            f"this key is not taken under require_fips:\n{fips.listed(found)}",
            unchanged="No key was made.",
            remedy="Ask the maker for an AES key. " + _RULES,
        )


def refuse_module(module: fips.ModuleWords) -> None:
    """Raises NotAllowed where the module will not do."""
    found = fips.of_module(module)
    if found:
        raise NotAllowed(
            f"this vault requires FIPS, and its module will not do:\n{fips.listed(found)}",
            remedy="Name a validated module in seedvault.toml, or take require_fips out. " + _RULES,
        )
