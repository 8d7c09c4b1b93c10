"""A token leaves quarantine only where this version does what it was kept for."""

import pytest

from seedvault.domain.errors import Conflict
from seedvault.domain.oath import KeptParameters
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.parameters import Parameters
from seedvault.domain.quarantine import released, why_kept
from seedvault.domain.token import InStock, Progress, Quarantined
from tests.support.tokens import HOTP, NOON, OCRA, TOTP, device

PROGRESS = Progress(7, NOON, drift_steps=2)
UNANSWERED = "OCRA responses are not verified by this version"
UNCOUNTED = "its policy allows 9 uses, which are not counted here"


def kept(reason: str, parameters: Parameters = OCRA) -> Quarantined:
    return Quarantined(device(1, parameters), PROGRESS, reason)


@pytest.mark.parametrize(
    "parameters", [HOTP, TOTP, OCRA, OcraParameters("OCRA-1:HOTP-SHA1-0:QN08")]
)
def test_what_is_verified_is_not_kept(parameters: Parameters) -> None:
    assert why_kept(parameters) is None


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (OcraParameters("OCRA-1:HOTP-SHA1-4:QN08"), "of 4 digits are guessed too easily"),
        (OcraParameters("OCRA-1:HOTP-SHA1-5:QN08"), "of 5 digits"),
        (KeptParameters("yubico", "vv"), "Yubico"),
        (KeptParameters("other", "x"), "other"),
    ],
)
def test_what_is_not_is_kept_and_why(parameters: Parameters, words: str) -> None:
    assert words in (why_kept(parameters) or "")
    with pytest.raises(Conflict, match=words):
        released(kept(UNANSWERED, parameters))


def test_a_token_that_was_kept_for_its_responses_is_released_as_it_stands() -> None:
    assert released(kept(UNANSWERED)) == InStock(device(1, OCRA), PROGRESS)


def test_a_token_that_was_kept_for_its_uses_is_released_with_their_limit() -> None:
    token = released(kept(UNCOUNTED, TOTP))
    assert (token.device.use_limit, token.device.parameters) == (9, TOTP)


@pytest.mark.parametrize(
    "reason",
    [
        "its policy permits Encrypt only",
        "its policy is not understood: /Policy/New",
        "its policy asks for a PIN with the code, which is not verified here",
        f"{UNCOUNTED} ",
        UNCOUNTED.replace("9", "\u0669"),
        "",
    ],
)
def test_any_other_reason_still_holds(reason: str) -> None:
    with pytest.raises(Conflict, match="GALT10000001 stays in quarantine"):
        released(kept(reason, TOTP))
