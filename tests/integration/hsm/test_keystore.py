"""What goes into the module comes out as codes, and as nothing else."""

import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hsm import (
    BlobFormat,
    Digest,
    HsmError,
    Integrity,
    KeyNotFound,
    Keystore,
    Location,
    PinRejected,
    Policy,
    Tier,
    Unavailable,
    WrappedKey,
)
from hsm.translate import Rv
from tests.support.softhsm import fresh_location, pin, returning, vault_location

SEED = b"12345678901234567890"  # RFC 4226 appendix D


def _mac(keystore: Keystore, key: WrappedKey, digest: Digest, message: bytes) -> bytes:
    with keystore.open(key, digest) as opened:
        return opened.mac(message)


@pytest.mark.parametrize(
    ("digest", "octets"),
    [
        (Digest.SHA1, 16),
        (Digest.SHA1, 20),
        (Digest.SHA1, 64),
        (Digest.SHA256, 32),
        (Digest.SHA512, 20),
        (Digest.SHA512, 64),
        (Digest.SHA512, 65),
        (Digest.SHA512, 128),
    ],
)
def test_a_wrapped_seed_computes_the_hmac_of_the_plain_one(
    keystore: Keystore, digest: Digest, octets: int
) -> None:
    seed = bytes(range(1, octets + 1))
    wrapped = keystore.wrap(bytearray(seed), digest)

    mac = _mac(keystore, wrapped.key, digest, b"\0" * 7 + b"\1")

    assert mac == hmac.digest(seed, b"\0" * 7 + b"\1", digest.algorithm)
    assert wrapped.key.length == octets


def test_an_opened_key_serves_many_messages(keystore: Keystore) -> None:
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key
    messages = [counter.to_bytes(8) for counter in range(10)]

    with keystore.open(key, Digest.SHA1) as opened:
        macs = [opened.mac(message) for message in messages]

    assert macs == [hmac.digest(SEED, message, "sha1") for message in messages]


def test_two_keys_are_open_at_once_in_one_thread(keystore: Keystore) -> None:
    first, second = (
        keystore.wrap(bytearray(SEED + tail), Digest.SHA1).key for tail in (b"a", b"b")
    )

    with keystore.open(first, Digest.SHA1) as one, keystore.open(second, Digest.SHA1) as two:
        macs = one.mac(b"x"), two.mac(b"x"), one.mac(b"x")

    assert macs[0] == macs[2] == hmac.digest(SEED + b"a", b"x", "sha1")
    assert macs[1] == hmac.digest(SEED + b"b", b"x", "sha1")


def test_a_view_of_writable_memory_is_wrapped_as_well(keystore: Keystore) -> None:
    view = memoryview(bytearray(b"__" + SEED))[2:]

    key = keystore.wrap(view, Digest.SHA1).key

    assert _mac(keystore, key, Digest.SHA1, b"m") == hmac.digest(SEED, b"m", "sha1")


@pytest.mark.parametrize("octets", [0, 15, 65])
def test_a_seed_of_impossible_length_is_not_wrapped(keystore: Keystore, octets: int) -> None:
    with pytest.raises(Policy, match="Nothing was stored"):
        keystore.wrap(bytearray(octets), Digest.SHA1)


def test_equal_seeds_have_equal_fingerprints_whatever_their_digest(keystore: Keystore) -> None:
    marks = {keystore.wrap(bytearray(SEED), digest).fingerprint for digest in Digest}

    assert [len(mark) for mark in marks] == [16]


def test_different_seeds_have_different_fingerprints(keystore: Keystore) -> None:
    marks = {
        keystore.wrap(bytearray(SEED + bytes([tail])), Digest.SHA1).fingerprint
        for tail in range(1, 9)
    }

    assert len(marks) == 8


def test_another_vault_gives_another_fingerprint(keystore: Keystore) -> None:
    other = Keystore.connect(vault_location("other"), pin())

    assert (
        other.wrap(bytearray(SEED), Digest.SHA1).fingerprint
        != keystore.wrap(bytearray(SEED), Digest.SHA1).fingerprint
    )
    other.close()


def test_a_fingerprint_is_not_a_plain_hash_of_the_seed(keystore: Keystore) -> None:
    label = b"seedvault seed fingerprint v1"
    tag = hmac.digest(SEED, label, "sha256")

    assert keystore.wrap(bytearray(SEED), Digest.SHA1).fingerprint != tag[:16]


@pytest.mark.parametrize("position", [0, 35, 71])
def test_a_tampered_blob_is_a_matter_of_integrity(keystore: Keystore, position: int) -> None:
    blob = bytearray(keystore.wrap(bytearray(SEED), Digest.SHA1).key.blob)
    blob[position] ^= 1
    key = WrappedKey(BlobFormat.AES_KW, "k1", 20, bytes(blob))

    with pytest.raises(Integrity, match="damaged"), keystore.open(key, Digest.SHA1):
        pass


def test_a_blob_of_another_vault_is_a_matter_of_integrity(keystore: Keystore) -> None:
    other = Keystore.connect(vault_location("other"), pin())
    key = other.wrap(bytearray(SEED), Digest.SHA1).key

    with pytest.raises(Integrity), keystore.open(key, Digest.SHA1):
        pass
    other.close()


def test_a_good_blob_is_opened_after_a_tampered_one(keystore: Keystore) -> None:
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key
    bad = WrappedKey(BlobFormat.AES_KW, "k1", 20, bytes(72))
    with pytest.raises(Integrity), keystore.open(bad, Digest.SHA1):
        pass

    assert _mac(keystore, key, Digest.SHA1, b"m") == hmac.digest(SEED, b"m", "sha1")


def test_a_module_too_sick_for_the_canary_is_unavailable(keystore: Keystore) -> None:
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key
    cryptoki = keystore._connection.module.cryptoki

    with (
        returning(cryptoki, "unwrap_key", *[Rv.GENERAL_ERROR] * 3),
        pytest.raises(Unavailable, match="cannot even unwrap"),
        keystore.open(key, Digest.SHA1),
    ):
        pass


def test_a_kek_that_is_not_here_is_named(keystore: Keystore) -> None:
    key = WrappedKey(BlobFormat.AES_KW, "k9", 20, bytes(72))

    with pytest.raises(KeyNotFound, match="k9"), keystore.open(key, Digest.SHA1):
        pass


def test_an_opened_key_is_of_no_use_after_its_block(keystore: Keystore) -> None:
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key
    with keystore.open(key, Digest.SHA1) as opened:
        pass

    with pytest.raises(Unavailable, match="inside its block"):
        opened.mac(b"m")


def test_leaving_a_key_that_was_never_opened_does_nothing(keystore: Keystore) -> None:
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key

    keystore.open(key, Digest.SHA1).__exit__(None, None, None)

    keystore.recycle()


def test_a_seal_matches_its_message(keystore: Keystore) -> None:
    seal = keystore.seal(b"row")

    assert len(seal) == 32
    assert keystore.seal_matches(b"row", seal)


@pytest.mark.parametrize("message", [b"", b"roW", b"row\0"])
def test_a_seal_does_not_match_another_message(keystore: Keystore, message: bytes) -> None:
    assert not keystore.seal_matches(message, keystore.seal(b"row"))


@pytest.mark.parametrize("octets", [0, 16, 31, 33, 64])
def test_a_seal_of_wrong_length_does_not_match(keystore: Keystore, octets: int) -> None:
    assert not keystore.seal_matches(b"row", (keystore.seal(b"row") * 2)[:octets])


def test_an_empty_message_has_a_seal_of_its_own(keystore: Keystore) -> None:
    assert keystore.seal_matches(b"", keystore.seal(b""))


def test_a_seal_lasts_longer_than_the_keystore(keystore: Keystore, location: Location) -> None:
    seal = keystore.seal(b"row")
    keystore.close()

    assert Keystore.connect(location, pin()).seal_matches(b"row", seal)


def test_a_signature_verifies_with_the_public_key_alone(keystore: Keystore) -> None:
    public = load_der_public_key(keystore.checkpoint_public_key())
    signature = keystore.sign(b"heads")
    assert isinstance(public, ec.EllipticCurvePublicKey)

    der = utils.encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))

    public.verify(der, b"heads", ec.ECDSA(SHA256()))  # raises unless it is right


def test_softhsm_is_narrow_for_import_and_inside_for_verification(keystore: Keystore) -> None:
    found = keystore.capabilities

    assert (found.import_tier, found.verify_tier) == (Tier.NARROW, Tier.INSIDE)
    assert found.is_software
    assert found.library.startswith("SoftHSM 2.")


def test_connecting_before_the_ceremony_finds_no_pkcs11_token() -> None:
    with pytest.raises(KeyNotFound, match="bring it back from a backup"):
        Keystore.connect(fresh_location("absent"), pin())


def test_a_closed_keystore_is_unavailable(keystore: Keystore) -> None:
    keystore.close()

    with pytest.raises(Unavailable, match="closed"):
        keystore.seal(b"")


def test_a_wrong_pin_is_rejected_and_not_shown() -> None:
    location = vault_location("wrong-pin")

    with pytest.raises(PinRejected) as caught:
        Keystore.connect(location, pin("000000"))

    assert "000000" not in str(caught.value)


def test_a_wrong_pin_is_offered_once() -> None:
    keystore = Keystore.connect(vault_location("changed-pin"), pin())
    keystore.recycle()  # the next call logs in again
    offers = Rv.PIN_INCORRECT, Rv.PIN_INCORRECT, Rv.PIN_INCORRECT

    with returning(keystore._connection.module.cryptoki, "login", *offers) as left:
        for _ in offers:
            with pytest.raises(PinRejected):
                keystore.seal(b"")

    assert len(left) == 2


def test_every_error_is_an_hsm_error() -> None:
    kinds = (Integrity, KeyNotFound, PinRejected, Policy, Unavailable)

    assert all(issubclass(kind, HsmError) for kind in kinds)
