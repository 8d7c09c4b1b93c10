"""An error says what happened, what was not changed, and what to do."""

from seedvault.domain.errors import KeyNeeded, NotFound


def test_an_error_reads_as_what_then_unchanged_then_remedy() -> None:
    error = NotFound("no token 7", unchanged="All is as it was.", remedy="Look again.")
    assert str(error) == "no token 7\nAll is as it was.\nLook again."


def test_an_error_without_a_remedy_says_that_nothing_was_changed() -> None:
    assert str(NotFound("no token 7")) == "no token 7\nNothing was changed."


def test_a_file_that_needs_its_key_says_which_kind() -> None:
    error = KeyNeeded("locked", passphrase=True, unchanged="Nothing was imported.", remedy="")
    assert error.passphrase
    assert str(error) == "locked\nNothing was imported."
