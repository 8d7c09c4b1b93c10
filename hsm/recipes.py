"""What each key of a vault is, and every use that it has and has not."""

from dataclasses import dataclass
from typing import Final

from pkcs11 import Attribute, KeyType, MechanismFlag

from hsm import templates
from hsm.templates import Cko
from hsm.vault_key import Purpose, VaultKey

USES: Final = {
    Attribute.ENCRYPT: MechanismFlag.ENCRYPT,
    Attribute.DECRYPT: MechanismFlag.DECRYPT,
    Attribute.WRAP: MechanismFlag.WRAP,
    Attribute.UNWRAP: MechanismFlag.UNWRAP,
    Attribute.SIGN: MechanismFlag.SIGN,
    Attribute.VERIFY: MechanismFlag.VERIFY,
    Attribute.DERIVE: MechanismFlag.DERIVE,
}

# Half a key pair has half of the uses; naming another is CKR_ATTRIBUTE_TYPE_INVALID.
_APPLICABLE: Final = {
    Cko.SECRET_KEY: tuple(USES),
    Cko.PRIVATE_KEY: (Attribute.DECRYPT, Attribute.UNWRAP, Attribute.SIGN, Attribute.DERIVE),
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """The kind of a key, in words and as PKCS#11 says it, and what it may be used for."""

    kind: str
    key_type: KeyType
    uses: MechanismFlag

    @property
    def words(self) -> tuple[str, ...]:
        """The uses as people read them."""
        return tuple(str(use.name).lower() for use, flag in USES.items() if self.uses & flag)


_MAC = Recipe("HMAC-SHA-256", KeyType.GENERIC_SECRET, MechanismFlag.SIGN | MechanismFlag.VERIFY)
_AES = KeyType.AES

RECIPES: Final = {
    Purpose.KEK: Recipe("AES-256", _AES, MechanismFlag.WRAP | MechanismFlag.UNWRAP),
    Purpose.SEAL: _MAC,
    Purpose.FINGERPRINT: _MAC,
    Purpose.CHECKPOINT: Recipe("ECDSA P-256", KeyType.EC, MechanismFlag.SIGN),
    Purpose.EXPORT: Recipe("AES-256", _AES, MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT),
}


def attributes(key: VaultKey) -> dict[Attribute, object]:
    """All that protects the key, and every use that it has and has not."""
    recipe = RECIPES[key.purpose]
    return {
        Attribute.TOKEN: True,
        Attribute.PRIVATE: True,
        Attribute.SENSITIVE: True,
        Attribute.EXTRACTABLE: False,
        # Else whoever has the PIN could switch DECRYPT on later.
        Attribute.MODIFIABLE: False,
        **{use: bool(recipe.uses & USES[use]) for use in _APPLICABLE[key.purpose.object_class]},
    }


def further(key: VaultKey, *, guarded: bool) -> dict[Attribute, object]:
    """What else the key is made with, which is not read back.

    `guarded`: the module enforces CKA_UNWRAP_TEMPLATE; others refuse it, or keep it unread.
    """
    if guarded and key.purpose is Purpose.KEK:
        return {Attribute.UNWRAP_TEMPLATE: templates.UNWRAPPED.array}
    return {}
