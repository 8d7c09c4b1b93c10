"""Where benchmarks work: a folder on the checkout's own disk, gone afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.pskc_maker import Order, Tokens, write_pskc

_CHECKOUT = Path(__file__).resolve().parent.parent
KEY = b"1234567890123456"


@contextmanager
def workshop() -> Iterator[Path]:
    """A folder where fsync reaches the disk that the checkout lies on, not a tmpfs."""
    (_CHECKOUT / ".benchmarks").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=_CHECKOUT / ".benchmarks"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def seed_file(folder: Path, tokens: int) -> tuple[Path, Path]:
    """An encrypted PSKC file of TOTP cards (AES-128-CBC, HMAC-SHA1), and its key file."""
    file, key = folder / f"{tokens}.pskcxml", folder / "transport.key"
    with file.open("wb") as target:
        write_pskc(Order((Tokens(tokens),), key=KEY), target)
    key.write_text(KEY.hex())
    return file, key
