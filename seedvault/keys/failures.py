"""What a failure of the HSM means to the vault: one table."""

import hsm
from seedvault.domain.errors import HsmUnavailable, SeedvaultError


class translated:  # noqa: N801 - reads as the phrase it is
    """Turns `hsm`'s errors into the vault's, in a `with` block on the hot path."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, hsm.HsmError):
            raise vault_error(error) from error


def vault_error(error: hsm.HsmError) -> SeedvaultError:
    """The error to raise instead."""
    if isinstance(error, hsm.PinRejected):
        return HsmUnavailable(
            f"the HSM refused the PIN: {error}",
            unchanged="It was tried once and is not tried again: real HSMs lock after a few.",
            remedy="Check the PIN file, or give another with --pin-file.",
        )
    remedies = (_REMEDIES[kind] for kind in type(error).__mro__ if kind in _REMEDIES)
    return HsmUnavailable(f"the HSM cannot be used: {error}", remedy=next(remedies, ""))


_REMEDIES: dict[type[hsm.HsmError], str] = {
    hsm.KeyNotFound: "Is this the PKCS#11 token that `seedvault init` prepared for this vault?",
    hsm.Unavailable: "Check that the module and its device are there: seedvault status",
    hsm.Unsupported: "Was the module exchanged, updated or configured anew? seedvault status",
    hsm.Policy: "Were the keys changed, or the module configured anew? seedvault status",
    hsm.Integrity: "A wrapped seed is damaged: restore this token's row from a backup.",
}
