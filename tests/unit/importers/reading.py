"""Reads seed files from memory, and RFC 6030's figures with one thing changed."""

from io import BytesIO
from pathlib import Path

import pytest

from importers import (
    ImporterError,
    Instructions,
    Limits,
    PreSharedKey,
    SeedFile,
    SeedRecord,
    Unlock,
    open_seed_file,
)
from tests.support.pskc_maker import Order, write_pskc

VECTORS = Path(__file__).parents[2] / "vectors" / "rfc6030"
RFC_KEY = bytes.fromhex("12345678901234567890123456789012")
NO_LIMITS = Limits()
UNTOLD = Instructions()
SKIP_BAD = Instructions(skip_bad=True)


def figure(number: int) -> str:
    """One of RFC 6030's examples."""
    return (VECTORS / f"figure{number}.pskcxml").read_text(encoding="utf-8")


def changed(text: str, old: str, new: str) -> str:
    """The text with the first `old` replaced; it must be there."""
    assert old in text
    return text.replace(old, new, 1)


def opened(
    content: str | bytes,
    unlock: Unlock | None = None,
    *,
    limits: Limits = NO_LIMITS,
    instructions: Instructions = UNTOLD,
) -> SeedFile:
    """The file, opened under the name batch.pskc."""
    octets = content.encode() if isinstance(content, str) else content
    return open_seed_file(
        BytesIO(octets), unlock, name="batch.pskc", limits=limits, instructions=instructions
    )


def read(
    content: str | bytes,
    unlock: Unlock | None = None,
    *,
    limits: Limits = NO_LIMITS,
    instructions: Instructions = UNTOLD,
) -> list[SeedRecord]:
    """Every record of the file."""
    return list(opened(content, unlock, limits=limits, instructions=instructions))


def passed_over(
    content: str | bytes, unlock: Unlock | None = None
) -> tuple[list[SeedRecord], list[ImporterError]]:
    """What is read of a file whose bad records are skipped, and why they are."""
    errors: list[ImporterError] = []
    file = opened(content, unlock, instructions=SKIP_BAD)
    file.on_refusal = errors.append
    return list(file), errors


def read_rfc(content: str) -> list[SeedRecord]:
    """Every record of figure 6, or of a changed one."""
    return read(content, PreSharedKey(RFC_KEY))


def refused(
    content: str | bytes,
    unlock: Unlock | None = None,
    *,
    limits: Limits = NO_LIMITS,
    instructions: Instructions = UNTOLD,
) -> ImporterError:
    """Why the file is refused."""
    with pytest.raises(ImporterError) as caught:
        read(content, unlock, limits=limits, instructions=instructions)
    return caught.value


def until_refused(file: SeedFile) -> tuple[list[SeedRecord], ImporterError]:
    """What a file yields before it is refused, and why it is."""
    records: list[SeedRecord] = []
    try:
        for record in file:
            records.append(record)  # noqa: PERF402 - a copy would lose what came before the error
    except ImporterError as error:
        return records, error
    pytest.fail("the file was not refused")


def made(order: Order) -> bytes:
    """The ordered file."""
    target = BytesIO()
    write_pskc(order, target)
    return target.getvalue()
