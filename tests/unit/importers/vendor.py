"""Reads makers' own files: the samples in tests/vectors, and what a test writes down."""

from io import BytesIO
from pathlib import Path

import pytest

from importers import (
    ImporterError,
    Instructions,
    Kind,
    Limits,
    PlainSeed,
    SeedFile,
    SeedRecord,
    Unlock,
    open_seed_file,
)

VECTORS = Path(__file__).parents[2] / "vectors"
NO_LIMITS = Limits()
SILENT = Instructions()
# RFC 6238 appendix B, as all samples hold them.
SEED = b"12345678901234567890"
SEED_32 = b"12345678901234567890123456789012"
HEX = SEED.hex()
BASE32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
# What the forms ask for, of files that leave it to them.
FORMS = {
    "duo": Instructions(format="duo", kind=Kind.HOTP, digits=6),
    "pingid": Instructions(format="pingid", kind=Kind.HOTP),
    "nexus": Instructions(format="nexus", digits=6),
    "ykksm": Instructions(format="ykksm", digits=6),
    "tagespasswort": Instructions(format="tagespasswort", kind=Kind.TOTP, digits=6, step_s=30),
}


def opened(
    content: str | bytes,
    said: Instructions = SILENT,
    *,
    limits: Limits = NO_LIMITS,
    unlock: Unlock | None = None,
    name: str = "batch",
) -> SeedFile:
    """The file, opened under the name batch."""
    octets = content.encode() if isinstance(content, str) else content
    return open_seed_file(BytesIO(octets), unlock, name=name, limits=limits, instructions=said)


def read(content: str | bytes, said: Instructions = SILENT) -> list[SeedRecord]:
    """Every record of the file."""
    return list(opened(content, said))


def refusal(
    content: str | bytes, said: Instructions = SILENT, *, limits: Limits = NO_LIMITS
) -> ImporterError:
    """Why the file is refused."""
    with pytest.raises(ImporterError) as caught:
        list(opened(content, said, limits=limits))
    return caught.value


def refusals(content: str | bytes, said: Instructions) -> tuple[list[str], list[ImporterError]]:
    """The serials that were taken, and why the other records were not; `said` skips bad ones."""
    found: list[ImporterError] = []
    file = opened(content, said)
    file.on_refusal = found.append
    return [record.serial for record in file], found


def seed_of(record: SeedRecord) -> bytes:
    """The record's seed, which is spent after."""
    assert isinstance(record.seed, PlainSeed)
    with record.seed.expose() as octets:
        return bytes(octets)


def sample(name: str) -> bytes:
    """A file below tests/vectors."""
    return (VECTORS / name).read_bytes()
