"""What an HSM's examination found, as a custodian files it."""

from dataclasses import dataclass
from datetime import datetime

from seedvault.domain.batch import Tier
from seedvault.domain.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: its topic and name read as one phrase, `outcome` is yes, no or error.

    `code` is PKCS#11's, where the module returned one.
    """

    topic: str
    name: str
    outcome: str
    code: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Frailty:
    """Something that the module does not enforce, as one word and as a sentence."""

    word: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ExaminedModule:
    """The module and its PKCS#11 token, as they call themselves."""

    library: str
    manufacturer: str
    description: str
    version: str
    token_label: str
    token_serial: str
    token_manufacturer: str
    token_model: str
    firmware: str
    is_software: bool


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything about one module at one time. `min_tier` is what the vault asks for.

    `verify_tier` is None where codes cannot be computed inside the module, `blob_format` where it
    wraps no keys. `lacking` names what a vault needs and is not there. `unapproved` is what stands
    against the module under require_fips; None where that is not asked for.
    """

    at: datetime
    module: ExaminedModule
    findings: tuple[Finding, ...]
    import_tier: Tier
    verify_tier: Tier | None
    min_tier: Tier
    blob_format: str | None
    weaknesses: tuple[Frailty, ...]
    weaknesses_accepted: bool
    lacking: tuple[str, ...]
    by_software: tuple[str, ...]
    unapproved: tuple[str, ...] | None = None

    @property
    def is_below(self) -> bool:
        """Whether it imports by a worse tier than is asked for."""
        return self.import_tier.is_below(self.min_tier)

    @property
    def is_fit(self) -> bool:
        """Whether it can hold a vault; weaknesses may be accepted."""
        return not self.lacking and not self.is_below and not self.unapproved

    def refuse_unfit(self) -> None:
        """Raises NotAllowed where no vault is to be made on such a module."""
        where = f"{self.module.token_label!r} of {self.module.library}"
        if self.lacking:
            raise NotAllowed(
                f"{where} cannot hold a vault: it lacks {', '.join(self.lacking)}",
                remedy="See what it can do: seedvault doctor",
            )
        if self.unapproved:
            named = "".join(f"\n  {each}" for each in self.unapproved)
            raise NotAllowed(
                f"{where} will not do under require_fips:{named}",
                remedy="Name another module in seedvault.toml, or take require_fips out.",
            )
        if self.is_below:
            raise NotAllowed(
                f"{where} imports by tier {self.import_tier.value}, and min_tier = "
                f'"{self.min_tier.value}" asks for better',
                remedy="Use a module that reaches it, or lower min_tier in seedvault.toml.",
            )
        if self.weaknesses and not self.weaknesses_accepted:
            named = "".join(f"\n  {each.word}: {each.meaning}" for each in self.weaknesses)
            raise NotAllowed(
                f"{where} does not enforce all that it should:{named}",
                remedy="Use another module, or say that you accept this: --accept-weaknesses",
            )
