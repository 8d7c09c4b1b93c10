"""A module whose answers differ from the standards' is found out."""

from collections.abc import Callable

import pytest

from hsm import Keystore, Unsupported
from hsm.model import Digest
from hsm.probe import examine
from hsm.session import Session
from hsm.translate import Rv
from tests.support.softhsm import returning


def test_softhsm_passes(keystore: Keystore) -> None:
    examine(keystore._connection)


def test_a_key_wrap_that_is_not_rfc_3394_is_found_out(
    keystore: Keystore, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrap: Callable[[Session, int, int], bytes] = Session.wrap
    monkeypatch.setattr(Session, "wrap", lambda *asked: wrap(*asked)[::-1])

    with pytest.raises(Unsupported, match="not RFC 3394"):
        examine(keystore._connection)


def test_a_wrong_hmac_is_found_out(keystore: Keystore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "hmac", lambda *_asked: b"wrong")

    with pytest.raises(Unsupported, match=r"HMAC-SHA1 .* RFC 2104"):
        examine(keystore._connection)


def test_a_wrong_decryption_is_found_out(
    keystore: Keystore, monkeypatch: pytest.MonkeyPatch
) -> None:
    hmac: Callable[[Session, int, Digest, bytes], bytes] = Session.hmac
    calls: list[Digest] = []

    def wrong_after_the_digests(
        session: Session, key: int, digest: Digest, message: bytes
    ) -> bytes:
        calls.append(digest)
        return b"wrong" if len(calls) > len(Digest) else hmac(session, key, digest, message)

    monkeypatch.setattr(Session, "hmac", wrong_after_the_digests)

    with pytest.raises(Unsupported, match="AES-CBC decrypts to something else"):
        examine(keystore._connection)


def test_a_seed_that_can_be_read_is_found_out(
    keystore: Keystore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "attribute", lambda *_asked: b"value")

    with pytest.raises(Unsupported, match="reading a seed is allowed"):
        examine(keystore._connection)


def test_an_error_in_place_of_a_refusal_is_not_taken_for_one(keystore: Keystore) -> None:
    cryptoki = keystore._connection.module.cryptoki

    with (
        returning(cryptoki, "get_attribute_value", Rv.GENERAL_ERROR),
        pytest.raises(Unsupported, match="instead of a refusal"),
    ):
        examine(keystore._connection)
