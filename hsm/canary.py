"""Tells a damaged blob from a sick module, where the module says no more than "error"."""

from hsm import templates
from hsm.connection import LentSession
from hsm.errors import HsmError, Integrity, Unavailable
from hsm.templates import VaultKey


def judge(session: LentSession, error: HsmError) -> HsmError:
    """What an ambiguous refusal to unwrap was, found by wrapping and unwrapping a canary.

    Returns:
        Integrity: the canary came back, so the blob in question is damaged.
        Unavailable: it did not, so the module is sick.
    """
    try:
        kek = session.key(VaultKey.KEK)
        canary = session.create(templates.CANARY)
        session.destroy(session.unwrap(kek, session.wrap(kek, canary)))
        session.destroy(canary)
    except HsmError as sick:
        return Unavailable(f"the module cannot even unwrap what it has just wrapped: {sick}")
    return Integrity(
        f"this wrapped key is damaged, or was wrapped under another KEK: restore it ({error})"
    )
