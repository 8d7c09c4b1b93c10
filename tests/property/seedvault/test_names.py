"""Folding a name once is folding it for good."""

from hypothesis import assume, example, given
from hypothesis import strategies as st

from seedvault.domain.errors import InvalidInput
from seedvault.domain.names import MAX_NAME_LENGTH, Serial, UserName

_SEEN = st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"])
NAMES = st.text(_SEEN, max_size=MAX_NAME_LENGTH).map(str.strip).filter(bool)


def named(text: str) -> UserName:
    """The name, or another example where it holds a character that is drawn as nothing."""
    try:
        return UserName(text)
    except InvalidInput as refused:
        assume("invisible" not in refused.what)
        raise


@given(NAMES)
@example("a \u0301")
@example("a\u00b4")
@example("\u0390")
@example("\u1fb4\u0345")
def test_folding_is_idempotent(text: str) -> None:
    once = named(text)
    assume(len(once.folded) <= MAX_NAME_LENGTH)
    assert UserName(once.folded).folded == once.folded


@given(NAMES)
def test_a_folded_form_holds_no_white_space(text: str) -> None:
    assert not any(character.isspace() for character in named(text).folded)


@given(st.text(max_size=2 * MAX_NAME_LENGTH))
def test_any_text_is_a_serial_or_invalid_input(text: str) -> None:
    try:
        serial = Serial(text)
    except InvalidInput:
        return
    assert serial.verbatim == text
