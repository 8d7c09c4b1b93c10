"""A module is examined by known answers; one whose answers differ from the standards' is known."""

from collections.abc import Callable, Iterator

import pytest

from hsm import Demands, Outcome, Policy, Tier, Unsupported, Weakness, prepare
from hsm.connection import Connection
from hsm.findings import Report
from hsm.model import BlobFormat, Digest, Location
from hsm.probe import examine
from hsm.session import Session
from hsm.translate import Rv
from tests.support.objects import count_objects
from tests.support.softhsm import TEST_SO_PIN, fresh_location, pin, returning


@pytest.fixture(scope="module")
def empty() -> Location:
    """A PKCS#11 token on which no ceremony was held."""
    location = fresh_location("examined")
    prepare(location, pin(), pin(TEST_SO_PIN))
    return location


@pytest.fixture
def connection(empty: Location) -> Iterator[Connection]:
    """A login to it."""
    opened = Connection(empty, pin())
    yield opened
    opened.close()


def outcomes(report: Report) -> dict[str, Outcome]:
    """What came of each check, by its name."""
    return {check.name: check.outcome for check in report.checks}


def test_softhsm_holds_a_vault_and_imports_by_the_locked_page(connection: Connection) -> None:
    report = examine(connection)

    assert report.is_fit
    assert report.weaknesses == ()
    assert (report.import_tier, report.verify_tier) == (Tier.NARROW, Tier.INSIDE)
    assert report.wrapping is not None
    assert report.wrapping.format is BlobFormat.AES_KW
    assert report.guards_unwrapping
    assert report.facts.is_software


def test_what_a_vendors_number_really_is_is_told(connection: Connection) -> None:
    (padded,) = (each for each in examine(connection).checks if "0x210a" in each.name)

    assert padded.outcome is Outcome.NO
    assert padded.meaning == "it is RFC 5649 of a key that is lengthened by zeros: not used"


def test_an_examination_leaves_nothing_behind(connection: Connection) -> None:
    before = count_objects(connection)

    examine(connection)

    assert count_objects(connection) == before


def test_a_key_wrap_that_is_not_rfc_3394_is_no_key_wrap(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrap: Callable[..., bytes] = Session.wrap
    monkeypatch.setattr(Session, "wrap", lambda *asked: wrap(*asked)[::-1])

    report = examine(connection)

    assert report.lacking == ("a way to wrap keys",)
    assert report.verify_tier is None
    with pytest.raises(Unsupported, match="lacks a way to wrap keys"):
        Demands().refuse(report)


def test_a_wrong_hmac_is_no_hmac(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    hmac: Callable[[Session, int, Digest, bytes], bytes] = Session.hmac

    def wrong(session: Session, key: int, digest: Digest, message: bytes) -> bytes:
        right = hmac(session, key, digest, message)
        return right[::-1] if digest is Digest.SHA512 else right

    monkeypatch.setattr(Session, "hmac", wrong)

    report = examine(connection)

    assert report.lacking == ("HMAC-SHA-512",)
    assert outcomes(report)["HMAC-SHA-512"] is Outcome.NO


def test_a_module_that_shows_sensitive_values_holds_no_vault(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "attribute", lambda *_asked: b"value")

    report = examine(connection)

    assert "a module that keeps sensitive values" in report.lacking
    assert Weakness.UNWRAPS_READABLE in report.weaknesses


def test_an_error_in_place_of_a_refusal_is_not_taken_for_one(connection: Connection) -> None:
    cryptoki = connection.module.cryptoki

    with returning(cryptoki, "get_attribute_value", *[Rv.GENERAL_ERROR] * 99):
        report = examine(connection)

    assert outcomes(report)["to show a sensitive value"] is Outcome.ERROR
    assert "a module that keeps sensitive values" in report.lacking


def test_a_lower_tier_than_the_least_is_refused(connection: Connection) -> None:
    with pytest.raises(Policy, match='imports by tier B, and min_tier = "A"'):
        Demands(min_tier=Tier.INSIDE).refuse(examine(connection))
