"""What needs a second person."""

from seedvault.domain.errors import InvalidInput


def check_second_person(approved_by: str, actor: str, *, unchanged: str) -> None:
    """Raises InvalidInput where whoever does it is also the one who is said to have agreed."""
    if not _person(approved_by):
        raise InvalidInput(
            "--approved-by names nobody", unchanged=unchanged, remedy="Name who else agreed."
        )
    if _person(approved_by) == _person(actor):
        raise InvalidInput(
            f"--approved-by {approved_by}: whoever does this cannot approve it too",
            unchanged=unchanged,
            remedy="Name who else agreed.",
        )


def _person(name: str) -> str:
    """Whose account it is: the system's accounts are called os:NAME."""
    return name.strip().casefold().removeprefix("os:").strip()
