"""What a module and its PKCS#11 token say of themselves; nothing of it is believed but names."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hsm.connection import Connection
from hsm.cryptoki import TokenInfo
from hsm.errors import KeyNotFound
from hsm.module import Module, text

_SOFTWARE: Final = frozenset({"SoftHSM project", "Mozilla Foundation", "IBM SoftTok"})
"""Manufacturers and models (CK_TOKEN_INFO) whose keys lie in files, not in hardware.

The PKCS#11 token's, since the module may be a proxy for others.
"""


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """A library, and the PKCS#11 token of it that is meant. `firmware` is the PKCS#11 token's."""

    library: Path
    manufacturer: str
    description: str
    version: str
    token_label: str
    token_serial: str
    token_manufacturer: str
    token_model: str
    firmware: str

    @property
    def is_software(self) -> bool:
        """Whether its keys are known to be kept in files."""
        return not _SOFTWARE.isdisjoint({self.token_manufacturer, self.token_model})


def of(connection: Connection) -> ModuleFacts:
    """What is at the other end of `connection`.

    Raises:
        KeyNotFound: the PKCS#11 token has gone.
    """
    module = connection.module
    about, token = module.describe(), _token(module, connection.slot)
    return ModuleFacts(
        library=module.library,
        manufacturer=text(about.manufacturer),
        description=text(about.description),
        version=str(about.version),
        token_label=text(token.label),
        token_serial=text(token.serial),
        token_manufacturer=text(token.manufacturer),
        token_model=text(token.model),
        firmware=str(token.firmware),
    )


def _token(module: Module, slot: int) -> TokenInfo:
    for number, token in module.slots():
        if number == slot:
            return token
    raise KeyNotFound(f"the PKCS#11 token in slot {slot} of {module.library} has gone")
