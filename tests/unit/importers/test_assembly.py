"""File, operator and habit make a record; what none of them settles is asked for."""

from collections.abc import Mapping

import pytest

from importers import Digest, ImporterError, Instructions, Malformed, Unsupported
from importers.assembly import Assembler, Habits, digest, modhex
from importers.entry import Entry, Field
from tests.unit.importers.vendor import HEX, SILENT

TEXTS = {Field.SERIAL: "A1", Field.SEED: HEX}


def entry(**texts: str) -> Entry:
    """A1's entry, with these texts by their field's name in small letters."""
    more: Mapping[Field, str] = {Field[name.upper()]: text for name, text in texts.items()}
    return Entry("batch", 7, {**TEXTS, **more}, {Field.TYPE: "column 3 (type)"})


def refused(made: Entry, said: Instructions = SILENT) -> ImporterError:
    with pytest.raises(ImporterError) as caught:
        Assembler(Habits(), said).record(made, 0)
    return caught.value


@pytest.mark.parametrize("text", ["sha1", "SHA-1", "HmacSHA1", "hmac-sha1", "HMAC_SHA1"])
def test_a_hash_has_many_spellings(text: str) -> None:
    assert digest(text) is Digest.SHA1


@pytest.mark.parametrize("text", ["sha", "sha2", "sha384", "md5", "sha\uff11", "\u017fha1"])
def test_no_other_hash_is_guessed(text: str) -> None:
    with pytest.raises(ValueError, match="none of"):
        digest(text)


@pytest.mark.parametrize("text", ["c", "ccc", "aa", "c" * 34])
def test_modhex_is_whole_octets_of_its_letters(text: str) -> None:
    with pytest.raises(ValueError, match="modhex"):
        modhex(text)


def test_a_type_that_is_not_known_is_not_repeated() -> None:
    error = refused(entry(type=HEX))
    assert isinstance(error, Malformed)
    assert error.path == "column 3 (type)"
    assert HEX not in f"{error} {error!r}"


@pytest.mark.parametrize("word", ["mOTP", "tan", "spass", "pw", "static"])
def test_other_types_are_refused_by_name(word: str) -> None:
    assert isinstance(refused(entry(type=word)), Unsupported)


@pytest.mark.parametrize("octets", [32, 64])
def test_a_telling_length_asks_for_the_hash(octets: int) -> None:
    assert "--hash" in refused(entry(seed="ab" * octets)).remedy


def test_a_blank_text_is_absent() -> None:
    assert "missing" in refused(entry(seed=" ")).reason


def test_a_refused_seed_is_not_told() -> None:
    error = refused(entry(type="totp", step="0"))
    assert HEX not in f"{error} {error!r}"
