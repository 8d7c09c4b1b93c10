"""`python -m benchmarks [NAME ...]`: run those named, or all that take a minute or two."""

import subprocess
import sys

from benchmarks import (
    audit_log,
    backup,
    find,
    hsm_calls,
    import_file,
    nodes,
    read_pskc,
    rotate,
    scale,
    search,
    start_up,
    verify,
)
from benchmarks.report import show

_USUAL = {
    "start-up": start_up.run,
    "hsm": hsm_calls.run,
    "verify": verify.run,
    "nodes": nodes.run,
    "search": search.run,
    "find": find.run,
    "read": read_pskc.run,
    "import": import_file.run,
    "rotate": rotate.run,
    "audit": audit_log.run,
}
_BENCHMARKS = _USUAL | {
    "million": import_file.run_million,
    "audit-million": audit_log.run_million,
    "scale": scale.run,
    "backup": backup.run,
}


def main(names: list[str]) -> int:
    """Exit 1 where a target was missed, 2 where a name is unknown."""
    unknown = set(names) - set(_BENCHMARKS)
    if unknown:
        print(f"no benchmark is called {', '.join(unknown)}; there are: {', '.join(_BENCHMARKS)}")
        return 2
    if len(names) == 1:
        return 0 if show(names[0], _BENCHMARKS[names[0]]()) else 1
    # A process each: SoftHSM has one store in a process, and each benchmark makes its own.
    command = [sys.executable, "-m", "benchmarks"]
    codes = [subprocess.run([*command, name], check=False).returncode for name in names or _USUAL]
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
