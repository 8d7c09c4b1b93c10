"""PGP messages are decrypted by a process of its own, whose exit status says why it could not."""

import sys
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from pysequoia import ArmorKind, Cert, Tsk, armor, encrypt, sign

from importers import (
    ContainerUnlock,
    ImporterError,
    KeyMissing,
    LimitExceeded,
    Malformed,
    Passphrase,
    PgpKey,
    Unsupported,
    WrongKey,
    unwrap,
)
from importers.containers import pgp

VECTORS = Path(__file__).parents[2] / "vectors" / "gnupg"
CONTENT = b"serial,seed\n" * 1000
WORDS = ContainerUnlock(Passphrase("correct horse"))


@cache
def customer(name: str = "customer@example.org") -> Tsk:
    return Tsk.generate(name)


def key(owner: Tsk) -> ContainerUnlock:
    return ContainerUnlock(pgp_key=PgpKey(bytes(owner)))


def for_customer(content: bytes = CONTENT, *, armoured: bool = True) -> bytes:
    return encrypt(content, [customer().extract_certificate()], armor=armoured)


def under_words(content: bytes = CONTENT) -> bytes:
    return encrypt(content, passwords=["correct horse"])


def unwrapped(octets: bytes, unlock: ContainerUnlock) -> bytes:
    with unwrap(BytesIO(octets), "batch.pgp", unlock) as file:
        return file.read()


def refused(octets: bytes, unlock: ContainerUnlock) -> ImporterError:
    with pytest.raises(ImporterError) as caught:
        unwrapped(octets, unlock)
    return caught.value


@pytest.mark.parametrize("armoured", [True, False])
def test_a_message_for_a_key_is_decrypted(armoured: bool) -> None:
    assert unwrapped(for_customer(armoured=armoured), key(customer())) == CONTENT


def test_a_message_under_a_passphrase_is_decrypted() -> None:
    assert unwrapped(under_words(), WORDS) == CONTENT


def test_a_message_larger_than_every_pipe_is_decrypted() -> None:
    content = CONTENT * 500
    assert unwrapped(under_words(content), WORDS) == content


def test_a_signed_message_is_decrypted_without_a_verdict_on_its_signature() -> None:
    message = encrypt(CONTENT, passwords=["correct horse"], signer=customer("maker").signer())
    assert unwrapped(message, WORDS) == CONTENT


@pytest.mark.parametrize("name", ["symmetric.asc", "for-key.asc", "for-key.pgp"])
def test_what_gnupg_made_is_decrypted(name: str) -> None:
    protected_key = (VECTORS / "secret-key.asc").read_bytes()
    unlock = ContainerUnlock(Passphrase("correct horse"), PgpKey(protected_key))
    assert unwrapped((VECTORS / name).read_bytes(), unlock) == b"serial,seed\nGALT10000000,00\n"


def test_a_message_without_any_key_asks_for_one() -> None:
    assert type(refused(for_customer(), ContainerUnlock())) is KeyMissing


@pytest.mark.parametrize(
    ("message", "unlock"),
    [
        (for_customer, lambda: key(customer("other@example.org"))),
        (for_customer, lambda: WORDS),
        (under_words, lambda: ContainerUnlock(Passphrase("wrong"))),
        (under_words, lambda: key(customer())),
        (for_customer, lambda: ContainerUnlock(pgp_key=PgpKey(b"junk"))),
        (
            for_customer,
            lambda: ContainerUnlock(pgp_key=PgpKey(bytes(customer().extract_certificate()))),
        ),
    ],
    ids=["other key", "words for a key", "other words", "key for words", "junk", "public key"],
)
def test_what_does_not_open_it_is_told(
    message: Callable[[], bytes], unlock: Callable[[], ContainerUnlock]
) -> None:
    assert type(refused(message(), unlock())) is WrongKey


def test_a_wrong_passphrase_of_the_key_is_told() -> None:
    protected = PgpKey((VECTORS / "secret-key.asc").read_bytes())
    message = (VECTORS / "for-key.asc").read_bytes()
    assert type(refused(message, ContainerUnlock(Passphrase("wrong"), protected))) is WrongKey


def test_a_message_cut_off_is_refused() -> None:
    message = for_customer(armoured=False)
    assert type(refused(message[: len(message) // 2], key(customer()))) is Malformed


def test_a_changed_message_is_refused() -> None:
    message = bytearray(for_customer(armoured=False))
    message[-20] ^= 1
    assert type(refused(bytes(message), key(customer()))) is Malformed


@pytest.mark.parametrize(
    "message", [b"-----BEGIN PGP MESSAGE-----\n\njunk", b"\x85\x00\x00\x03", b"\xc1\x01\x03" * 99]
)
def test_junk_is_refused(message: bytes) -> None:
    assert isinstance(refused(message, WORDS), Malformed | WrongKey)


def test_armour_around_something_else_is_refused() -> None:
    signed_only = armor(sign(customer().signer(), CONTENT), ArmorKind.Signature).encode()
    for octets in (str(Cert.from_bytes(bytes(customer()))).encode(), signed_only):
        assert type(refused(octets, WORDS)) is Unsupported


def test_a_bomb_is_stopped_while_it_unfolds() -> None:
    # RFC 9580 section 5.6: a compressed packet, of any ratio, inside the encrypted one.
    assert type(refused((VECTORS / "bomb.pgp").read_bytes(), WORDS)) is LimitExceeded


def test_a_message_that_takes_too_long_to_open_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    # RFC 9580 section 3.7: each passphrase is stretched as often as the message says.
    hurried = (
        "import sys; from importers.containers import pgp_child; "
        "pgp_child.PROCESSOR_S = 1; sys.exit(pgp_child.main())"
    )
    monkeypatch.setattr(pgp, "COMMAND", (sys.executable, "-P", "-c", hurried))
    message = encrypt(CONTENT, passwords=[f"another {number}" for number in range(60)])
    assert type(refused(message, WORDS)) is LimitExceeded
