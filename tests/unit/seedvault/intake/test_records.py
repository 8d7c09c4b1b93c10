"""What one record of a seed file is to the vault: usable, or kept and why not."""

from dataclasses import replace

import pytest

import importers
from importers import PinPolicy, PinUsage, Policy
from seedvault.domain.errors import InvalidInput
from seedvault.domain.oath import Digest, HotpParameters, KeptParameters, TotpParameters
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.token import InStock, Quarantined
from seedvault.intake.records import check_said, delivered
from seedvault.service.seed_files import Terms
from tests.support.tokens import NOON

SUITE = "OCRA-1:HOTP-SHA256-8:QN08"


def record(parameters: importers.Parameters | None = None) -> importers.SeedRecord:
    return importers.SeedRecord(
        serial="GALT10000001",
        parameters=parameters or importers.TotpParameters(importers.Digest.SHA1, 6, 30),
        seed=importers.PlainSeed(b"12345678901234567890"),
        provenance=importers.Provenance(line=7, index=0),
    )


def reason(given: importers.SeedRecord) -> str | None:
    token = delivered(given, NOON).token
    return token.reason if isinstance(token, Quarantined) else None


def test_a_plain_record_is_in_stock() -> None:
    token = delivered(record(), NOON).token
    assert isinstance(token, InStock)
    assert token.device.parameters == TotpParameters(Digest.SHA1, 6, 30)


def test_a_clock_that_starts_later_keeps_its_start() -> None:
    parameters = importers.TotpParameters(importers.Digest.SHA1, 6, 30, t0_s=946_684_800)
    found = delivered(record(parameters), NOON).token.device.parameters
    assert found == TotpParameters(Digest.SHA1, 6, 30, 946_684_800)


def test_a_start_in_time_steps_is_not_understood() -> None:
    with pytest.raises(InvalidInput, match="only 0 is understood"):
        delivered(record(importers.TotpParameters(importers.Digest.SHA1, 6, 30, 5)), NOON)


def test_a_counter_near_its_end_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no room to count on"):
        delivered(record(importers.HotpParameters(importers.Digest.SHA1, 6, 2**62 + 1)), NOON)


def test_a_counter_begins_where_the_file_says() -> None:
    token = delivered(record(importers.HotpParameters(importers.Digest.SHA1, 6, 9)), NOON).token
    assert token.device.parameters == HotpParameters(Digest.SHA1, 6)
    assert token.progress.next_factor == 9


def test_an_ocra_key_is_in_stock_with_its_suite() -> None:
    token = delivered(record(importers.OcraParameters(SUITE, 3, 2)), NOON).token
    assert isinstance(token, InStock)
    assert token.device.parameters == OcraParameters(SUITE)
    assert (token.progress.next_factor, token.progress.drift_steps) == (3, 2)


@pytest.mark.parametrize("digits", [4, 5])
def test_an_ocra_key_of_short_responses_is_kept(digits: int) -> None:
    suite = f"OCRA-1:HOTP-SHA1-{digits}:QN08"
    assert "guessed too easily" in (reason(record(importers.OcraParameters(suite))) or "")


def test_an_ocra_suite_without_a_hash_is_refused() -> None:
    with pytest.raises(InvalidInput, match="HOTP-MD5-6"):
        delivered(record(importers.OcraParameters("OCRA-1:HOTP-MD5-6:QN08")), NOON)


def test_a_yubikey_is_kept_with_its_ids() -> None:
    token = delivered(record(importers.YubicoOtpParameters("vvcc", b"\x01" * 6)), NOON).token
    assert isinstance(token, Quarantined)
    assert token.device.parameters == KeptParameters("yubico", "vvcc 010101010101")


def test_a_pin_is_no_token() -> None:
    with pytest.raises(InvalidInput, match="is a PIN"):
        delivered(record(importers.PinParameters()), NOON)


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (Policy(unknown=("/Policy/New",)), "not understood: /Policy/New"),
        (Policy(key_usage=frozenset({"Encrypt"})), "permits Encrypt only"),
        (Policy(pin=PinPolicy(usage=PinUsage.PREPEND)), "asks for a PIN"),
        (Policy(pin=PinPolicy(key_id="pin1")), "asks for a PIN"),
    ],
)
def test_a_policy_that_is_not_enforced_keeps_the_key_in_quarantine(
    policy: Policy, words: str
) -> None:
    assert words in (reason(replace(record(), policy=policy)) or "")


@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy(key_usage=frozenset({"OTP", "Verify"})),
        Policy(pin=PinPolicy(usage=PinUsage.LOCAL, max_failures=3)),
    ],
)
def test_a_policy_that_asks_nothing_of_us_leaves_the_token_usable(policy: Policy) -> None:
    assert reason(replace(record(), policy=policy)) is None


@pytest.mark.parametrize(
    ("policy", "most"), [(None, None), (Policy(), None), (Policy(max_transactions=9), 9)]
)
def test_how_often_a_token_may_be_used_comes_with_it(
    policy: Policy | None, most: int | None
) -> None:
    token = delivered(replace(record(), policy=policy), NOON).token
    assert isinstance(token, InStock)
    assert token.device.use_limit == most


@pytest.mark.parametrize(
    ("named", "user"),
    [(None, None), ("alice", "alice"), ("CN=Alice", "Alice"), ("uid=a,ou=x", "uid=a,ou=x")],
)
def test_whom_the_file_names_is_a_proposal(named: str | None, user: str | None) -> None:
    assert delivered(replace(record(), proposed_user=named), NOON).user == user


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (Terms(kind="hotp"), "--type hotp was given, and the file says totp"),
        (Terms(digits=8), "--digits 8 was given, and the file says 6"),
        (Terms(step_s=60), "--step 60 was given, and the file says 30"),
        (Terms(digest=Digest.SHA256), "--hash SHA256 was given, and the file says SHA1"),
    ],
)
def test_a_file_that_says_otherwise_than_the_operator_is_refused(terms: Terms, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        check_said(record(), terms)


def test_a_file_that_says_what_the_operator_does_is_taken() -> None:
    check_said(record(), Terms(kind="totp", digits=6, step_s=30, digest=Digest.SHA1))
    check_said(record(importers.OcraParameters(SUITE)), Terms(digits=8))


def test_a_step_for_tokens_that_have_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match="--step 30"):
        check_said(record(importers.HotpParameters(importers.Digest.SHA1, 6, 0)), Terms(step_s=30))
