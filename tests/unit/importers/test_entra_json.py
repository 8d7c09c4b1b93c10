"""Graph's JSON: an object, an array, or an array in "value", in bounded memory."""

import json

import pytest

from importers import Encoding, Instructions, LimitExceeded, Limits, Malformed
from importers.source import CHUNK
from tests.unit.importers.vendor import BASE32, opened, read, refusal, refusals

TOKEN = {"serialNumber": "GR1", "secretKey": BASE32, "timeIntervalInSeconds": 30}
ONE = json.dumps(TOKEN)


def numbered(count: int) -> str:
    return ",\n".join(json.dumps({**TOKEN, "serialNumber": f"GR{at}"}) for at in range(count))


@pytest.mark.parametrize("text", [ONE, f"[{ONE}]", f' {{"a": [1], "value": [{ONE}], "b": {{}}}} '])
def test_each_shape_is_read(text: str) -> None:
    assert [record.serial for record in read(text)] == ["GR1"]


def test_it_is_read_in_utf_16() -> None:
    assert len(read(f"[{ONE}]".encode("utf-16"))) == 1


def test_it_is_known_and_read_without_any_line_end() -> None:
    text = "[" + numbered(2_000).replace("\n", "") + "]"
    assert len(text) > 2 * CHUNK
    assert len(read(text)) == 2_000


def test_lines_are_counted_across_chunks() -> None:
    text = f'{{"value": [\n{numbered(2_000)}\n]}}'
    lines = [record.provenance.line for record in read(text)]
    assert lines == list(range(2, 2_002))


def test_braces_and_quotes_within_strings_end_nothing() -> None:
    text = json.dumps({**TOKEN, "manufacturer": 'a } ] " \\ {'})
    assert read(text)[0].manufacturer == 'a } ] " \\ {'


def test_a_surrogate_is_refused() -> None:
    assert "invisible" in refusal(ONE.replace("GR1", "\\ud800")).reason


def test_a_bad_object_is_refused_by_itself() -> None:
    bad = ONE.replace('"GR1"', "7")
    taken, errors = refusals(f"[{bad},\n{ONE}]", Instructions(skip_bad=True))
    assert taken == ["GR1"]
    assert (errors[0].line, errors[0].path) == (1, "serialNumber")


def test_an_absent_value_is_absent() -> None:
    assert read(ONE.replace("30}", '30, "model": null}'))[0].model is None


@pytest.mark.parametrize("tail", ['"', '"x', '"secretKey": "', "{"])
def test_what_is_cut_off_is_refused(tail: str) -> None:
    assert "cut off" in refusal(f"[{ONE},{{{tail}").reason


def test_an_object_without_end_is_refused_before_the_file_ends() -> None:
    text = f'[{ONE},{{"a": "' + "x" * 200_000
    error = refusal(text, limits=Limits(package_octets=100_000))
    assert isinstance(error, LimitExceeded)


def test_what_follows_an_array_is_bounded() -> None:
    text = f'{{"value": [{ONE}], "a": "' + "x" * 300_000 + '"}'
    assert isinstance(refusal(text, limits=Limits(package_octets=100_000)), LimitExceeded)


def test_nesting_around_the_array_is_bounded() -> None:
    text = f'{{"value": [{ONE}], "a": ' + "[" * 50_000 + "]" * 50_000 + "}"
    assert isinstance(refusal(text), LimitExceeded)


def test_what_is_no_object_is_refused() -> None:
    assert isinstance(refusal(f"[[{ONE}]]"), Malformed)


def test_seeds_are_base32_and_nothing_else() -> None:
    with pytest.raises(Malformed, match="base32"):
        opened(ONE, Instructions(encoding=Encoding.HEX))
