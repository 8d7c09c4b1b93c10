"""How HOTP and TOTP tokens compute, as their key packages say it."""

import pytest

from importers import Digest, HotpParameters, Malformed, TotpParameters, Unsupported
from tests.support.pskc_maker import Hotp, Order, Tokens, Totp
from tests.unit.importers.reading import changed, figure, made, read, refused

HOTP = "urn:ietf:params:xml:ns:keyprov:pskc:hotp"
CARD = made(Order((Tokens(1),))).decode()


@pytest.mark.parametrize("digits", [6, 7, 8])
@pytest.mark.parametrize("step_s", [30, 60])
@pytest.mark.parametrize("digest", list(Digest))
def test_time_based_tokens_are_read(digits: int, step_s: int, digest: Digest) -> None:
    record = read(made(Order((Tokens(1, Totp(digits, step_s, digest)),))))[0]
    assert record.parameters == TotpParameters(digest, digits, step_s)


@pytest.mark.parametrize("counter", [0, 1, 2**63 - 1])
def test_event_based_tokens_are_read(counter: int) -> None:
    record = read(made(Order((Tokens(1, Hotp(9, counter)),))))[0]
    assert record.parameters == HotpParameters(Digest.SHA1, 9, counter)


def test_tokens_that_differ_within_a_file_are_told_apart() -> None:
    kinds: tuple[Hotp | Totp, ...] = (Totp(6), Totp(8), Hotp(6, 5), Hotp(6, 6), Totp(6))
    runs = tuple(Tokens(1, kind, first_serial=n) for n, kind in enumerate(kinds))
    parameters = [record.parameters for record in read(made(Order(runs)))]
    assert parameters == [
        TotpParameters(Digest.SHA1, 6, 30),
        TotpParameters(Digest.SHA1, 8, 30),
        HotpParameters(Digest.SHA1, 6, 5),
        HotpParameters(Digest.SHA1, 6, 6),
        TotpParameters(Digest.SHA1, 6, 30),
    ]


@pytest.mark.parametrize(
    "uri",
    ["http://www.ietf.org/keyprov/pskc#hotp", "urn:ietf:params:xml:ns:keyprov:pskc#HOTP", "HOTP"],
)
def test_an_algorithm_is_known_by_the_last_part_of_its_name(uri: str) -> None:
    assert isinstance(read(changed(figure(3), HOTP, uri))[0].parameters, HotpParameters)


@pytest.mark.parametrize("suite", ["SHA256", "SHA-256", "hmac-sha256", "HMAC-SHA-256"])
def test_a_suite_is_known_by_its_usual_spellings(suite: str) -> None:
    parameters = read(changed(CARD, "<Suite>HMAC-SHA1<", f"<Suite>{suite}<"))[0].parameters
    assert isinstance(parameters, TotpParameters)
    assert parameters.digest is Digest.SHA256


def test_an_unknown_suite_is_repeated_in_part_only() -> None:
    seed = "3132333435363738393031323334353637383930"
    error = refused(changed(CARD, "<Suite>HMAC-SHA1<", f"<Suite>{seed}<"))
    assert isinstance(error, Unsupported)
    assert seed[:24] in error.reason
    assert seed[:25] not in error.reason


def test_a_missing_suite_and_time_are_defaults_and_named() -> None:
    text = changed(CARD, "<Suite>HMAC-SHA1</Suite>", "")
    record = read(changed(text, "<Time><PlainValue>0</PlainValue></Time>", ""))[0]
    assert record.parameters == TotpParameters(Digest.SHA1, 6, 30)
    assert record.provenance.defaults_used == ("Suite", "Time")


def test_time_and_drift_count_steps() -> None:
    text = changed(CARD, "<Time><PlainValue>0<", "<Time><PlainValue>7<")
    drift = "<TimeDrift><PlainValue>-4</PlainValue></TimeDrift></Data>"
    record = read(changed(text, "</Data>", drift))[0]
    assert record.parameters == TotpParameters(Digest.SHA1, 6, 30, time_steps=7, drift_steps=-4)


def test_a_missing_step_is_not_guessed() -> None:
    interval = "<TimeInterval><PlainValue>30</PlainValue></TimeInterval>"
    error = refused(changed(CARD, interval, ""))
    assert "TimeInterval is missing" in error.reason


@pytest.mark.parametrize("step", ["0", "121", "172800", "-30", "30.0", "30000"])
def test_a_step_outside_1_to_120_seconds_is_refused(step: str) -> None:
    error = refused(
        changed(CARD, "<TimeInterval><PlainValue>30<", f"<TimeInterval><PlainValue>{step}<")
    )
    assert isinstance(error, Malformed)
    assert (error.path or "").endswith("/TimeInterval/PlainValue")


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("CheckDigits", "false"), ("CheckDigit", "0"), ("Format", "DECIMAL")],
)
def test_spellings_of_the_text_and_the_schema_are_both_read(attribute: str, value: str) -> None:
    text = changed(figure(3), 'Length="8"', f'Length="8" {attribute}="{value}"')
    parameters = read(text)[0].parameters
    assert isinstance(parameters, HotpParameters)
    assert parameters.digits == 8


def test_format_may_stand_for_encoding() -> None:
    assert len(read(changed(figure(3), "Encoding=", "Format="))) == 1


def test_a_check_digit_that_is_no_boolean_is_malformed() -> None:
    text = changed(figure(3), 'Length="8"', 'Length="8" CheckDigits="maybe"')
    assert isinstance(refused(text), Malformed)
