"""A policy is read whole; what is not understood of it forbids the key, and is named."""

from datetime import UTC, datetime

import pytest

from importers import (
    Digest,
    HotpParameters,
    LimitExceeded,
    Malformed,
    OcraParameters,
    Parameters,
    PinPolicy,
    PinUsage,
    Policy,
    SeedRecord,
    TotpParameters,
)
from tests.support.pskc_maker import Order, Tokens
from tests.unit.importers.reading import changed, figure, made, read, refused

PATH = "/KeyContainer/KeyPackage/Key/Policy"
HOTP = HotpParameters(Digest.SHA1, 6, 0)
TOTP = TotpParameters(Digest.SHA1, 6, 30)
OCRA = OcraParameters("OCRA-1:HOTP-SHA1-6:QN08")
DAY = "2026-01-{:02d}T00:00:00Z"


def with_policy(policy: str, device: str = "") -> str:
    text = changed(figure(3), "<UserId>DC", f"{device}<UserId>DC")
    return changed(text, "</Data>", f"</Data>{policy}")


def record_under(policy: str, device: str = "") -> SeedRecord:
    return read(with_policy(policy, device))[0]


def policy_of(inner: str, attributes: str = "") -> Policy:
    policy = record_under(f"<Policy{attributes}>{inner}</Policy>").policy
    assert policy is not None
    return policy


def dates(start: int | None, end: int | None) -> str:
    said = "" if start is None else f"<StartDate>{DAY.format(start)}</StartDate>"
    return said if end is None else f"{said}<ExpiryDate>{DAY.format(end)}</ExpiryDate>"


def test_a_key_without_a_policy_has_none() -> None:
    assert read(figure(3))[0].policy is None


def test_an_empty_policy_forbids_nothing() -> None:
    assert policy_of("") == Policy()
    assert policy_of("").forbids_for(HOTP) is None


@pytest.mark.parametrize("usage", ["OTP", " OTP "])
def test_a_key_for_codes_may_be_used(usage: str) -> None:
    policy = policy_of(f"<KeyUsage>{usage}</KeyUsage>")
    assert policy == Policy(frozenset({usage.strip()}))
    assert policy.forbids_for(HOTP) is None


@pytest.mark.parametrize("parameters", [HOTP, TOTP])
def test_a_usage_for_responses_alone_forbids_codes(parameters: Parameters) -> None:
    policy = policy_of("<KeyUsage>CR</KeyUsage>")
    assert policy.forbids_for(parameters) == "its policy permits CR only"


@pytest.mark.parametrize("usage", ["CR", "OTP"])
def test_either_usage_permits_ocra(usage: str) -> None:
    assert policy_of(f"<KeyUsage>{usage}</KeyUsage>").forbids_for(OCRA) is None


def test_a_usage_without_either_forbids_ocra() -> None:
    policy = policy_of("<KeyUsage>Verify</KeyUsage>")
    assert policy.forbids_for(OCRA) == "its policy permits Verify only"


def test_several_usages_are_a_union() -> None:
    policy = policy_of("<KeyUsage>OTP</KeyUsage>\n<KeyUsage>Verify</KeyUsage>")
    assert policy == Policy(frozenset({"OTP", "Verify"}))


def test_a_usage_without_codes_forbids_them() -> None:
    policy = policy_of("<KeyUsage>Encrypt</KeyUsage>")
    assert policy.forbids_for(HOTP) == "its policy permits Encrypt only"


@pytest.mark.parametrize("usage", ["otp", "Sing", "", "OTP CR", "OTP<x/>"])
def test_an_unknown_usage_forbids_the_key_even_beside_a_known_one(usage: str) -> None:
    policy = policy_of(f"<KeyUsage>OTP</KeyUsage><KeyUsage>{usage}</KeyUsage>")
    assert policy.unknown[0].startswith(f"{PATH}/KeyUsage")
    assert f"{PATH}/KeyUsage" in (policy.forbids_for(HOTP) or "")


def test_transactions_are_counted() -> None:
    assert policy_of("<NumberOfTransactions>7</NumberOfTransactions>") == Policy(max_transactions=7)


@pytest.mark.parametrize("count", ["-1", "many", "", "\u0661", "1e3"])
def test_a_number_of_transactions_not_understood_forbids_the_key(count: str) -> None:
    policy = policy_of(f"<NumberOfTransactions>{count}</NumberOfTransactions>")
    assert policy == Policy(unknown=(f"{PATH}/NumberOfTransactions",))


def test_a_pin_policy_is_read_whole() -> None:
    policy = policy_of(
        '<PINPolicy PINKeyId="123" PINUsageMode="Prepend" MaxFailedAttempts="8" MinLength="4"'
        ' MaxLength="10" PINEncoding="DECIMAL"/>'
    )
    assert policy.pin == PinPolicy("123", PinUsage.PREPEND, 8, 4, 10, "DECIMAL")
    assert policy.unknown == ()


@pytest.mark.parametrize(
    "attribute",
    [
        'PINUsageMode="prepend"', 'MaxFailedAttempts="few"', 'MinLength="-4"', 'MaxLength="4.0"',
        'PINEncoding="EBCDIC"', 'PINKeyId=""',
    ],
)  # fmt: skip
def test_an_attribute_of_a_pin_policy_not_understood_is_named(attribute: str) -> None:
    name = attribute.partition("=")[0]
    assert policy_of(f"<PINPolicy {attribute}/>").unknown == (f"{PATH}/PINPolicy/@{name}",)


@pytest.mark.parametrize(
    ("inner", "attributes", "named"),
    [
        ("<New/>", "", "/'urn:ietf:params:xml:ns:keyprov:pskc New'"),
        ("<x:Any xmlns:x='urn:example'/>", "", "/'urn:example Any'"),
        ("<Extensions/>", "", "/'urn:ietf:params:xml:ns:keyprov:pskc Extensions'"),
        ("", " Mode='x'", "/@'Mode'"),
        ("<PINPolicy Colour='x'/>", "", "/PINPolicy/@'Colour'"),
        ("<PINPolicy x:c='x' xmlns:x='urn:e'/>", "", "/PINPolicy/@'urn:e c'"),
        ("<KeyUsage a='x'>OTP</KeyUsage>", "", "/KeyUsage/@'a'"),
        ("<StartDate>01/02/2008</StartDate>", "", "/StartDate"),
        ("<ExpiryDate>soon</ExpiryDate>", "", "/ExpiryDate"),
    ],
)
def test_what_is_not_known_of_a_policy_keeps_the_key_and_is_named(
    inner: str, attributes: str, named: str
) -> None:
    assert policy_of(inner, attributes).unknown == (f"{PATH}{named}",)


def test_only_the_first_unknown_names_are_kept() -> None:
    assert len(policy_of("<New/>" * 5_000).unknown) == 10


@pytest.mark.parametrize(
    ("device", "policy", "common"),
    [
        ((1, 9), (None, None), (1, 9)),
        ((None, None), (2, 8), (2, 8)),
        ((1, 9), (2, 8), (2, 8)),
        ((3, 7), (2, 8), (3, 7)),
        ((3, None), (None, 8), (3, 8)),
        ((5, None), (None, 5), (5, 5)),
    ],
)
def test_a_key_is_valid_while_its_device_and_its_policy_are(
    device: tuple[int, int], policy: tuple[int, int], common: tuple[int, int]
) -> None:
    record = record_under(f"<Policy>{dates(*policy)}</Policy>", dates(*device))
    assert record.not_before == datetime(2026, 1, common[0], tzinfo=UTC)
    assert record.not_after == datetime(2026, 1, common[1], tzinfo=UTC)


def test_a_key_that_is_never_valid_is_malformed() -> None:
    text = with_policy(f"<Policy>{dates(8, None)}</Policy>", dates(1, 7))
    assert isinstance(refused(text), Malformed)


def test_two_policies_are_malformed() -> None:
    assert "stands there twice" in refused(with_policy("<Policy/><Policy/>")).reason


def test_hotp_computes_with_no_pin() -> None:
    error = refused(with_policy('<Policy><PINPolicy PINUsageMode="Algorithmic"/></Policy>'))
    assert "Algorithmic" in error.reason


def test_totp_may_compute_with_a_pin() -> None:
    policy = '<Policy><PINPolicy PINUsageMode="Algorithmic"/></Policy>'
    text = made(Order((Tokens(1),))).decode()
    assert read(changed(text, "</Data>", f"</Data>{policy}"))[0].policy is not None


def test_usages_without_end_are_refused() -> None:
    error = refused(with_policy(f"<Policy>{'<KeyUsage>OTP</KeyUsage>' * 20_000}</Policy>"))
    assert isinstance(error, LimitExceeded)


def test_a_pin_that_the_device_checks_is_fine() -> None:
    policy = policy_of('<PINPolicy PINUsageMode="Local"/>')
    assert policy.pin == PinPolicy(usage=PinUsage.LOCAL)
