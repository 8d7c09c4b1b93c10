"""What a transport key is made of, typed at a terminal: unseen, checked, asked for again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA1

from importers import MacAlgorithm
from tests.support.cli import CommandLine, environment
from tests.support.jwe_maker import PASSPHRASE, Jwe, jwk, written
from tests.support.terminal import typed
from tests.support.two_components import FIRST, KEY, SECOND, check_value

HMAC = MacAlgorithm.HMAC_SHA256
OAEP = padding.OAEP(padding.MGF1(SHA1()), SHA1(), None)


def test_components_are_typed_one_after_the_other_and_not_shown(
    seedvault: CommandLine, transport: Callable[..., Any]
) -> None:
    answers = [text for part in (FIRST, SECOND) for text in (part.hex(" ", 8), check_value(part))]
    words = ("key", "transport", "import", "typed", "--kind", "aes-128", "--components", "2")
    code, seen = typed(seedvault.argv(*words), environment(), answers)
    assert (code, "imported" in seen) == (0, True), seen
    assert check_value(KEY).upper() in seen
    assert FIRST.hex()[:12] not in seen
    assert SECOND.hex()[:12] not in seen
    assert transport("list")["transport_keys"][0]["state"] == "ok"


def test_a_typed_component_is_asked_for_again_until_it_fits(
    seedvault: CommandLine, transport: Callable[..., Any]
) -> None:
    first, second = ((part.hex(), check_value(part)) for part in (FIRST, SECOND))
    answers = [
        *(first[0], second[1]),  # another's check value
        *(first[0][:-2], first[1]),  # too short
        *(first[0], SECOND.hex(), first[1]),  # the secret at the visible prompt
        *second,
    ]
    words = ("key", "transport", "import", "typed", "--kind", "aes-128", "--components", "2")
    code, seen = typed(seedvault.argv(*words), environment(), answers)
    assert (code, "imported" in seen) == (0, True), seen
    assert seen.count("Component 1 (not shown)") == 3
    assert seen.count("Component 2 (not shown)") == 1
    assert "component 1 has not the check value that came with it" in seen
    assert "component 1 has 15 octets" in seen
    assert "32 characters are no check value" in seen
    assert seen.lower().count(SECOND.hex()) == 1  # what the terminal showed while it was typed
    assert "32 characters" not in seedvault.ok("audit", "list", "--json").out
    assert transport("list")["transport_keys"][0]["state"] == "ok"


def test_what_is_no_check_value_of_the_key_is_refused_before_anything_is_asked(
    seedvault: CommandLine,
) -> None:
    words = ("key", "transport", "import", "typed", "--kind", "aes-128", "--components", "2")
    code, seen = typed(seedvault.argv(*words, "--check-value", "08D7"), environment(), [])
    assert (code, "4 characters are no check value" in seen) == (2, True), seen
    assert "Component" not in seen


def test_a_passphrase_is_typed_and_not_shown(seedvault: CommandLine, tmp_path: Path) -> None:
    jwe = tmp_path / "key.jwe"
    jwe.write_bytes(written(Jwe(jwk(KEY))))
    words = ("key", "transport", "import", "typed", "--kind", "aes-128", "--jwe", jwe)
    code, seen = typed(seedvault.argv(*words), environment(), [PASSPHRASE.decode()])
    assert (code, "imported" in seen) == (0, True), seen
    assert PASSPHRASE.decode() not in seen


@pytest.mark.parametrize(("answer", "code", "state"), [("maker", 0, "destroyed"), ("x", 2, "ok")])
def test_destruction_asks_for_the_label_to_be_typed(
    seedvault: CommandLine,
    transport: Callable[..., Any],
    tmp_path: Path,
    answer: str,
    *,
    code: int,
    state: str,
) -> None:
    transport("create", "maker", tmp_path / "maker.pem", "--bits", "2048")
    words = ("key", "transport", "destroy", "maker", "--approved-by", "ben")
    ended, _ = typed(seedvault.argv(*words), environment(), [answer])
    assert ended == code
    assert transport("list")["transport_keys"][0]["state"] == state
