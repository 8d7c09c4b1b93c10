"""Where a module is examined: a session, and throw-away objects that end with their question."""

from collections.abc import Callable
from contextlib import suppress
from ctypes import Array, c_char

from hsm import blobs, templates
from hsm.errors import HsmError, Policy, Unsupported
from hsm.session import Session
from hsm.templates import Template
from hsm.translate import Ambiguous
from hsm.wrapping import Wrapping


class Bench:
    """Makes throw-away session objects; `clear` destroys them, whatever came of the question.

    `code` is what the module returned last where it refused.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.code = ""
        self._made: list[int] = []

    def keep(self, handle: int) -> int:
        """The handle, remembered for its end."""
        self._made.append(handle)
        return handle

    def create(self, template: Callable[[Array[c_char]], Template], value: bytes) -> int:
        """An object of a known value."""
        return self.keep(blobs.create(self.session, template, value))

    def generate_kek(self) -> tuple[int, bool]:
        """A KEK as the vault's is made, and whether the module took its CKA_UNWRAP_TEMPLATE."""
        try:
            return self.keep(self.session.generate(templates.guarded_kek())), True
        except (Unsupported, Policy, Ambiguous):
            return self.keep(self.session.generate(templates.kek())), False

    def wrapping(self) -> Wrapping:
        """How blobs are made here. Raises Unsupported where they are not."""
        return self.session.once(blobs.chosen)

    def blob(self, kek: int, secret: bytes) -> bytes:
        """A secret under a KEK."""
        seed = self.create(templates.fresh_seed, secret)
        return self.session.wrap(kek, seed, self.wrapping())

    def refuses(self, attempt: Callable[[], object]) -> bool:
        """Whether the module says no; an error that is no answer passes through."""
        try:
            attempt()
        except (Policy, Unsupported) as refusal:
            self.code = refusal.code
            return True
        return False

    def clear(self) -> None:
        """Destroy what was made."""
        for handle in self._made:
            with suppress(HsmError):  # one that is gone already; the session's end takes the rest
                self.session.destroy(handle)
        self._made.clear()
        self.code = ""
