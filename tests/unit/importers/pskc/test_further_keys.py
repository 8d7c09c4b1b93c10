"""Devices with several keys: one record each, and a serial for each that makes codes."""

import pytest

from importers import (
    HotpParameters,
    LimitExceeded,
    PinParameters,
    PlainSeed,
    TotpParameters,
    Unsupported,
)
from tests.unit.importers.reading import changed, figure, passed_over, read, refused

SERIAL = "987654321"
PSKC = "urn:ietf:params:xml:ns:keyprov:pskc"
BODY = figure(3)
KEY = BODY[BODY.index("        <Key Id") : BODY.index("    </KeyPackage>")]
BEFORE, AFTER = BODY.split(KEY)


def key(key_id: str, name: str = "hotp", seed: str = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=") -> str:
    text = changed(KEY, 'Id="12345678"', f'Id="{key_id}"')
    text = changed(text, f"{PSKC}:hotp", f"{PSKC}:{name}")
    return changed(text, "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", seed)


def device(*keys: str, behind: str = "") -> str:
    return BEFORE + "".join(keys) + behind + AFTER


@pytest.mark.parametrize("mark", [":", "#"])
def test_further_keys_get_their_id_as_serial(mark: str) -> None:
    records = read(device(key(f"{SERIAL}{mark}1"), key(f"{SERIAL}{mark}2")))
    assert [record.serial for record in records] == [SERIAL, f"{SERIAL}{mark}2"]
    assert [record.key_id for record in records] == [f"{SERIAL}{mark}1", f"{SERIAL}{mark}2"]


def test_a_key_tells_its_number_in_a_package_of_its_own_as_well() -> None:
    assert read(device(key(f"{SERIAL}:2")))[0].serial == f"{SERIAL}:2"


@pytest.mark.parametrize("key_id", ["12345678", f"{SERIAL}2", f"{SERIAL}:", f"{SERIAL}:{'2' * 60}"])
def test_an_id_that_tells_no_number_is_no_serial(key_id: str) -> None:
    assert read(device(key(key_id)))[0].serial == SERIAL


def test_each_key_has_its_own_seed_and_parameters() -> None:
    second = changed(key(f"{SERIAL}:2", seed="MTIzNDU2Nzg5MDEyMzQ1Njc4OTE="), '"8"', '"6"')
    records = read(device(key(f"{SERIAL}:1"), second))
    assert [_digits(record.parameters) for record in records] == [8, 6]
    seeds = []
    for record in records:
        assert isinstance(record.seed, PlainSeed)
        with record.seed.expose() as octets:
            seeds.append(bytes(octets[-1:]))
    assert seeds == [b"0", b"1"]


def _digits(parameters: object) -> int:
    assert isinstance(parameters, HotpParameters | TotpParameters)
    return parameters.digits


def test_nothing_of_one_key_is_taken_for_the_next() -> None:
    second = changed(key(f"{SERIAL}:2"), "<Issuer>Issuer</Issuer>", "")
    second = changed(second, "<UserId>UID=jsmith,DC=example-bank,DC=net</UserId>", "")
    records = read(device(key(f"{SERIAL}:1"), second))
    assert [record.issuer for record in records] == ["Issuer", None]
    assert [record.proposed_user for record in records] == [
        "UID=jsmith,DC=example-bank,DC=net",
        "DC=example-bank,DC=net",
    ]


def test_each_key_knows_where_it_stands() -> None:
    places = [record.provenance for record in read(device(key("1"), key(f"{SERIAL}:2")))]
    assert [place.index for place in places] == [0, 1]
    assert [place.line for place in places] == [5, 31]


def test_what_stands_behind_the_keys_is_of_all_of_them() -> None:
    info = BODY[BODY.index("        <DeviceInfo>") : BODY.index("        <CryptoModuleInfo>")]
    text = changed(device(key(f"{SERIAL}:1"), key(f"{SERIAL}:2"), behind=info), info, "")
    text = changed(text, "<KeyPackage>", '<KeyPackage Id="p1">')
    records = read(text)
    assert [record.serial for record in records] == [SERIAL, f"{SERIAL}:2"]
    assert {record.manufacturer for record in records} == {"Manufacturer"}


def test_a_further_key_without_a_serial_of_its_own_is_refused() -> None:
    error = refused(device(key("1"), key("2")))
    assert isinstance(error, Unsupported)
    assert "no serial of its own" in error.reason


def test_a_further_key_without_a_serial_leaves_the_first() -> None:
    records, errors = passed_over(device(key("1"), key("2"), key(f"{SERIAL}:3")))
    assert [record.serial for record in records] == [SERIAL, f"{SERIAL}:3"]
    assert len(errors) == 1


def test_two_first_keys_of_one_device_are_refused() -> None:
    assert isinstance(refused(device(key(f"{SERIAL}:1"), key(f"{SERIAL}:1"))), Unsupported)


def test_a_fault_in_one_key_refuses_its_package_once() -> None:
    faulty = changed(key(f"{SERIAL}:2"), "<Issuer>", "<Colour/><Issuer>")
    records, errors = passed_over(device(key("1"), faulty, key(f"{SERIAL}:3")))
    assert records == []
    assert len(errors) == 1


def test_a_pin_keeps_its_devices_serial_and_is_linked_by_its_id() -> None:
    policy = "<Policy><PINPolicy PINKeyId='pin'/></Policy>"
    otp = changed(key("1"), "</Data>", f"</Data>{policy}")
    records = read(device(key("pin", "pin", "MTIzNA=="), otp))
    assert [record.serial for record in records] == [SERIAL, SERIAL]
    assert records[0].parameters == PinParameters()
    named = records[1].policy
    assert named is not None
    assert named.pin is not None
    assert named.pin.key_id == records[0].key_id == "pin"


def test_so_many_keys_as_no_device_has_are_refused() -> None:
    error = refused(device(*(key(f"{SERIAL}:{n}") for n in range(1, 18))))
    assert isinstance(error, LimitExceeded)
    assert "more than 16 elements Key" in error.reason
