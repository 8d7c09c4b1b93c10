"""What whoever opened the vault in an earlier epoch is told: a restore ended it for them."""

from seedvault.domain.errors import NOTHING_CHANGED, Conflict


def ended(opened: int, now: object, *, unchanged: str = NOTHING_CHANGED) -> Conflict:
    """The refusal of a write that was decided in epoch `opened`: deciding again would not help."""
    return Conflict(
        f"the vault was restored since it was opened: of epoch {opened} then, of epoch {now} now",
        unchanged=unchanged,
        remedy="Open it anew: run the command again; restart a process that goes on running.",
    )
