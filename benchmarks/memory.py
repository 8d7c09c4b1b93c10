"""The most memory that a process ever held."""

import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss: octets there, KiB here


def peak_mb() -> float:
    """This process's own. On Linux ru_maxrss would count what its parent held at the fork."""
    if not _STATUS.exists():
        return child_peak_mb(resource.getrusage(resource.RUSAGE_SELF))
    fields = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
    return int(fields["VmHWM"].split()[0]) * 1024 / 1e6


def child_peak_mb(usage: resource.struct_rusage) -> float:
    """A child's, by what os.wait4 tells; at least what this process holds."""
    return usage.ru_maxrss * _UNIT / 1e6
