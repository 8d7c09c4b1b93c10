"""The formal model, shortened; and what its page says about the code."""

import re
from dataclasses import replace

import pytest

from tests.drills import model
from tests.drills.model_cases import CASES, Case, Group, Promise
from tests.house.sizes import ROOT

PAGE = (ROOT / "docs/explanation/model/README.md").read_text(encoding="utf-8")

needs_spin = pytest.mark.skipif(bool(model.missing()), reason=f"not here: {model.missing()}")


def short(case: Case) -> bool:
    """Runs about "served" look for codes told twice as well."""
    return case.promise is Promise.SERVED or case.group in {Group.DEFENCE, Group.GROUND}


@needs_spin
def test_no_factor_is_told_twice_unless_a_defence_is_taken_out() -> None:
    figures = model.run(replace(case, requests=2) for case in CASES if short(case))

    assert "\n".join(model.table(figures)).count("NOT AS EXPECTED") == 0
    assert all(each.good for each in figures)
    assert all(each.trail for each in figures if not each.held)


@needs_spin
def test_a_case_that_comes_out_otherwise_is_shown_and_fails() -> None:
    naive = Case(Group.DESIGN, ("NAIVE",), holds=True, requests=2)

    figures = model.examine(naive)

    assert not figures.good
    assert "NOT AS EXPECTED" in "\n".join(model.table([figures]))
    assert "node 0 tells: 0 accepted" in "\n".join(model.trails([figures]))


def test_every_name_that_is_defined_is_used_and_explained() -> None:
    defined = {name for case in CASES for name in case.defines}
    source = model.MODEL.read_text(encoding="utf-8")

    for name in defined:
        assert re.search(rf"^#if.*\b{name}\b", source, re.MULTILINE), name
        assert f"`{name}`" in PAGE, name


def test_every_function_that_a_step_stands_for_is_there() -> None:
    places = re.findall(r"`(seedvault/[\w/]+\.py)`:? `([\w.]+)`", PAGE)

    assert len(places) >= 8
    for file, name in places:
        code = (ROOT / file).read_text(encoding="utf-8")
        for part in name.split("."):
            assert re.search(rf"\b(def|class) {part}\b", code), (file, name)
