"""Keys are named by purpose and version, and found by code."""

import pytest

from seedvault.domain.vault_key import KeyPurpose, KeysInUse, StoredKey, in_use
from tests.support.tokens import NOON


def key(name: str, purpose: KeyPurpose, *, used: bool = True) -> StoredKey:
    return StoredKey(name, purpose, used, NOON)


KEYS = [
    key("k12", KeyPurpose.KEK),
    key("k11", KeyPurpose.KEK, used=False),
    key("s2", KeyPurpose.SEAL),
    key("f1", KeyPurpose.FINGERPRINT),
    key("c3", KeyPurpose.CHECKPOINT),
    key("x1", KeyPurpose.EXPORT),
]


@pytest.mark.parametrize(
    ("code", "letter", "words"),
    [
        ("kek", "k", "KEK"),
        ("seal", "s", "seal key"),
        ("fingerprint", "f", "fingerprint key"),
        ("checkpoint", "c", "checkpoint key"),
        ("export", "x", "export key"),
    ],
)
def test_a_purpose_has_a_code_a_letter_and_words(code: str, letter: str, words: str) -> None:
    purpose = KeyPurpose.coded(code)
    assert (purpose.code, purpose.letter, purpose.words) == (code, letter, words)


def test_no_purpose_has_another_code() -> None:
    with pytest.raises(ValueError, match="no key is for 'kek2'"):
        KeyPurpose.coded("kek2")


def test_a_key_s_version_is_the_number_in_its_name() -> None:
    assert key("k12", KeyPurpose.KEK).version == 12


def test_a_key_s_copy_is_not_shown() -> None:
    copied = StoredKey("k1", KeyPurpose.KEK, True, NOON, copy=b"under a recovery key")
    assert "recovery key" not in repr(copied)


def test_of_each_purpose_the_key_in_use_is_found() -> None:
    keys = in_use(KEYS)
    assert keys == KeysInUse("k12", "s2", "f1", "c3")
    assert [keys.of(key.purpose) for key in KEYS[2:5]] == ["s2", "f1", "c3"]
    assert keys.of(KeyPurpose.KEK) == "k12"


@pytest.mark.parametrize("missing", KEYS[2:5], ids=lambda key: key.name)
def test_a_purpose_without_a_key_in_use_is_an_error(missing: StoredKey) -> None:
    with pytest.raises(KeyError):
        in_use([key for key in KEYS if key is not missing])
