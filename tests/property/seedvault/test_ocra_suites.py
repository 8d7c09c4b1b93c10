"""Any text is a suite of RFC 6287, or InvalidInput; and a suite says what it was written with."""

from hypothesis import example, given
from hypothesis import strategies as st

from importers import ocra_suite
from seedvault.domain.errors import InvalidInput
from seedvault.domain.ocra import check_question, octets_needed, question_from
from seedvault.domain.ocra_suite import OcraParameters

HASHES = st.sampled_from(["SHA1", "SHA256", "SHA512"])
STEPS = st.one_of(
    st.tuples(st.integers(1, 59), st.sampled_from("SM")),
    st.tuples(st.integers(1, 48), st.just("H")),
)


@st.composite
def suites(draw: st.DrawFn) -> str:
    """A suite of the grammar (RFC 6287 section 6)."""
    digits = draw(st.sampled_from([0, *range(4, 11)]))
    rest = f"Q{draw(st.sampled_from('ANH'))}{draw(st.integers(4, 64)):02}"
    if draw(st.booleans()):
        rest = f"C-{rest}"
    if draw(st.booleans()):
        rest += f"-P{draw(HASHES)}"
    if draw(st.booleans()):
        rest += f"-S{draw(st.integers(1, 512)):03}"
    if draw(st.booleans()):
        rest += "-T{}{}".format(*draw(STEPS))
    return f"OCRA-1:HOTP-{draw(HASHES)}-{digits}:{rest}"


def written(parameters: OcraParameters) -> str:
    """The suite again, from its parts only."""
    asked = parameters.inputs
    rest = [f"Q{asked.form.value}{asked.question_length:02}"]
    if asked.counter:
        rest.insert(0, "C")
    if asked.pin is not None:
        rest.append(f"P{asked.pin.value}")
    if asked.session_octets is not None:
        rest.append(f"S{asked.session_octets:03}")
    if asked.step_s is not None:
        rest.append(f"T{asked.step_s}S")
    return f"OCRA-1:HOTP-{parameters.digest.value}-{parameters.digits}:{'-'.join(rest)}"


@given(suites())
def test_a_suite_says_what_it_was_written_with(suite: str) -> None:
    step_s = OcraParameters(suite).inputs.step_s
    head, mark, _ = suite.partition("-T")
    assert written(OcraParameters(suite)) == (f"{head}-T{step_s}S" if mark else suite)


@given(st.one_of(st.text(), suites().map(lambda suite: suite.replace("Q", "q")), st.from_regex(
    r"OCRA-1:HOTP-SHA(1|256|512)-[0-9]{1,2}:(C-)?Q[A-Z][0-9]{1,3}(-[PST][A-Z0-9]{0,6}){0,3}"
)))  # fmt: skip
@example("OCRA-1:HOTP-SHA1-6:QN08-T0H")
def test_what_the_importers_call_a_suite_is_one_here_and_nothing_else_is(text: str) -> None:
    try:
        ocra_suite.parse(text)
    except ValueError:
        expected = False
    else:
        expected = True
    try:
        found = OcraParameters(text)
    except InvalidInput:
        assert not expected
    else:
        assert expected
        assert found.suite == text


@given(suites(), st.data())
def test_random_octets_make_a_question_of_the_suite(suite: str, data: st.DataObject) -> None:
    parameters = OcraParameters(suite)
    needed = octets_needed(parameters)
    check_question(
        parameters,
        question_from(parameters, data.draw(st.binary(min_size=needed, max_size=needed))),
    )
