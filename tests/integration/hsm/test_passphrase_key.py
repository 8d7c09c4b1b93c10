"""A transport key in a JWE under a passphrase comes into the module, or says why it does not."""

import base64
import os
from collections.abc import Iterator
from itertools import count

import pytest

from hsm import (
    Integrity,
    KeyNotFound,
    Location,
    Policy,
    TransportCeremony,
    TransportKind,
    TransportOrder,
)
from hsm.page import LockedPage
from hsm.passphrase_key import _parsed, _unwrap_content_key
from hsm.standard_check import in_memory
from tests.support.jwe_maker import PASSPHRASE, Jwe, base64url, jwk, written
from tests.support.softhsm import pin

ALGORITHMS = ["PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW"]
ENCRYPTIONS = [
    *("A128GCM", "A192GCM", "A256GCM"),
    *("A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"),
]
KIND = TransportKind.AES_256
NUMBERS = count()


@pytest.fixture
def ceremony(location: Location) -> Iterator[TransportCeremony]:
    with TransportCeremony(location, pin()) as ceremony:
        yield ceremony


def opened(
    ceremony: TransportCeremony,
    jwe: bytes,
    passphrase: bytes = PASSPHRASE,
    kind: TransportKind = KIND,
) -> str:
    """The check value of the key in `jwe`, which was kept."""
    order = TransportOrder(f"passphrase {next(NUMBERS)}", kind)
    source = ceremony.under_passphrase(kind, jwe, bytearray(passphrase))
    try:
        return ceremony.bring_in(order, source).zeros
    except (Policy, Integrity):
        with pytest.raises(KeyNotFound):
            ceremony.report(order.label, kind)
        raise


@pytest.mark.parametrize("encryption", ENCRYPTIONS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_form_of_rfc_7518_is_opened(
    ceremony: TransportCeremony, algorithm: str, encryption: str
) -> None:
    key = os.urandom(32)
    jwe = written(Jwe(jwk(key, kid="2026-11"), algorithm, encryption))
    assert opened(ceremony, jwe + b"\n") == in_memory("AES", bytearray(key)).zeros


@pytest.mark.parametrize("kind", [kind for kind in TransportKind if kind.algorithm != "RSA"])
def test_a_key_of_each_kind_is_opened(ceremony: TransportCeremony, kind: TransportKind) -> None:
    key = os.urandom(kind.octets)
    shown = opened(ceremony, written(Jwe(jwk(key))), kind=kind)
    assert shown == in_memory(kind.algorithm, bytearray(key)).zeros


def test_the_content_key_of_rfc_7517_appendix_c_comes_out() -> None:
    header = {
        "alg": "PBES2-HS256+A128KW",
        "p2s": "2WCTcJZ1Rvd_CJuJripQ1w",
        "p2c": 4096,
        "enc": "A128CBC-HS256",
        "cty": "jwk+json",
    }
    spelt = base64url(str(header).replace("'", '"').encode())
    wrapped = "TrqXOwuNUfDV9VPTNbyGvEJ9JMjefAVn-TR1uIxR9p6hsRQh9Tk7BA"
    page = LockedPage()
    _unwrap_content_key(page, _parsed(f"{spelt}.{wrapped}...".encode()), bytearray(PASSPHRASE))
    expected = "6f1b193442 1d144e5cb038f041d05270a1832437caecb9ac811799c2c330fdb6"
    assert bytes(page.view[:32]).hex() == expected.replace(" ", "")


@pytest.mark.parametrize("encryption", ["A256GCM", "A128CBC-HS256"])
def test_another_passphrase_opens_nothing(ceremony: TransportCeremony, encryption: str) -> None:
    jwe = written(Jwe(jwk(os.urandom(32)), encryption=encryption))
    with pytest.raises(Integrity, match="passphrase does not open"):
        opened(ceremony, jwe, b"another one")


@pytest.mark.parametrize("encryption", ["A256GCM", "A128CBC-HS256"])
@pytest.mark.parametrize("part", [1, 2, 3, 4])
def test_a_change_of_any_part_is_noticed(
    ceremony: TransportCeremony, encryption: str, part: int
) -> None:
    parts = written(Jwe(jwk(os.urandom(32)), encryption=encryption)).split(b".")
    octets = bytearray(base64.urlsafe_b64decode(parts[part] + b"=="))
    octets[0] ^= 1
    parts[part] = base64url(bytes(octets)).encode()
    with pytest.raises(Integrity):
        opened(ceremony, b".".join(parts))


def test_a_changed_header_is_noticed(ceremony: TransportCeremony) -> None:
    jwe = written(Jwe(jwk(os.urandom(32)), extra=(("cty", "jwk+json"),)))
    other = written(Jwe(jwk(os.urandom(32)), extra=(("cty", "jwk+json"),)))
    parts, others = jwe.split(b"."), other.split(b".")
    with pytest.raises(Integrity):
        opened(ceremony, b".".join([others[0], *parts[1:]]))


CONTENTS = [
    (b"\x01" * 32, "no JWK"),
    (b'{"kty":"RSA","k":"AAAA"}', "not of type oct"),
    (b'["k"]', "no JWK"),
    (b'{"kty":"oct","k":"AAAA"', "no JSON"),
    (b'"k":"AAAA"', "no JSON"),
    (b'{"kty":"oct","k":"AAAA","k":"BBBB"}', "more than one"),
    (b'{"kty":"oct","k":"AAAA","other":{"k" : "BBBB"}}', "more than one"),
    (b'{"kty":"oct","k":"AAAA","k":"\\u0042BBB"}', "more than one"),
    (b'{"kty":"oct","k":"AAAA","\\u006b":"BBBB"}', "more than one"),
    (b'{"kty":"oct","k":"AAAA"}', "3 octets"),
    (b'{"kty":"oct","k":""}', "0 octets"),
    (jwk(bytes(32)), "all zeros"),
]


@pytest.mark.parametrize(("content", "match"), CONTENTS)
def test_what_is_no_key_makes_none(ceremony: TransportCeremony, content: bytes, match: str) -> None:
    with pytest.raises(Policy, match=match):
        opened(ceremony, written(Jwe(content)))


REFUSED = [
    (b"", "five parts"),
    (b"a.b.c", "five parts"),
    (b"!.!.!.!.!", "cannot be read"),
    (b"e30....", "cannot be read"),
    (b"x" * 5000, "longer than"),
    (written(Jwe(jwk(bytes(32)), extra=(("crit", ["exp"]),))), "crit"),
    (written(Jwe(jwk(bytes(32)), extra=(("zip", "DEF"),))), "zip"),
    (written(Jwe(jwk(bytes(32)), extra=(("p2c", 10_000_001),))), "iterations"),
    (written(Jwe(jwk(bytes(32)), extra=(("p2c", 999),))), "iterations"),
    (written(Jwe(jwk(bytes(32)), extra=(("p2c", True),))), "iterations"),
    (written(Jwe(jwk(bytes(32)), extra=(("p2s", "AAAA"),))), "salt"),
    (written(Jwe(jwk(bytes(32)), extra=(("alg", "dir"),))), "none of those"),
    (written(Jwe(jwk(bytes(32)), extra=(("enc", "none"),))), "none of those"),
    (written(Jwe(b"x" * 1100)), "too long"),
]


@pytest.mark.parametrize(("jwe", "match"), REFUSED)
def test_what_is_no_such_jwe_is_refused_before_the_passphrase_is_tried(
    ceremony: TransportCeremony, jwe: bytes, match: str
) -> None:
    with pytest.raises(Policy, match=match):
        opened(ceremony, jwe)
