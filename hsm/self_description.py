"""What a module says of itself before anybody logs in. Words: nothing of it is proven."""

from ctypes import byref
from dataclasses import dataclass
from typing import Final

from hsm.cryptoki import SlotInfo, TokenInfo
from hsm.errors import HsmError
from hsm.mechanisms import SOFTWARE
from hsm.model import Location
from hsm.module import Module, text

_IN_FILES: Final = frozenset({"IBM SoftTok", "Soft"})


@dataclass(frozen=True, slots=True)
class SelfDescription:
    """`maker` of the library, or of the PKCS#11 token where another library stands before it."""

    maker: str
    is_software: bool
    says_fips: bool


def describe(location: Location) -> SelfDescription:
    """What the library, the slot and the PKCS#11 token at `location` say of themselves.

    The PKCS#11 token need not be there yet. Its label is not read: its custodian chose that.

    Raises:
        Unavailable: the library cannot be loaded or does not answer.
        Policy: the label fits several PKCS#11 tokens.
    """
    module = Module.load(location.library)
    about = module.describe()
    makers, words, model = [text(about.manufacturer)], [text(about.description)], ""
    slot = module.locate(location)
    if slot is not None:
        token = TokenInfo()
        module.cryptoki.get_token_info(slot, byref(token))
        makers.append(text(token.manufacturer))
        model = text(token.model)
        words += [model, *_slot_words(module, slot)]
    software = [maker for maker in makers if is_software(maker, model)]
    return SelfDescription(
        maker=(software or makers)[0],
        is_software=bool(software),
        says_fips=any("FIPS" in each.upper() for each in (*makers, *words)),
    )


def is_software(maker: str, model: str) -> bool:
    """Whether its keys are known to lie in files. IBM's opencryptoki stands before hardware, too:
    only the model of its software token tells.
    """
    if maker == "IBM":
        return model in _IN_FILES
    return any(maker.startswith(known) for known in SOFTWARE)


def _slot_words(module: Module, slot: int) -> list[str]:
    """NSS says there, and only there, that it is in FIPS mode."""
    place = SlotInfo()
    try:
        module.cryptoki.get_slot_info(slot, byref(place))
    except HsmError:
        return []
    return [text(place.description)]
