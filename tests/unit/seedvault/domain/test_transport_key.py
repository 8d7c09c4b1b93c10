"""Kinds of transport keys: by their code, in words, and whether the maker has a half."""

import pytest

from seedvault.domain.transport_key import TransportKind


@pytest.mark.parametrize(
    ("code", "words", "pair"),
    [
        ("aes-128", "AES-128", False),
        ("aes-192", "AES-192", False),
        ("aes-256", "AES-256", False),
        ("3des", "3DES", False),
        ("rsa-2048", "RSA-2048", True),
        ("rsa-3072", "RSA-3072", True),
        ("rsa-4096", "RSA-4096", True),
    ],
)
def test_a_kind_has_a_code_words_and_one_holder_or_two(code: str, words: str, pair: bool) -> None:
    kind = TransportKind.coded(code)
    assert (kind.code, kind.words, kind.is_pair) == (code, words, pair)


def test_no_kind_has_another_code() -> None:
    with pytest.raises(ValueError, match="no transport key is 'rsa-1024'"):
        TransportKind.coded("rsa-1024")
