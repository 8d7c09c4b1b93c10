"""Write the sample delivery: `python -m docs.samples.generate [DIRECTORY]`, always the same."""

import sys
from pathlib import Path

from docs.samples.delivery import HERE, KEY, KEY_FILE, ORDER, SEED_FILE
from tests.support.pskc_maker import write_pskc


def generate(directory: Path) -> None:
    """Write the seed file and its key file into a directory."""
    with (directory / SEED_FILE.name).open("wb") as target:
        write_pskc(ORDER, target)
    (directory / KEY_FILE.name).write_text(f"{KEY.hex()}\n", encoding="ascii")


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
