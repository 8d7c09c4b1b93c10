"""One page of memory that is neither swapped out nor dumped, for seeds in passing."""

import ctypes
import mmap
from typing import Final

from hsm.errors import Unavailable

PAGE_OCTETS: Final = mmap.PAGESIZE

# Linux 4.14: a forked child sees zeros. CPython gives this number no name.
_MADV_WIPEONFORK: Final = 18
_MADV_DONTDUMP: Final[int | None] = getattr(mmap, "MADV_DONTDUMP", None)


class LockedPage:
    """A private page, locked; `octets[i]` reads one octet without copying the page.

    `view` lends parts of it to code that reads or writes buffers.

    Raises:
        Unavailable: the system does not let this process lock a page.
    """

    __slots__ = ("_memory", "address", "octets", "view")

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, PAGE_OCTETS, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.octets = (ctypes.c_ubyte * PAGE_OCTETS).from_buffer(self._memory)
        self.view = memoryview(self._memory)
        self.address = ctypes.addressof(self.octets)
        library = ctypes.CDLL(None, use_errno=True)
        if library.mlock(ctypes.c_void_p(self.address), ctypes.c_size_t(PAGE_OCTETS)):
            raise Unavailable(
                "the system refuses to lock one page of memory for seeds: raise the limit "
                "(ulimit -l, or LimitMEMLOCK= of the service). Nothing was imported"
            )
        if _MADV_DONTDUMP is not None:  # Linux: others have no such advice
            self._memory.madvise(_MADV_DONTDUMP)
            self._memory.madvise(_MADV_WIPEONFORK)

    def wipe(self) -> None:
        """Fill the page with zeros."""
        ctypes.memset(self.address, 0, PAGE_OCTETS)
