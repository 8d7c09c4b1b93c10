"""Keys that are neither HOTP nor TOTP: challenge-response, YubiKeys, PINs, and what is refused."""

import pytest

from importers import (
    Malformed,
    OcraParameters,
    PinParameters,
    PreSharedKey,
    Unsupported,
    YubicoOtpParameters,
)
from tests.support.pskc_maker import Order, Tokens
from tests.unit.importers.reading import changed, figure, made, read, refused

HOTP = "urn:ietf:params:xml:ns:keyprov:pskc:hotp"
SEED = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA="
RESPONSE = '<ResponseFormat Length="8" Encoding="DECIMAL"/>'
COUNTED = "OCRA-1:HOTP-SHA1-8:C-QN08-PSHA1"
TIMED = "OCRA-1:HOTP-SHA512-8:QA10-T1M"
CHALLENGE = '<ChallengeFormat Encoding="DECIMAL" Min="4" Max="8"/>'
USER = "UID=jsmith,DC=example-bank,DC=net"
YUBICO = "http://www.yubico.com/#yubikey-aes"
IDENTITIES = "CN=vvcccccccccb, UID=8792ebfe26cc"
AES_KEY = "MTIzNDU2Nzg5MDEyMzQ1Ng=="


def ocra(suite: str = COUNTED, more: str = CHALLENGE, uri: str = f"{HOTP[:-4]}ocra") -> str:
    named = f"<Suite>{suite}</Suite>" if suite else ""
    return changed(changed(figure(3), HOTP, uri), RESPONSE, f"{named}{more}{RESPONSE}")


def yubikey(user: str = IDENTITIES, response: str = "", key: str = AES_KEY) -> str:
    text = changed(figure(3), HOTP, YUBICO)
    text = changed(text, RESPONSE, response)
    return changed(changed(text, USER, user), SEED, key)


# --- OCRA ------------------------------------------------------------------------------------


def test_a_challenge_response_key_is_its_suite_and_counter() -> None:
    text = changed(ocra(), "<PlainValue>0<", "<PlainValue>9<")
    assert read(text)[0].parameters == OcraParameters(COUNTED, counter=9)


def test_a_suite_without_a_counter_has_none() -> None:
    record = read(ocra(TIMED, ""))[0]
    assert record.parameters == OcraParameters(TIMED)
    assert record.provenance.defaults_used == ()


def test_a_missing_counter_that_the_suite_counts_is_a_default_and_named() -> None:
    text = changed(ocra(), "<Counter>", "<Extensions>").replace("</Counter>", "</Extensions>")
    assert read(text)[0].provenance.defaults_used == ("Counter",)


def test_the_drift_of_a_timed_suite_is_read() -> None:
    drift = "<TimeDrift><PlainValue>-4</PlainValue></TimeDrift></Data>"
    text = changed(ocra(TIMED, ""), "</Data>", drift)
    assert read(text)[0].parameters == OcraParameters(TIMED, drift_steps=-4)


def test_a_draft_writes_the_suite_into_the_algorithm() -> None:
    text = ocra("", CHALLENGE, f"{HOTP[:-5]}#{COUNTED}")
    assert read(text)[0].parameters == OcraParameters(COUNTED)


def test_a_code_that_is_not_cut_has_no_digits_to_agree_on() -> None:
    suite = "OCRA-1:HOTP-SHA256-0:QN08"
    assert read(ocra(suite))[0].parameters == OcraParameters(suite)


@pytest.mark.parametrize(
    ("text", "element"),
    [
        (ocra(""), "Suite"),
        (ocra("HMAC-SHA1"), "Suite"),
        (ocra(TIMED, "", f"{HOTP[:-5]}#{COUNTED}"), "Suite"),
        (ocra("OCRA-1:HOTP-SHA1-6:QN08"), "ResponseFormat"),
        (ocra(TIMED), "ChallengeFormat"),
        (ocra("OCRA-1:HOTP-SHA1-8:QN06"), "ChallengeFormat"),
        (ocra(COUNTED, "<ChallengeFormat/>"), "ChallengeFormat"),
        (ocra(COUNTED, '<ChallengeFormat Encoding="DECIMAL"/>'), "ChallengeFormat"),
        (ocra(COUNTED, CHALLENGE.replace('"4"', '"9"')), "ChallengeFormat"),
        (ocra(COUNTED, CHALLENGE.replace("/>", ' CheckDigits="x"/>')), "ChallengeFormat"),
    ],
)
def test_what_contradicts_a_suite_is_malformed(text: str, element: str) -> None:
    error = refused(text)
    assert isinstance(error, Malformed)
    assert (error.path or "").endswith(f"/{element}")


@pytest.mark.parametrize(
    "number",
    [
        "<TimeInterval><PlainValue>30</PlainValue></TimeInterval>",
        "<Time><PlainValue>1</PlainValue></Time>",
    ],
)
def test_times_that_contradict_a_suite_are_malformed(number: str) -> None:
    assert isinstance(refused(changed(ocra(), "</Data>", f"{number}</Data>")), Malformed)


def test_a_step_that_agrees_with_its_suite_is_read() -> None:
    step = "<TimeInterval><PlainValue>60</PlainValue></TimeInterval></Data>"
    assert len(read(changed(ocra(TIMED, ""), "</Data>", step))) == 1


def test_a_challenge_with_a_check_digit_is_not_read() -> None:
    error = refused(ocra(COUNTED, CHALLENGE.replace("/>", ' CheckDigit="true"/>')))
    assert isinstance(error, Unsupported)


# --- YubiKeys --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "user", [IDENTITIES, "cn=VVCCCCCCCCCB,uid=8792EBFE26CC", " CN = vvcccccccccb ,UID=8792ebfe26cc"]
)
def test_a_yubikey_slot_has_a_public_and_a_private_id(user: str) -> None:
    response = '<ResponseFormat Encoding="ALPHANUMERIC" Length="44"/>'
    parameters = read(yubikey(user, response))[0].parameters
    assert parameters == YubicoOtpParameters("vvcccccccccb", bytes.fromhex("8792ebfe26cc"))


def test_a_private_id_is_not_shown_and_proposes_no_user() -> None:
    record = read(yubikey())[0]
    assert "8792" not in repr(record)
    assert record.key_user_id is None


def test_a_yubikeys_aes_key_is_not_warned_of_as_short() -> None:
    assert read(yubikey())[0].provenance.warnings == ()


@pytest.mark.parametrize(
    "user",
    [
        USER, "CN=vvcccccccccb", "UID=8792ebfe26cc", "CN=vvcccccccccx,UID=8792ebfe26cc",
        "CN=vvcccccccccb,UID=8792ebfe26", "CN=vvc,UID=8792ebfe26cc",
        f"CN={'c' * 34},UID=8792ebfe26cc",
    ],
)  # fmt: skip
def test_a_yubikey_without_both_ids_is_malformed_and_tells_neither(user: str) -> None:
    error = refused(yubikey(user))
    assert isinstance(error, Malformed)
    assert "8792" not in str(error)


@pytest.mark.parametrize(
    "response",
    [
        '<ResponseFormat Encoding="ALPHANUMERIC" Length="32"/>',
        '<ResponseFormat Encoding="DECIMAL" Length="44"/>',
    ],
)
def test_a_response_that_contradicts_the_public_id_is_malformed(response: str) -> None:
    assert isinstance(refused(yubikey(response=response)), Malformed)


def test_an_aes_key_of_another_length_is_refused() -> None:
    assert "longer than 16 octets" in refused(yubikey(key=SEED)).reason


def test_an_encrypted_aes_key_of_another_length_is_refused() -> None:
    key = b"k" * 16
    text = made(Order((Tokens(1),), key=key, seed=lambda _: b"s" * 33)).decode()
    text = changed(text, f"{HOTP[:-4]}totp", YUBICO)
    assert "longer than 16 octets" in refused(text, PreSharedKey(key)).reason


# --- PINs ------------------------------------------------------------------------------------


def test_a_pin_may_be_short() -> None:
    text = changed(changed(figure(3), HOTP, f"{HOTP[:-4]}pin"), SEED, "MTIzNA==")
    record = read(text)[0]
    assert record.parameters == PinParameters()
    assert record.provenance.warnings == ()


def test_an_encrypted_pin_may_be_short() -> None:
    key = b"k" * 16
    text = made(Order((Tokens(1),), key=key, seed=lambda _: b"1234")).decode()
    text = changed(text, f"{HOTP[:-4]}totp", f"{HOTP[:-4]}pin")
    assert read(text, PreSharedKey(key))[0].parameters == PinParameters()


def test_an_empty_pin_is_refused() -> None:
    text = changed(changed(figure(3), HOTP, f"{HOTP[:-4]}pin"), SEED, "")
    assert isinstance(refused(text), Malformed)


# --- what is refused by name -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("urn:ietf:params:xml:ns:keyprov:pskc:pw", "a static password"),
        ("http://www.ietf.org/keyprov/pskc#SecurID-AES128-Counter", "RSA SecurID"),
        ("urn:ietf:params:xml:ns:keyprov:pskc#ActivIdentity-3DES", "ActivIdentity"),
        ("urn:example:motp", "urn:example:motp"),
    ],
)
def test_other_algorithms_are_refused_by_name(uri: str, name: str) -> None:
    error = refused(changed(figure(3), HOTP, uri))
    assert isinstance(error, Unsupported)
    assert name in error.reason
