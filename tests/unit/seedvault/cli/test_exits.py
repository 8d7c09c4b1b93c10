"""Every error ends with an exit code that scripts can rely on."""

import pytest

from seedvault.cli.exits import Exit, exit_for
from seedvault.domain import errors
from seedvault.domain.errors import Conflict, KeyNeeded, SeedvaultError

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, SeedvaultError) and kind is not SeedvaultError
]


def _raised(kind: type[SeedvaultError]) -> SeedvaultError:
    if kind is KeyNeeded:
        return KeyNeeded("no key", passphrase=True, unchanged="", remedy="")
    return kind("what happened")


@pytest.mark.parametrize("kind", KINDS)
def test_no_error_of_the_vault_ends_as_a_bug(kind: type[SeedvaultError]) -> None:
    assert exit_for(_raised(kind)) not in (Exit.DONE, Exit.BUG)


def test_the_codes_are_those_that_were_promised() -> None:
    assert {exit_.name: exit_.value for exit_ in Exit} == {
        "DONE": 0,
        "DECIDED_NO": 1,
        "USAGE": 2,
        "FILE_REFUSED": 3,
        "NOT_FOUND_OR_CONFLICT": 4,
        "NOT_ALLOWED": 5,
        "HSM_UNAVAILABLE": 6,
        "STORAGE_UNAVAILABLE": 7,
        "BUG": 70,
        "INTERRUPTED": 130,
    }


def test_a_missing_key_refuses_the_file() -> None:
    assert exit_for(_raised(KeyNeeded)) is Exit.FILE_REFUSED


def test_an_error_without_a_code_of_its_own_has_its_base_classes() -> None:
    class Taken(Conflict):
        pass

    assert exit_for(Taken("by bob")) is Exit.NOT_FOUND_OR_CONFLICT


def test_an_error_of_no_known_kind_is_a_bug() -> None:
    assert exit_for(SeedvaultError("what?")) is Exit.BUG
