"""A transport key that is brought in never becomes a Python object: the process's memory is read.

All keys begin with the same ten random octets, which the child never sees: neither in what it is
given, nor afterwards.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hsm import Location, TransportCeremony, TransportKind
from tests.support.jwe_maker import Jwe, jwk, written
from tests.support.memory import count, needs_proc_mem, regions, spellings
from tests.support.softhsm import TEST_PIN, pin, store, vault_location

KEYS = 20
ROOT = Path(__file__).parents[3]
CHILD = Path(__file__).with_name("transport_child.py")
OAEP = padding.OAEP(padding.MGF1(SHA1()), SHA1(), None)

pytestmark = needs_proc_mem


def _pair(place: Location) -> RSAPublicKey:
    with TransportCeremony(place, pin()) as ceremony:
        report = ceremony.make_pair("pair", TransportKind.RSA_2048)
    key = load_der_public_key(report.public_key or b"")
    assert isinstance(key, RSAPublicKey)
    return key


def _deliveries(way: str, marker: bytes, pair: RSAPublicKey) -> Iterator[str]:
    while True:
        key = marker + os.urandom(22)
        if way == "components":
            first = os.urandom(32)
            other = bytes(a ^ b for a, b in zip(first, key, strict=True))
            yield f"{way} {first.hex()} {other.hex()}"
        elif way == "passphrase":
            yield f"{way} {written(Jwe(jwk(key))).hex()}"
        else:
            between = os.urandom(32)
            blob = pair.encrypt(between, OAEP) + aes_key_wrap_with_padding(between, key)
            yield f"{way} {blob.hex()}"


@pytest.mark.parametrize("way", ["components", "passphrase", "wrapped", "page"])
def test_no_key_is_left_in_memory(way: str) -> None:
    marker, place = os.urandom(10), vault_location("memory")
    lines = [
        f"{place.library} {place.token_label} {TEST_PIN}",
        *islice(_deliveries(way, marker, _pair(place)), KEYS),
        "",
    ]
    environment = os.environ | {"SOFTHSM2_CONF": str(store()), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, str(CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write("\n".join(lines) + "\n")
        child.stdin.flush()
        number, *said = child.stdout.readline().split()
        counts, searched = count(regions(child.pid), spellings(marker))
        child.stdin.write("\n")
        child.stdin.flush()
    inside = way == "wrapped"
    assert (number, " ".join(said)) == (
        str(KEYS),
        "unwrapped inside the module"
        if inside
        else "through one locked page of this process's memory",
    )
    assert searched > 1_000_000
    assert counts == dict.fromkeys(counts, 0)
