"""Takes containers off a seed file: gzip, zip with AES, PGP."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import SEEK_END
from typing import BinaryIO

from importers.containers.archives import from_gzip, from_zip
from importers.containers.memory import Bounds, Sink, memory_file
from importers.containers.pgp import from_pgp
from importers.containers.unlocking import ContainerUnlock
from importers.containers.wrapper import Wrapper, wrapper_of
from importers.errors import Place, UnknownFormat, Unsupported

_DEEPEST = 2  # such as an encrypted archive: a PGP message that holds a zip
_HEAD = 16 << 10  # a mail's headers included

_Unpack = Callable[[BinaryIO, Sink, ContainerUnlock, Place], None]
_UNPACK: dict[Wrapper, _Unpack] = {
    Wrapper.GZIP: from_gzip,
    Wrapper.ZIP: from_zip,
    Wrapper.PGP: from_pgp,
}
_NOTHING = ContainerUnlock()
_DEFAULT_BOUNDS = Bounds()


@contextmanager
def unwrap(
    stream: BinaryIO,
    name: str,
    unlock: ContainerUnlock = _NOTHING,
    bounds: Bounds = _DEFAULT_BOUNDS,
) -> Iterator[BinaryIO]:
    """The only file in a container, or in a container in it, as a seekable file in memory.

    It is done on request only: a file that asks for a reader never gets an unpacker. What is
    unpacked may hold seeds in the clear; it is in memory until the block ends, and never on disk
    (see `memory`). Names of members are shown at most, never used as paths.

    Raises:
        UnknownFormat: this is no container known here.
        WrongKey: `unlock` lacks what opens it, or does not.
        LimitExceeded: it holds more than `bounds` allow.
        Unsupported: several members, other methods, more than two containers in each other.
        Malformed, IntegrityFailure: it is cut off, or was changed.
    """
    place = Place(name)
    with ExitStack() as opened:
        file = stream
        for _ in range(_DEEPEST):
            wrapper = _unwrappable(file, place)
            if wrapper is None:
                break
            inner = opened.enter_context(memory_file())
            sink = Sink.of(inner, file.seek(0, SEEK_END), bounds, place)
            file.seek(0)
            _UNPACK[wrapper](file, sink, unlock, place)
            file = inner
        if file is stream:
            raise UnknownFormat(
                "this is no container: neither gzip nor zip nor PGP", place, "Import it as it is."
            )
        if _wrapper_of(file) is not None:
            raise Unsupported(f"there are more than {_DEEPEST} containers in each other", place)
        file.seek(0)
        yield file


def _wrapper_of(file: BinaryIO) -> Wrapper | None:
    file.seek(0)
    return wrapper_of(file.read(_HEAD))


def _unwrappable(file: BinaryIO, place: Place) -> Wrapper | None:
    wrapper = _wrapper_of(file)
    if wrapper is not None and wrapper not in _UNPACK:
        raise Unsupported(f"{wrapper.value} is not unwrapped here", place, wrapper.remedy)
    return wrapper
