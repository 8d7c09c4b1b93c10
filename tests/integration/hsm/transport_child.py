"""Brings transport keys in as it is told, says so, and waits to be read.

Lines of standard input: library, label and PIN; `way hex [hex]` for each key; an empty one.
"""

import sys
from pathlib import Path

from hsm import (
    Component,
    Location,
    Pin,
    TransportCeremony,
    TransportKind,
    TransportOrder,
    WrappedTransportKey,
)
from hsm.standard_check import in_memory
from hsm.translate import Rv
from hsm.transport_ceremony import OpenedSource
from tests.support.jwe_maker import PASSPHRASE
from tests.support.softhsm import returning

KIND = TransportKind.AES_256


def component(digits: str) -> Component:
    octets = bytearray.fromhex(digits)
    return Component(octets, in_memory("AES", octets).zeros)


def opened(ceremony: TransportCeremony, way: str, *values: str) -> OpenedSource:
    if way == "components":
        return ceremony.of_components(KIND, [component(value) for value in values])
    octets = bytes.fromhex(values[0])
    if way == "passphrase":
        return ceremony.under_passphrase(KIND, octets, bytearray(PASSPHRASE))
    return ceremony.unwrapping(KIND, WrappedTransportKey(octets, "pair"))


def main() -> None:
    library, label, secret = sys.stdin.readline().split()
    place, ways = Location(Path(library), label), []
    with TransportCeremony(place, Pin(bytearray(secret.encode()))) as ceremony:
        number = 0
        while words := sys.stdin.readline().split():
            number += 1
            source, order = opened(ceremony, *words), TransportOrder(f"key {number}", KIND)
            cryptoki = ceremony._connection.module.cryptoki
            lacking = [Rv.MECHANISM_INVALID] if words[0] == "page" else []
            with returning(cryptoki, "unwrap_key", *lacking):
                ways.append(ceremony.bring_in(order, source).way.value)
        sys.stdout.write(f"{len(ways)} {' '.join(sorted(set(ways)))}\n")
        sys.stdout.flush()
        sys.stdin.readline()


main()
