"""Tells a damaged blob from a sick module, where the module says no more than "error"."""

import os
from collections.abc import Callable
from ctypes import create_string_buffer
from typing import TypeVar

from hsm import blobs, templates
from hsm.errors import HsmError, Integrity, Unavailable
from hsm.session import Session
from hsm.translate import Ambiguous

T = TypeVar("T")


def confirmed(session: Session, operation: Callable[[], T]) -> T:
    """What `operation` gives. Only what is refused twice is damaged: a module may err once.

    Raises:
        Integrity: it was refused again, while a canary came back.
        Unavailable: the canary did not come back either.
    """
    try:
        return operation()
    except (Integrity, Ambiguous):
        pass
    try:
        return operation()
    except Ambiguous as error:
        raise judge(session, error) from error


def judge(session: Session, error: HsmError) -> HsmError:
    """What an ambiguous refusal to unwrap was, found by wrapping and unwrapping a canary.

    Returns:
        Integrity: the canary came back, so the blob in question is damaged.
        Unavailable: it did not, so the module is sick.
    """
    try:
        kek = session.create(templates.throwaway_kek(create_string_buffer(os.urandom(32), 32)))
        canary = session.create(templates.CANARY)
        wrapping = session.once(blobs.chosen)
        blob = session.wrap(kek, canary, wrapping)
        session.destroy(session.unwrap(kek, blob, wrapping=wrapping))
        session.destroy(canary)
        session.destroy(kek)
    except HsmError as sick:
        return Unavailable(f"the module cannot even unwrap what it has just wrapped: {sick}")
    return Integrity(
        f"this wrapped key is damaged, or was wrapped under another KEK: restore it ({error})"
    )
