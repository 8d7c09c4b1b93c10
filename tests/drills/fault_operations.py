"""What is going on at the desk when the module fails, and what must be true afterwards."""

from abc import ABC, abstractmethod
from typing import Final

from seedvault.domain.outcome import Accepted, Rejected
from seedvault.keys import translated
from seedvault.service.binding import Assigned
from tests.drills.fault_world import IMPORTED_AT_ONCE, World
from tests.support.shim import Behaviour, Fault


class FailOpen(Exception):
    """Something was let in, or is there, that may not be."""


class Charged(Exception):
    """A holder pays for the module's fault."""


class Operation(ABC):
    """One use of the module: `begin`, then `run` under the fault, then `again` without it."""

    name: str
    before: tuple[Fault, ...] = ()  # what is wrong in any case

    @abstractmethod
    def begin(self, world: World) -> None:
        """Make ready; the module is sound."""

    @abstractmethod
    def run(self, world: World) -> None:
        """Do it: return only when it was done. Raises FailOpen and Charged as well."""

    @abstractmethod
    def again(self, world: World, *, done: bool) -> None:
        """Now it must work, and only if it was not `done`."""


class VerifyRight(Operation):
    """The holder's code."""

    name = "verify"

    def begin(self, world: World) -> None:
        world.pass_time(minutes=1)
        self.code = world.code()

    def run(self, world: World) -> None:
        if isinstance(world.verify(self.code), Rejected):
            raise Charged("a right code was rejected")

    def again(self, world: World, *, done: bool) -> None:
        if not done:
            VerifyRight.run(self, world)
        if isinstance(world.verify(self.code), Accepted):
            raise FailOpen("a code was accepted twice")
        world.pass_time(minutes=1)
        self.code = world.code()
        VerifyRight.run(self, world)


class VerifyWrong(VerifyRight):
    """A guess."""

    name = "verify a guess"

    def run(self, world: World) -> None:
        if isinstance(world.verify(world.wrong_code()), Accepted):
            raise FailOpen("a wrong code was accepted")

    def again(self, world: World, *, done: bool) -> None:
        super().again(world, done=False)


class VerifyAfterLoss(VerifyRight):
    """The holder's code, while the sessions are lost as well."""

    name = "verify, sessions lost"
    before = (Fault("C_VerifyInit", 1, Behaviour.DROP),)


class VerifyLoggedOut(VerifyRight):
    """The holder's code, while the login is lost as well."""

    name = "verify, login lost"
    before = (Fault("C_UnwrapKey", 1, Behaviour.LOG_OUT),)


class VerifyAfterRecycling(VerifyRight):
    """The module is restarted by ourselves, then the holder's code."""

    name = "restart, verify"

    def run(self, world: World) -> None:
        with translated():
            world.keystore.recycle()
        super().run(world)


class Start(VerifyRight):
    """A program that starts, and the holder's code."""

    name = "start, verify"

    def run(self, world: World) -> None:
        world.connect()
        super().run(world)

    def again(self, world: World, *, done: bool) -> None:
        if not done:
            world.connect()
        super().again(world, done=done)


class Resynchronise(Operation):
    """Two codes of a clock that ran away."""

    name = "resync"

    def begin(self, world: World) -> None:
        world.pass_time(days=1)  # five are allowed in a day
        self.codes = world.code(1), world.code(1, 1)

    def run(self, world: World) -> None:
        if isinstance(world.resynchronise(self.codes), Rejected):
            raise Charged("right codes were rejected")

    def again(self, world: World, *, done: bool) -> None:
        if not done:
            self.run(world)
        if isinstance(world.resynchronise(self.codes), Accepted):
            raise FailOpen("two codes were accepted twice")
        self.begin(world)
        self.run(world)


class Assign(Operation):
    """A card handed out, proven by a code: the seal is checked and made anew."""

    name = "assign"

    def begin(self, world: World) -> None:
        world.pass_time(minutes=1)
        self.code = world.code(2)

    def run(self, world: World) -> None:
        if not isinstance(world.assign(self.code), Assigned):
            raise Charged("a right code was rejected")

    def again(self, world: World, *, done: bool) -> None:
        if not done:
            self.run(world)
        world.unassign()


class Import(Operation):
    """A file of three tokens."""

    name = "import"
    skip_bad = False

    def begin(self, world: World) -> None:
        self.path = world.delivery()
        self.visible = world.visible()

    def run(self, world: World) -> None:
        world.import_file(self.path, skip_bad=self.skip_bad)
        self._check(world)

    def again(self, world: World, *, done: bool) -> None:
        tokens = world.import_file(self.path).tokens
        if tokens != (0 if done else IMPORTED_AT_ONCE):
            raise FailOpen(f"{tokens} tokens were imported the second time")
        self._check(world)

    def _check(self, world: World) -> None:
        tokens, batches = self.visible
        if world.visible() != (tokens + IMPORTED_AT_ONCE, batches + 1):
            raise FailOpen(f"imported in part: {self.visible} became {world.visible()}")


class ImportSkippingBad(Import):
    """The same on terms that leave bad records out: good ones must not be."""

    name = "import --skip-bad"
    skip_bad = True


OPERATIONS: Final[tuple[type[Operation], ...]] = (
    VerifyRight,
    VerifyWrong,
    VerifyAfterLoss,
    VerifyLoggedOut,
    VerifyAfterRecycling,
    Start,
    Resynchronise,
    Assign,
    Import,
    ImportSkippingBad,
)
