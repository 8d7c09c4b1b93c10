"""PSKC of draft-hoyer-01, as ActivIdentity writes it."""

from base64 import b64encode
from datetime import UTC, datetime

import pytest

from importers import (
    Cipher,
    Digest,
    EncryptedSeed,
    HotpParameters,
    ImporterError,
    Instructions,
    IntegrityFailure,
    KeyMissing,
    LimitExceeded,
    Limits,
    Malformed,
    Passphrase,
    Plain,
    PlainSeed,
    PreSharedKey,
    UnderPreSharedKey,
    Unsupported,
    WarningCode,
    WrongKey,
)
from tests.support.pskc_maker import encrypt
from tests.unit.importers.reading import changed, opened, passed_over, read, refused

KEY, IV = b"k" * 16, b"i" * 16
SEED = b"12345678901234567890"
ALLOWED = Instructions(allow_unauthenticated=True)
SECRET = b64encode(SEED).decode()
DRAFT = f"""<?xml version="1.0" encoding="UTF-8"?>
<KeyContainer version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:container:1.0">
  <DigestMethod algorithm="http://www.w3.org/2000/09/xmldsig#hmac-sha1"/>
  <Device>
    <DeviceId>
      <Manufacturer>Example</Manufacturer>
      <SerialNo>0034567890</SerialNo>
      <Expiry>31/12/2031</Expiry>
    </DeviceId>
    <Key KeyAlgorithm="http://www.ietf.org/keyprov/pskc#hotp" KeyId="0034567890">
      <Issuer>Example</Issuer>
      <Usage otp="true"><ResponseFormat format="DECIMAL" length="6"/></Usage>
      <Data Name="SECRET"><Value>{SECRET}</Value></Data>
      <Data Name="COUNTER"><Value>AAAAAAAAACo=</Value></Data>
    </Key>
  </Device>
</KeyContainer>
"""
METHOD = (
    '<EncryptionMethod algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc">'
    f"<IV>{b64encode(IV).decode()}</IV></EncryptionMethod>"
)
VALUE = encrypt(KEY, IV, SEED)
ENCRYPTED = changed(
    changed(DRAFT, "<DigestMethod", f"{METHOD}<DigestMethod"),
    f"{SECRET}</Value>",
    f"{b64encode(VALUE[16:]).decode()}</Value><ValueDigest>AAAA</ValueDigest>",
)
FURTHER = DRAFT[DRAFT.index("    <Key ") : DRAFT.index("  </Device>")]


def refusal(content: str, unlock: PreSharedKey | Passphrase | None = None) -> ImporterError:
    return refused(content, unlock, instructions=ALLOWED)


# --- what is read ----------------------------------------------------------------------------


def test_a_plain_draft_is_named_by_its_dialect() -> None:
    header = opened(DRAFT).header
    assert (header.format, header.protection) == ("draft PSKC (ActivIdentity)", Plain())


def test_a_plain_draft_is_read_whole() -> None:
    record = read(DRAFT)[0]
    assert record.parameters == HotpParameters(Digest.SHA1, 6, 42)
    assert (record.serial, record.manufacturer, record.key_id, record.issuer) == (
        "0034567890",
        "Example",
        "0034567890",
        "Example",
    )
    assert record.not_after == datetime(2031, 12, 31, tzinfo=UTC)
    assert isinstance(record.seed, PlainSeed)
    with record.seed.expose() as octets:
        assert bytes(octets) == SEED


def test_both_namespaces_and_cases_are_read() -> None:
    text = changed(DRAFT, "keyprov:container:1.0", "keyprov:container")
    for lower, upper in (("version=", "Version="), ("otp=", "OTP="), ("length=", "Length=")):
        text = text[:40] + changed(text[40:], lower, upper)
    assert len(read(text)) == 1


def test_an_encrypted_seed_is_passed_on_with_the_containers_iv() -> None:
    file = opened(ENCRYPTED, PreSharedKey(KEY), instructions=ALLOWED)
    assert file.header.protection == UnderPreSharedKey(Cipher.AES_128_CBC, None)
    assert [record.seed for record in file] == [EncryptedSeed(VALUE, Cipher.AES_128_CBC)]
    assert file.position == len(ENCRYPTED)
    assert not file.signed


def test_an_encrypted_draft_is_warned_of_as_not_authenticated() -> None:
    file = opened("\n" + ENCRYPTED, PreSharedKey(KEY), instructions=ALLOWED)
    assert file.header.warnings == (
        WarningCode.VALUES_UNAUTHENTICATED,
        WarningCode.LEADING_BLANK,
    )


def test_the_earlier_of_two_ends_counts() -> None:
    text = changed(DRAFT, "</Key>", "<ExpiryDate>2030-01-01T00:00:00Z</ExpiryDate></Key>")
    assert read(text)[0].not_after == datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "month", "day"), [("12/31/2031", 12, 31), ("5/5/2031", 5, 5), ("31/01/2031", 1, 31)]
)
def test_a_date_in_a_clear_order_is_read(date: str, month: int, day: int) -> None:
    record = read(changed(DRAFT, "31/12/2031", date))[0]
    assert record.not_after == datetime(2031, month, day, tzinfo=UTC)


def test_several_keys_of_one_device_are_told_apart() -> None:
    further = changed(FURTHER, 'KeyId="0034567890"', 'KeyId="0034567890:2"')
    records = read(changed(DRAFT, "  </Device>", f"{further}</Device>"))
    assert [record.serial for record in records] == ["0034567890", "0034567890:2"]


def test_a_device_without_a_key_is_passed_over_with_a_warning() -> None:
    bare = "<Device><DeviceId><SerialNo>1</SerialNo></DeviceId></Device></KeyContainer>"
    file = opened(changed(DRAFT, "</KeyContainer>", bare))
    assert len(list(file)) == 1
    assert [warned.code for warned in file.warnings] == [WarningCode.PACKAGE_WITHOUT_KEY]


# --- what is refused -------------------------------------------------------------------------


def test_an_encrypted_draft_is_refused_unless_the_operator_allows_it() -> None:
    error = refused(ENCRYPTED, PreSharedKey(KEY))
    assert isinstance(error, IntegrityFailure)
    assert "cover the plain seeds" in error.reason


def test_an_encrypted_draft_asks_for_its_key() -> None:
    assert isinstance(refusal(ENCRYPTED), KeyMissing)
    assert isinstance(refusal(ENCRYPTED, Passphrase("qwerty")), WrongKey)
    assert isinstance(refusal(ENCRYPTED, PreSharedKey(b"k" * 32)), WrongKey)


def test_a_key_for_a_plain_draft_is_an_integrity_failure() -> None:
    assert isinstance(refusal(DRAFT, PreSharedKey(KEY)), IntegrityFailure)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ('KeyContainer version="1.0"', 'KeyContainer version="2.0"', Unsupported),
        ("pskc#hotp", "pskc#ActivIdentity-3DES", Unsupported),
        ('otp="true"', 'otp="false"', Unsupported),
        ('format="DECIMAL"', 'format="ALPHANUMERIC"', Unsupported),
        ('length="6"', 'length="60"', Malformed),
        ('KeyId="0034567890"', 'KeyId="1&#x202e;2"', Malformed),
        ("<SerialNo>0034567890</SerialNo>", "", Malformed),
        (">31/12/2031<", ">01/02/2031<", Malformed),
        (">31/12/2031<", ">31/02/2031<", Malformed),
        (">31/12/2031<", ">soon<", Malformed),
        (SECRET, "MTIzNA==", Malformed),
        (SECRET, "", Malformed),
        ("AAAAAAAAACo=", "AAAA", Malformed),
        ("AAAAAAAAACo=", "-1", Malformed),
        ('Name="COUNTER"', 'Name="PIN"', Unsupported),
        ('Name="COUNTER"', 'Name="SECRET"', Malformed),
        ('Name="COUNTER"', 'Colour="SECRET"', Unsupported),
        ('Name="COUNTER"', 'Name="urn:ietf:params:xml:ns:keyprov:container Data"', Unsupported),
        ('<Data Name="COUNTER"><Value>AAAAAAAAACo=</Value></Data>', "", Malformed),
        (f'<Data Name="SECRET"><Value>{SECRET}</Value></Data>', "", Malformed),
        ("<Issuer>", "<Colour/><Issuer>", Malformed),
        ("<Value>MTIz", "<Value>MTIz<x/>", Malformed),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_draft_is_refused(
    old: str, new: str, error: type[ImporterError]
) -> None:
    assert type(refusal(changed(DRAFT, old, new))) is error


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("xmlenc#aes128-cbc", "xmlenc#tripledes-cbc", Unsupported),
        ("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "PBE-3DES112-CBC", Unsupported),
        (f"<IV>{b64encode(IV).decode()}</IV>", "", Malformed),
        (b64encode(IV).decode(), "AAAA", Malformed),
        (b64encode(VALUE[16:]).decode(), SECRET, Malformed),
        (b64encode(VALUE[16:]).decode(), b64encode(bytes(16)).decode(), Malformed),
        (b64encode(VALUE[16:]).decode(), b64encode(bytes(160)).decode(), Malformed),
    ],
)
def test_what_is_wrong_with_an_encrypted_draft_is_refused(
    old: str, new: str, error: type[ImporterError]
) -> None:
    assert type(refusal(changed(ENCRYPTED, old, new), PreSharedKey(KEY))) is error


def test_a_draft_without_a_device_is_malformed() -> None:
    start, end = DRAFT.index("  <Device>"), DRAFT.index("</KeyContainer>")
    assert isinstance(refusal(DRAFT[:start] + DRAFT[end:]), Malformed)


def test_more_keys_than_allowed_are_refused() -> None:
    assert isinstance(refused(DRAFT, limits=Limits(records=0)), LimitExceeded)


def test_a_bad_device_is_skipped_where_that_is_asked_for() -> None:
    device = DRAFT[DRAFT.index("  <Device>") : DRAFT.index("</KeyContainer>")]
    bad = changed(device, "<Issuer>", "<Colour/><Issuer>")
    worse = changed(device, 'length="6"', 'length="5"')
    records, errors = passed_over(changed(DRAFT, device, bad + worse + device))
    assert len(records) == 1
    assert len(errors) == 2
