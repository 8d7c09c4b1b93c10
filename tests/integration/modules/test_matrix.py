"""One suite over three real modules: what each can do, and how Seedvault does without the rest."""

import hashlib
import hmac
import threading

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hsm import (
    BlobFormat,
    Ceremony,
    Cipher,
    Demands,
    Digest,
    Integrity,
    Keystore,
    PinRejected,
    Policy,
    Terms,
    Tier,
    Unsupported,
    Weakness,
    WrappedKey,
    named,
)
from tests.integration.modules.conftest import MatrixVault
from tests.integration.modules.expectations import Expected
from tests.support.encrypting import cbc, encrypt, fresh_key
from tests.support.softhsm import pin

SEED = b"12345678901234567890"
CHECKED = Terms(authenticated=True)
MESSAGE = bytes(8)


def code(keystore: Keystore, key: WrappedKey, digest: Digest = Digest.SHA1) -> bytes:
    """The HMAC of eight zeros under a wrapped seed."""
    with keystore.open(key, digest) as opened:
        return opened.mac(MESSAGE)


def test_every_key_has_the_attributes_that_were_asked_for(
    vault: MatrixVault, expected: Expected
) -> None:
    reports = {each.report.name: each.report for each in vault.made}

    for report in reports.values():
        attributes = dict(report.attributes)
        assert (attributes["SENSITIVE"], attributes["EXTRACTABLE"]) == (True, False)
        assert not attributes["MODIFIABLE"]
    assert reports["c1"].kind == expected.checkpoint


def test_check_values_stay(vault: MatrixVault) -> None:
    with Ceremony(vault.location, pin(), Demands(accept_weaknesses=True)) as ceremony:
        for made in vault.made:
            assert ceremony.report(named(made.report.name)) == made.report


@pytest.mark.parametrize(
    ("digest", "octets"),
    [
        (digest, octets)
        for digest in Digest
        for octets in (16, 20, 32, 64, 128)
        if octets <= digest.block
    ],
)
def test_a_wrapped_seed_computes_what_it_should(
    keystore: Keystore, expected: Expected, digest: Digest, octets: int
) -> None:
    seed = bytes(range(1, octets + 1))

    key = keystore.wrap(bytearray(seed), digest).key

    assert key.format is expected.format
    assert code(keystore, key, digest) == hmac.digest(seed, MESSAGE, digest.algorithm)


@pytest.mark.parametrize("cipher", [Cipher.AES_128_CBC, Cipher.AES_256_CBC, Cipher.DES3_CBC])
@pytest.mark.parametrize("octets", [16, 20, 32, 64])
def test_an_authenticated_value_comes_in_by_the_best_tier(
    keystore: Keystore, expected: Expected, cipher: Cipher, octets: int
) -> None:
    seed, key = bytes(range(1, octets + 1)), fresh_key(cipher)

    with keystore.transport_key(cipher, key) as transport:
        taken = keystore.import_encrypted(
            transport, encrypt(cipher, key, seed), Digest.SHA1, CHECKED
        )

    assert taken.tier is expected.tier
    assert taken.key.length == octets
    assert code(keystore, taken.key) == hmac.digest(seed, MESSAGE, "sha1")
    assert taken.fingerprint == keystore.wrap(bytearray(seed), Digest.SHA1).fingerprint


def test_an_unauthenticated_value_never_has_its_padding_checked_by_the_module(
    keystore: Keystore,
) -> None:
    key = fresh_key(Cipher.AES_256_CBC)
    garbage = cbc(Cipher.AES_256_CBC, key, SEED + bytes(11) + b"\x05")

    with keystore.transport_key(Cipher.AES_256_CBC, key) as transport:
        whole = encrypt(Cipher.AES_256_CBC, key, SEED)
        assert keystore.import_encrypted(transport, whole, Digest.SHA1).tier is Tier.NARROW
        with pytest.raises(Integrity):
            keystore.import_encrypted(transport, garbage, Digest.SHA1)


def test_padding_as_xml_encryption_has_it_comes_in_all_the_same(
    keystore: Keystore, expected: Expected
) -> None:
    key = fresh_key(Cipher.AES_256_CBC)
    value = cbc(Cipher.AES_256_CBC, key, SEED + b"whatever..." + b"\x0c")

    with keystore.transport_key(Cipher.AES_256_CBC, key) as transport:
        taken = keystore.import_encrypted(transport, value, Digest.SHA1, CHECKED)

    assert taken.tier is expected.strange_padding
    assert code(keystore, taken.key) == hmac.digest(SEED, MESSAGE, "sha1")


@pytest.mark.parametrize("last", [0, 0x11, 0x20, 0x77])
def test_an_authenticated_value_without_padding_is_refused(keystore: Keystore, last: int) -> None:
    key = fresh_key(Cipher.AES_256_CBC)
    value = cbc(Cipher.AES_256_CBC, key, SEED + bytes(11) + bytes([last]))

    with (
        keystore.transport_key(Cipher.AES_256_CBC, key) as transport,
        pytest.raises(Integrity, match="does not decrypt"),
    ):
        keystore.import_encrypted(transport, value, Digest.SHA1, CHECKED)


def test_a_short_seed_is_refused_by_either_tier(keystore: Keystore) -> None:
    key = fresh_key(Cipher.AES_256_CBC)
    value = encrypt(Cipher.AES_256_CBC, key, SEED[:12])

    with (
        keystore.transport_key(Cipher.AES_256_CBC, key) as transport,
        pytest.raises(Policy, match="seed of 12 octets"),
    ):
        keystore.import_encrypted(transport, value, Digest.SHA1, CHECKED)


def test_what_has_to_stay_inside_and_cannot_is_refused(
    keystore: Keystore, expected: Expected
) -> None:
    key, terms = fresh_key(Cipher.AES_256_CBC), Terms(authenticated=True, inside_only=True)
    value = encrypt(Cipher.AES_256_CBC, key, SEED)

    with keystore.transport_key(Cipher.AES_256_CBC, key) as transport:
        if expected.tier is Tier.INSIDE:
            taken = keystore.import_encrypted(transport, value, Digest.SHA1, terms)
            assert taken.tier is Tier.INSIDE
        else:
            with pytest.raises(Policy, match='min_tier = "A"'):
                keystore.import_encrypted(transport, value, Digest.SHA1, terms)
    with pytest.raises(Policy, match="not encrypted"):
        keystore.wrap(bytearray(SEED), Digest.SHA1, terms)


def test_a_changed_blob_is_refused_or_is_another_seed(
    keystore: Keystore, expected: Expected
) -> None:
    key = keystore.wrap(bytearray(SEED), Digest.SHA1).key
    octets = bytearray(key.blob)
    octets[20] ^= 1
    changed = WrappedKey(key.format, key.kek_id, key.length, bytes(octets))

    if Weakness.OPENS_CHANGED in expected.weaknesses:
        assert code(keystore, changed) != hmac.digest(SEED, MESSAGE, "sha1")
    else:
        with pytest.raises(Integrity):
            code(keystore, changed)


def test_a_blob_of_another_format_is_opened_or_named(
    keystore: Keystore, expected: Expected
) -> None:
    foreign = WrappedKey(BlobFormat.AES_KW, "k1", 20, bytes(72))

    if expected.format is BlobFormat.AES_CBC_PAD:
        with pytest.raises(Unsupported, match="does not open AES_KW blobs"):
            code(keystore, foreign)
    else:
        with pytest.raises(Integrity):
            code(keystore, foreign)


def test_seals_match_their_message_only(keystore: Keystore) -> None:
    seal = keystore.seal(b"row")

    assert keystore.seal_matches(b"row", seal)
    assert not keystore.seal_matches(b"another row", seal)


def test_a_signature_is_verified_by_the_public_key_alone(keystore: Keystore) -> None:
    public = load_der_public_key(keystore.checkpoint_public_key())

    _verify(public, keystore.sign(b"heads"), b"heads")
    with pytest.raises(InvalidSignature):
        _verify(public, keystore.sign(b"heads"), b"tails")


def _verify(public: object, signature: bytes, message: bytes) -> None:
    if isinstance(public, rsa.RSAPublicKey):
        public.verify(signature, message, padding.PKCS1v15(), SHA256())
        return
    assert isinstance(public, ec.EllipticCurvePublicKey)
    half = len(signature) // 2
    r, s = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
    public.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))


def test_everything_goes_on_after_the_module_was_restarted(keystore: Keystore) -> None:
    key, seal = keystore.wrap(bytearray(SEED), Digest.SHA1).key, keystore.seal(b"row")

    keystore.recycle()

    assert code(keystore, key) == hmac.digest(SEED, MESSAGE, "sha1")
    assert keystore.seal_matches(b"row", seal)


def test_threads_get_their_own_answers(keystore: Keystore) -> None:
    wrong: list[int] = []

    def work(number: int) -> None:
        seed = hashlib.sha256(bytes([number])).digest()
        for _ in range(25):
            key = keystore.wrap(bytearray(seed), Digest.SHA256).key
            if code(keystore, key, Digest.SHA256) != hmac.digest(seed, MESSAGE, "sha256"):
                wrong.append(number)
        done.append(number)

    done: list[int] = []
    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (sorted(done), wrong) == (list(range(6)), [])


def test_a_wrong_pin_is_offered_once(vault: MatrixVault) -> None:
    with pytest.raises(PinRejected):
        Keystore.connect(vault.location, pin("000001"))

    Keystore.connect(vault.location, pin()).close()  # it was no lockout


def test_custodians_bring_the_keys_back_and_move_seeds(
    vault: MatrixVault, keystore: Keystore
) -> None:
    key = keystore.wrap(bytearray(SEED), Digest.SHA1)
    copies = {named(each.report.name): each.copy for each in vault.made if each.copy}
    values = {each.report.name: each.report.check_value for each in vault.made}

    with keystore.rewrapper({"k1": copies[named("k1")]}, vault.recovery) as rewrapper:
        moved = rewrapper.rewrap(key.key)
    with Ceremony(vault.location, pin(), Demands(accept_weaknesses=True)) as ceremony:
        ceremony.remove(copies)
        restored = ceremony.restore(copies, vault.recovery)

    assert moved.fingerprint == key.fingerprint
    assert all(values[each.name] == each.check_value for each in restored)
    again = Keystore.connect(vault.location, pin())
    assert code(again, key.key) == code(again, moved.key) == hmac.digest(SEED, MESSAGE, "sha1")
    again.close()


def test_seeds_are_handed_on_where_the_module_encrypts_gcm(
    keystore: Keystore, expected: Expected
) -> None:
    terms = Terms(exportable=True)
    if not expected.exports:
        with pytest.raises(Unsupported, match="no exportable copies can be kept"):
            keystore.wrap(bytearray(SEED), Digest.SHA1, terms)
        return
    seed = keystore.wrap(bytearray(SEED), Digest.SHA1, terms)
    assert seed.export_blob is not None

    with keystore.recipient(Cipher.AES_256_CBC, bytes(32)) as recipient:
        handed = keystore.export_encrypted(seed.key, seed.export_blob, recipient)

    with keystore.transport_key(Cipher.AES_256_CBC, bytes(32)) as transport:
        back = keystore.import_encrypted(transport, handed.value, Digest.SHA1)
    assert back.fingerprint == seed.fingerprint
