"""A device that cannot count says so, and a new token has nothing behind it."""

import pytest

from seedvault.domain.oath import KeptParameters
from seedvault.domain.parameters import Parameters
from seedvault.domain.token import Progress
from tests.support.tokens import NOON, OCRA, TOTP, device


def test_a_token_counts_as_its_parameters_say() -> None:
    assert device(1, TOTP).counting is TOTP


def test_a_token_answers_as_its_suite_says() -> None:
    assert device(1, OCRA).answering is OCRA


@pytest.mark.parametrize("parameters", [OCRA, KeptParameters("yubico", "vv")])
def test_what_does_not_count_is_not_asked_how(parameters: Parameters) -> None:
    with pytest.raises(TypeError, match="does not count"):
        _ = device(1, parameters).counting


@pytest.mark.parametrize("parameters", [TOTP, KeptParameters("yubico", "vv")])
def test_what_does_not_answer_is_not_asked_how(parameters: Parameters) -> None:
    with pytest.raises(TypeError, match="does not answer"):
        _ = device(1, parameters).answering


def test_a_new_token_has_neither_failures_nor_uses_nor_drift() -> None:
    new = Progress(7, NOON)
    assert (new.next_factor, new.synchronised_at, new.drift_steps) == (7, NOON, 0)
    assert (new.failures, new.resyncs, new.uses, new.must_resync) == (0, 0, 0, False)
    assert (new.last_failure_at, new.resyncs_since) == (None, None)
