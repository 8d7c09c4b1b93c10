"""What `require_fips` refuses, rule by rule, and what it lets pass."""

from dataclasses import replace

import pytest

from seedvault.domain import fips
from seedvault.domain.fips import Handling, ModuleWords, Protected, Stretching

GOOD = Protected("AES-128-CBC", "HMAC-SHA1")
STRETCHED = replace(GOOD, stretching=Stretching("PBKDF2", 1_000, 16, 16))
INSIDE = Handling()


def _stretched(**changes: int | str) -> Protected:
    assert STRETCHED.stretching
    return replace(STRETCHED, stretching=replace(STRETCHED.stretching, **changes))  # type: ignore[arg-type]  # each test's own


@pytest.mark.parametrize(
    "file",
    [
        GOOD,
        STRETCHED,
        Protected("AES-256-GCM"),
        Protected("RSA-OAEP-SHA256", "HMAC-SHA256"),
        Protected("RSA-OAEP-SHA1", "HMAC-SHA512"),  # SHA-1 outside of signatures is acceptable
    ],
)
def test_approved_protection_passes(file: Protected) -> None:
    assert fips.of_file(file, INSIDE) == ()


@pytest.mark.parametrize(
    ("file", "what", "clause"),
    [
        (Protected(None), "in the clear", "IG 9.5.A"),
        (Protected("3DES-CBC", "HMAC-SHA1"), "3DES", "SP 800-131A r2 sections 2 and 7"),
        (Protected("3DES-KW"), "3DES", "SP 800-131A r2 sections 2 and 7"),
        (Protected("CAMELLIA-256-CBC", "HMAC-SHA1"), "Camellia", "SP 800-140C"),
        (Protected("RSA-1-5", "HMAC-SHA1"), "PKCS#1 v1.5", "SP 800-131A r2 section 6"),
        (replace(GOOD, value_mac="HMAC-MD5"), "HMAC-MD5", "SP 800-131A r2 section 10"),
        (_stretched(scheme="scrypt"), "scrypt", "SP 800-132"),
        (_stretched(iterations=999), "999 iterations", "SP 800-132 section 5.2"),
        (_stretched(salt_octets=15), "salt of 120 bit", "SP 800-132 section 5.1"),
        (_stretched(key_octets=13), "key of 104 bit", "SP 800-132 section 5"),
    ],
)
def test_what_a_file_is_not_approved_for_is_named_with_its_clause(
    file: Protected, what: str, clause: str
) -> None:
    (found,) = fips.of_file(file, INSIDE)

    assert what in found.what
    assert clause in found.clause
    assert str(found) == f"{found.what} ({found.clause})"


@pytest.mark.parametrize(
    ("handling", "what"),
    [
        (Handling(by_software=True), "does not undo the file's cipher"),
        (Handling(container_opened=True), "zip or PGP"),
        (Handling(exportable=True), "IV made outside"),
    ],
)
def test_what_this_vault_would_do_in_its_own_process_is_named(
    handling: Handling, what: str
) -> None:
    (found,) = fips.of_file(GOOD, handling)

    assert what in found.what


def test_everything_is_named_at_once() -> None:
    file = Protected("3DES-CBC", "HMAC-SHA1", Stretching("PBKDF2", 1, 8, 24))

    found = fips.of_file(file, Handling(by_software=True))

    assert len(found) == 4
    assert fips.listed(found).count("\n") == 3


@pytest.mark.parametrize(
    ("module", "refused"),
    [
        (ModuleWords("SoftHSM", is_software=True, says_fips=False), True),
        (ModuleWords("Mozilla Foundation", is_software=True, says_fips=True), False),
        (ModuleWords("SafeNet", is_software=False, says_fips=False), False),
    ],
)
def test_software_that_does_not_say_fips_is_no_module(module: ModuleWords, refused: bool) -> None:
    assert bool(fips.of_module(module)) is refused


@pytest.mark.parametrize(
    ("blob_format", "refused"),
    [
        ("AES key wrap (RFC 3394), 0x2109", False),
        ("AES-CBC-PAD, which the row's seal alone protects, 0x1085", True),
        (None, False),
    ],
)
def test_blobs_are_under_a_key_wrap(blob_format: str | None, refused: bool) -> None:
    assert bool(fips.of_blobs(blob_format)) is refused


@pytest.mark.parametrize("octets_of", ["AES-128", "AES-256"])
def test_a_transport_key_is_looked_at_by_its_kind_alone(octets_of: str) -> None:
    assert fips.of_transport_key(octets_of) == ()
    assert "3DES" in fips.of_transport_key("3DES")[0].what


@pytest.mark.parametrize(("octets", "refused"), [(10, True), (13, True), (14, False), (20, False)])
def test_a_seed_under_112_bit_is_no_key(octets: int, refused: bool) -> None:
    assert bool(fips.of_seed(octets)) is refused
