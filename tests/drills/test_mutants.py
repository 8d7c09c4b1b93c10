"""The drill of mutants: some of them, and the ways in which they are made."""

import pytest

from tests.drills import mutants
from tests.drills.mutant_forks import Verdict
from tests.drills.mutant_survivors import SURVIVORS
from tests.drills.mutations import mutants as mutants_of

SAMPLE = ("--sample", "60", "--seed", "1", "--jobs", "2")


def made(source: str) -> set[tuple[str, str]]:
    """Each mutant's line before and after."""
    enums = {"Colour": ["RED", "GREEN", "BLUE"]}
    return {(mutant.before, mutant.after) for mutant in mutants_of("paint", source, enums)}


@pytest.mark.slow
def test_all_of_a_sample_are_noticed_but_for_those_that_are_listed(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert mutants.main([*SAMPLE]) == 0, capfd.readouterr().out


@pytest.mark.parametrize(
    ("line", "others"),
    [
        ("a < b", {"a <= b", "a >= b"}),
        ("a is None", {"a is not None"}),
        ("a in b", {"a not in b"}),
        ("a + 1", {"a - 1", "a + 2", "a + 0"}),
        ("a // b", {"a * b"}),
        ("not a", {"a"}),
        ("a and b", {"a or b", "a", "b"}),
        ("any(a)", {"all(a)"}),
        ("f(a, b=c)", {"f(a)"}),
        ("Colour.RED", {"Colour.GREEN"}),
        ("Colour.BLUE", {"Colour.RED"}),
        ("Colour.mro", set()),
        ("(a, b)", {"(a,)", "(b,)"}),
        ("{a: b}", {"{}"}),
        ("[x for x in a if b]", {"[x for x in a]"}),
        ("b if a else c", {"b if not a else c"}),
        ("True", {"False"}),
        ("'word'", {"'word_'"}),
        ("'words for people'", set()),
        ("f'{a} is odd'", set()),
        ("None", set()),
    ],
)
def test_an_expression_is_mistaken(line: str, others: set[str]) -> None:
    assert made(f"x = {line}") == {(f"x = {line}", f"x = {other}") for other in others}


@pytest.mark.parametrize(
    ("line", "other"),
    [("f()", "pass"), ("raise E", "pass"), ("x += y", "x -= y")],
)
def test_a_statement_is_left_out_or_mistaken(line: str, other: str) -> None:
    assert made(line) == {(line, other)}


def test_a_function_is_mistaken_in_its_defaults_conditions_and_results() -> None:
    source = 'def f(a: int = 1) -> "int":\n    """Words."""\n    if a:\n        return a\n'
    assert made(source) == {
        ("def f(a: int=1) -> 'int':", "def f(a: int=2) -> 'int':"),
        ("def f(a: int=1) -> 'int':", "def f(a: int=0) -> 'int':"),
        ("if a:", "if not a:"),
        ("return a", "return None"),
    }


def test_a_mutant_says_where_it_is_and_runs_as_it_says() -> None:
    source = "class Pair:\n    def far(self, a, b):\n        return a is b\n"
    mutant = next(m for m in mutants_of("paint", source, {}) if "is not" in m.after)
    assert mutant.key == ("paint", "Pair.far", "return a is b", "return a is not b")
    names: dict[str, type] = {}
    exec(mutant.code, names)
    assert names["Pair"]().far(1, 2) is True


FIRST, SECOND = mutants_of("paint", "x = a < b", {})


def test_a_survivor_that_is_not_listed_and_a_listed_one_that_was_killed_are_told() -> None:
    both_survived = [Verdict(FIRST, None), Verdict(SECOND, None)]
    both_killed = [Verdict(FIRST, 0), Verdict(SECOND, 2)]

    assert list(mutants.surprises(both_survived, [FIRST.key])) == [f"survived: {SECOND}"]
    assert list(mutants.surprises(both_killed, [FIRST.key])) == [
        f"listed as surviving, and was killed: {FIRST}"
    ]


def test_a_listed_survivor_that_is_no_mutant_any_more_is_told() -> None:
    (told,) = mutants.gone([FIRST], [FIRST.key, SECOND.key])
    assert told.startswith("listed, and there is no such mutant: paint.py module")


def test_every_survivor_is_argued() -> None:
    assert all(len(why) > 20 for why in SURVIVORS.values())


def test_of_a_long_line_the_part_that_differs_is_shown() -> None:
    words = ", ".join(f"f({number})" for number in range(40))
    far = [
        mutant for mutant in mutants_of("paint", f"x = [{words}]", {}) if "f(21)" in mutant.before
    ]
    assert all(len(mutant.before) < 100 for mutant in far)
    assert any("f(22)" in mutant.after and "f(21)" not in mutant.after for mutant in far)
