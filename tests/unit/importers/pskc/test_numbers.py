"""Numbers of a key: in digits, in octets, and encrypted with a value MAC of their own."""

import hmac
from base64 import b64encode

import pytest

from importers import (
    Cipher,
    Digest,
    HotpParameters,
    ImporterError,
    IntegrityFailure,
    Malformed,
    PreSharedKey,
    TotpParameters,
    Unsupported,
    WrongKey,
)
from importers.pskc import numbers
from tests.support.pskc_maker import Hotp, Order, Tokens, encrypt, published_octets
from tests.support.sealed_maker import Sealed, key_for, method_of, seal, sealed, unlock_for
from tests.support.sealed_maker import encrypted as sealed_value
from tests.unit.importers.reading import changed, figure, made, passed_over, read, refused

KEY = b"k" * 16
IV = b"i" * 16
MAC_KEY = published_octets("MAC key", 32)
XENC = "http://www.w3.org/2001/04/xmlenc#"
PLAIN_COUNTER = "<PlainValue>0</PlainValue>"


def encrypted(plain: bytes, *, cipher: str = "aes128-cbc", mac_key: bytes = MAC_KEY) -> str:
    return protected(encrypt(KEY, IV, plain), cipher=cipher, mac_key=mac_key)


def protected(value: bytes, *, cipher: str = "aes128-cbc", mac_key: bytes = MAC_KEY) -> str:
    mac = hmac.digest(mac_key, value, "sha1")
    return (
        f'<EncryptedValue><xenc:EncryptionMethod Algorithm="{XENC}{cipher}"/><xenc:CipherData>'
        f"<xenc:CipherValue>{b64encode(value).decode()}</xenc:CipherValue></xenc:CipherData>"
        f"</EncryptedValue><ValueMAC>{b64encode(mac).decode()}</ValueMAC>"
    )


def hotp(*counters: str) -> str:
    """A protected file of HOTP tokens with these counters."""
    text = made(Order((Tokens(len(counters), Hotp()),), key=KEY)).decode()
    between = text.split(PLAIN_COUNTER)
    return between[0] + "".join(map("".join, zip(counters, between[1:], strict=True)))


def counters(text: str) -> list[int]:
    found = []
    for record in read(text, PreSharedKey(KEY)):
        assert isinstance(record.parameters, HotpParameters)
        found.append(record.parameters.counter)
    return found


def refusal(counter: str) -> ImporterError:
    return refused(hotp(PLAIN_COUNTER, counter), PreSharedKey(KEY))


@pytest.mark.parametrize("plain", [b"42", b" 42\n", bytes([0, 0, 0, 0, 0, 0, 0, 42])])
def test_an_encrypted_counter_is_digits_or_eight_octets(plain: bytes) -> None:
    assert counters(hotp(encrypted(plain))) == [42]


def test_encrypted_counters_are_read_each_for_itself() -> None:
    text = hotp(encrypted(b"1"), encrypted(b"2"), PLAIN_COUNTER, PLAIN_COUNTER, encrypted(b"3"))
    assert counters(text) == [1, 2, 0, 0, 3]


def test_padding_of_any_filler_is_read_once_the_value_mac_is_right() -> None:
    padded = encrypt(KEY, IV, b"42" + b"?" * 13 + bytes([14]))[:32]
    assert counters(hotp(protected(padded))) == [42]


@pytest.mark.parametrize(
    "plain", [b"", b"-1", b"\xff" * 8, b"\x01\x02", b"\xff\xfe", b"4 2", b"9" * 20]
)
def test_an_encrypted_counter_that_is_no_number_is_malformed(plain: bytes) -> None:
    error = refusal(encrypted(plain))
    assert isinstance(error, Malformed)
    assert (error.path or "").endswith("/Data/Counter")


@pytest.mark.parametrize(
    "value", [bytes(16), bytes(33), encrypt(KEY, IV, b"x" * 15 + b"\x00")[:32]]
)
def test_an_encrypted_counter_that_does_not_decrypt_is_malformed(value: bytes) -> None:
    assert isinstance(refusal(protected(value)), Malformed)


def test_a_wrong_value_mac_of_a_counter_is_an_integrity_failure() -> None:
    error = refusal(encrypted(b"42", mac_key=b"another"))
    assert isinstance(error, IntegrityFailure)
    assert error.serial == "GALT10000001"


def test_a_wrong_value_mac_of_a_counter_is_no_wrong_key() -> None:
    error = refused(hotp(encrypted(b"42", mac_key=b"another"), PLAIN_COUNTER), PreSharedKey(KEY))
    assert type(error) is IntegrityFailure


def test_a_wrong_value_mac_of_a_counter_is_skipped_like_a_seeds() -> None:
    text = hotp(PLAIN_COUNTER, encrypted(b"42", mac_key=b"another"), encrypted(b"5"))
    records, errors = passed_over(text, PreSharedKey(KEY))
    assert (len(records), len(errors)) == (2, 1)


def test_equal_counters_are_each_authenticated() -> None:
    bad = encrypted(b"42", mac_key=b"another")
    error = refused(hotp(encrypted(b"42"), bad), PreSharedKey(KEY))
    assert isinstance(error, IntegrityFailure)


def test_a_counter_whose_value_mac_was_stripped_is_an_integrity_failure() -> None:
    stripped = encrypted(b"42").partition("<ValueMAC>")[0]
    assert isinstance(refusal(stripped), IntegrityFailure)


def test_a_counter_both_plain_and_encrypted_is_malformed() -> None:
    assert isinstance(refusal(PLAIN_COUNTER + encrypted(b"0")), Malformed)


def test_a_plain_counter_with_a_value_mac_is_malformed() -> None:
    assert isinstance(refusal(f"{PLAIN_COUNTER}<ValueMAC>AAAA</ValueMAC>"), Malformed)


def test_a_counter_without_a_value_is_malformed() -> None:
    assert isinstance(refusal(""), Malformed)


def test_a_counter_under_another_cipher_than_the_seeds_is_refused() -> None:
    assert isinstance(refusal(encrypted(b"42", cipher="aes256-cbc")), Unsupported)


def with_sealed_counter(cipher: Cipher, plain: bytes) -> str:
    order, key = Sealed(cipher), key_for(cipher)
    value = seal(cipher, key, plain)
    mac = b64encode(hmac.digest(order.mac_key or b"", value, "sha256")).decode()
    counter = f"<EncryptedValue>{sealed_value(method_of(cipher), value)}</EncryptedValue>"
    return changed(sealed(order), PLAIN_COUNTER, f"{counter}<ValueMAC>{mac}</ValueMAC>")


TIMES = {"Time": b"7", "TimeInterval": b"60", "TimeDrift": b"-2"}


@pytest.fixture
def nothing_decrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    def decrypted(*_: object) -> None:
        raise AssertionError("it was decrypted")

    monkeypatch.setattr(numbers, "decrypt_value", decrypted)


def secret_of(text: str) -> str:
    """EncryptedValue and ValueMAC of the first key's seed."""
    inner = text.partition("<Secret>")[2].partition("</Secret>")[0]
    return inner.strip()


@pytest.mark.usefixtures("nothing_decrypted")
def test_a_seed_moved_into_a_counter_is_refused_without_decrypting() -> None:
    error = refusal(secret_of(hotp(PLAIN_COUNTER)))
    assert isinstance(error, Malformed)
    assert "the encrypted Counter is too long for a number" in error.reason


@pytest.mark.usefixtures("nothing_decrypted")
@pytest.mark.parametrize("element", TIMES)
def test_a_seed_moved_into_a_time_is_refused_without_decrypting(element: str) -> None:
    text = made(Order((Tokens(1),), key=KEY)).decode()
    plain = {name: f"<PlainValue>{number.decode()}</PlainValue>" for name, number in TIMES.items()}
    error = refused(with_times(text, plain | {element: secret_of(text)}), PreSharedKey(KEY))
    assert isinstance(error, Malformed)
    assert f"the encrypted {element} is too long for a number" in error.reason


@pytest.mark.usefixtures("nothing_decrypted")
@pytest.mark.parametrize("cipher", [Cipher.DES3_CBC, Cipher.AES_128_GCM, Cipher.AES_256_KWP])
def test_what_could_be_sixteen_octets_is_no_number_under_any_cipher(cipher: Cipher) -> None:
    error = refused(with_sealed_counter(cipher, b"0" * 16), unlock_for(cipher))
    assert "is too long for a number" in error.reason


@pytest.mark.usefixtures("nothing_decrypted")
def test_a_number_under_rsa_is_not_read() -> None:
    cipher = Cipher.RSA_OAEP_SHA256
    error = refused(with_sealed_counter(cipher, b"42"), unlock_for(cipher))
    assert isinstance(error, Unsupported)
    assert error.path is not None
    assert error.path.endswith("/Data/Counter")


def test_an_error_does_not_repeat_a_number_that_was_encrypted() -> None:
    text = made(Order((Tokens(1),), key=KEY)).decode()
    spelt = {name: encrypted(plain) for name, plain in TIMES.items()}
    spelt["TimeInterval"] = encrypted(b"987654321098765")
    error = refused(with_times(text, spelt), PreSharedKey(KEY))
    assert "it is outside" in error.reason
    assert "987654321098765" not in str(error)


@pytest.mark.parametrize("element", TIMES)
def test_an_encrypted_number_in_a_plain_file_is_malformed(element: str) -> None:
    text = made(Order((Tokens(1),))).decode()
    plain = {"Time": "0", "TimeInterval": "30", "TimeDrift": "1"}
    spelt = {name: f"<PlainValue>{number}</PlainValue>" for name, number in plain.items()}
    spelt[element] = encrypted(b"30")
    error = refused(with_times(text, spelt))
    assert isinstance(error, Malformed)
    assert "names no key" in error.reason


def with_times(text: str, spelt: dict[str, str]) -> str:
    at, end = text.index("        <Time>"), text.index("      </Data>")
    return text[:at] + "".join(f"<{name}>{v}</{name}>" for name, v in spelt.items()) + text[end:]


def test_encrypted_times_are_read() -> None:
    text = made(Order((Tokens(1),), key=KEY)).decode()
    spelt = {name: encrypted(plain) for name, plain in TIMES.items()}
    parameters = read(with_times(text, spelt), PreSharedKey(KEY))[0].parameters
    assert isinstance(parameters, TotpParameters)
    assert (parameters.time_steps, parameters.step_s, parameters.drift_steps) == (7, 60, -2)


def test_a_plain_counter_may_be_eight_octets_in_base64() -> None:
    text = changed(figure(3), "<PlainValue>0<", "<PlainValue>AAAAAAAAACo=<")
    assert isinstance(read(text)[0].parameters, HotpParameters)
    assert read(text)[0].parameters == read(text.replace("AAAAAAAAACo=", "42"))[0].parameters


@pytest.mark.parametrize("counter", ["AAAA", "MA==", "MTIzNDU2Nzg=", "//////////8=", "AAAAKg=="])
def test_a_counter_in_other_base64_is_malformed(counter: str) -> None:
    text = changed(figure(3), "<PlainValue>0<", f"<PlainValue>{counter}<")
    assert isinstance(refused(text), Malformed)


def test_a_wrong_key_is_told_before_any_counter_is_read() -> None:
    assert isinstance(refused(hotp(encrypted(b"42")), PreSharedKey(b"x" * 16)), WrongKey)


@pytest.mark.parametrize(
    "cipher", [Cipher.DES3_CBC, Cipher.CAMELLIA_256_CBC, Cipher.AES_128_GCM, Cipher.AES_256_KWP]
)
def test_a_counter_is_decrypted_under_every_kind_of_cipher(cipher: Cipher) -> None:
    text = with_sealed_counter(cipher, b"42")
    assert read(text, unlock_for(cipher))[0].parameters == HotpParameters(Digest.SHA1, 6, 42)


def test_a_counter_whose_own_tag_is_wrong_tells_a_wrong_key() -> None:
    cipher = Cipher.AES_128_GCM
    value = seal(cipher, b"another key here", b"42")
    counter = f"<EncryptedValue>{sealed_value(method_of(cipher), value)}</EncryptedValue>"
    text = changed(sealed(Sealed(cipher, mac=None)), PLAIN_COUNTER, counter)
    assert isinstance(refused(text, unlock_for(cipher)), WrongKey)
