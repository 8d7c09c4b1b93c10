"""The system's clock; nothing below wiring asks it by itself."""

from datetime import UTC, datetime


def system_clock() -> datetime:
    """The time now, aware UTC, to the millisecond: finer is never stored."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
