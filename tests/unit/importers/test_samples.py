"""Each format's sample is known by its content and gives exactly these tokens."""

import pytest

from importers import (
    FORMATS,
    Digest,
    HotpParameters,
    Instructions,
    OcraParameters,
    Parameters,
    TotpParameters,
    YubicoOtpParameters,
)
from tests.unit.importers.vendor import FORMS, SEED, SEED_32, SILENT, VECTORS, read, sample, seed_of

SHA1, SHA256, SHA512 = Digest.SHA1, Digest.SHA256, Digest.SHA512
SEED_64 = (b"1234567890" * 7)[:64]
AES_KEY = bytes(range(16))
HOTP_6 = HotpParameters(SHA1, 6, 0)
PRIVATE_ID = bytes.fromhex("0123456789ab")

SAMPLES: dict[str, list[tuple[str, Parameters, bytes]]] = {
    "linotp/sample.csv": [
        ("F000001", HOTP_6, SEED),
        ("F000002", HotpParameters(SHA256, 8, 0), SEED_32),
        ("F000003", TotpParameters(SHA1, 6, 60), SEED),
        ("F000004", TotpParameters(SHA512, 8, 30), SEED_64),
        ("F000005", OcraParameters("OCRA-1:HOTP-SHA256-6:QN08"), SEED_32),
    ],
    "privacyidea/sample.csv": [
        ("UBOM1", HotpParameters(SHA1, 6, 12), SEED),
        ("UBOM2", TotpParameters(SHA1, 8, 60), SEED),
        ("UBOM3", OcraParameters("OCRA-1:HOTP-SHA1-6:QN08"), SEED),
    ],
    "privacyidea-v2/sample.csv": [
        ("PI1", HotpParameters(SHA1, 6, 1), SEED),
        ("PI2", TotpParameters(SHA1, 6, 30), SEED),
        ("PI3", HOTP_6, SEED),
    ],
    "netiq/sample.csv": [
        ("NQ1", HotpParameters(SHA1, 8, 0), SEED),
        ("NQ2", TotpParameters(SHA1, 6, 60), SEED),
        ("NQ3", HOTP_6, SEED),
    ],
    "multiotp/sample.csv": [
        ("MO1", HotpParameters(SHA1, 6, 7), SEED),
        ("MO2", TotpParameters(SHA1, 8, 30), SEED),
    ],
    "duo/sample.csv": [("DU1", HotpParameters(SHA1, 6, 5), SEED), ("DU2", HOTP_6, SEED)],
    "pingid/sample.csv": [("PG1", HOTP_6, SEED), ("PG2", HotpParameters(SHA1, 6, 3), SEED)],
    "ibm/sample.csv": [("IB1", HOTP_6, SEED), ("IB2", HOTP_6, SEED)],
    "entra-csv/sample.csv": [
        ("EN1", TotpParameters(SHA1, 6, 30), SEED),
        ("EN2", TotpParameters(SHA1, 6, 60), SEED),
    ],
    "entra-json/sample.json": [
        ("GR1", TotpParameters(SHA1, 6, 30), SEED),
        ("GR2", TotpParameters(SHA256, 6, 60), SEED_32),
    ],
    "deepnet-csv/sample.csv": [
        ("DN1", TotpParameters(SHA1, 6, 60), SEED),
        ("DN2", TotpParameters(SHA1, 6, 30), SEED),
    ],
    "deepnet-csv/base32.csv": [("DN1", TotpParameters(SHA1, 6, 60), SEED)],
    "deepnet-xml/sample.xml": [
        ("DX1", TotpParameters(SHA1, 6, 60), SEED),
        ("DX2", TotpParameters(SHA1, 6, 60), SEED),
    ],
    "safenet-xml/sample.xml": [
        ("00040008CFA5", HotpParameters(SHA1, 6, 1), SEED),
        ("00040008CFA6", HotpParameters(SHA256, 6, 0), SEED_32),
    ],
    "safeword-dat/sample.dat": [
        ("RAINER02", HotpParameters(SHA1, 6, 9), SEED),
        ("RAINER03", TotpParameters(SHA256, 6, 30, t0_s=946684800), SEED_32),
    ],
    "nexus/sample.txt": [("NX1", HOTP_6, SEED), ("NX2", HotpParameters(SHA1, 6, 300), SEED)],
    "yubico-csv/sample.csv": [
        ("UBAM280782701764465_1", YubicoOtpParameters("vvgutbedkvib", PRIVATE_ID), AES_KEY),
        ("UBOM00000001_2", HotpParameters(SHA1, 8, 5), SEED),
        ("UBOM00000017_1", HOTP_6, SEED),
    ],
    "ykksm/sample.csv": [
        ("123", YubicoOtpParameters("vvgutbedkvib", PRIVATE_ID), AES_KEY),
        ("124", HOTP_6, SEED),
    ],
    "authenex-sql/sample.sql": [("AX1", HOTP_6, SEED), ("AX2", HOTP_6, SEED)],
    "tagespasswort/sample.txt": [
        ("TP1", TotpParameters(SHA1, 6, 30), SEED),
        ("TP2", TotpParameters(SHA1, 6, 30), SEED),
    ],
}
# Only what no other dialect's columns fit is known without a word of the operator.
TOLD = {"netiq", "ibm", "duo", "pingid"}


def _said(path: str) -> Instructions:
    id_ = path.partition("/")[0]
    return FORMS.get(id_, Instructions(format=id_) if id_ in TOLD else SILENT)


@pytest.mark.parametrize("path", SAMPLES)
def test_a_sample_gives_its_tokens(path: str) -> None:
    records = read(sample(path), _said(path))
    told = [(record.serial, record.parameters, seed_of(record)) for record in records]
    assert told == SAMPLES[path]


@pytest.mark.parametrize("path", SAMPLES)
def test_a_sample_is_read_alike_when_its_format_is_named(path: str) -> None:
    id_ = path.partition("/")[0]
    records = read(sample(path), FORMS.get(id_, Instructions(format=id_)))
    assert [record.serial for record in records] == [token[0] for token in SAMPLES[path]]


@pytest.mark.parametrize("path", SAMPLES)
def test_every_line_of_a_record_is_the_files_own(path: str) -> None:
    lines = sample(path).decode().split("\n")
    for record in read(sample(path), _said(path)):
        near = "\n".join(lines[record.provenance.line - 1 :][:3])
        assert record.serial in near or record.serial.startswith("UB")


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.id)
def test_every_format_but_pskc_has_a_sample_and_a_note_of_its_origin(known: object) -> None:
    id_ = getattr(known, "id", "")
    if id_ != "pskc":
        assert any(path.startswith(f"{id_}/") for path in SAMPLES)
        assert (VECTORS / id_ / "ORIGIN.md").exists()
        assert any((VECTORS / id_ / "invalid").iterdir())


def test_users_are_proposed() -> None:
    records = read(sample("privacyidea-v2/sample.csv"))
    assert [record.proposed_user for record in records] == ["bob@corp", None, "ann"]


def test_a_upn_is_proposed_as_user() -> None:
    records = read(sample("entra-csv/sample.csv"))
    assert [record.proposed_user for record in records] == ["bob@example.org", "ann@example.org"]


def test_maker_and_model_are_kept() -> None:
    record = read(sample("entra-csv/sample.csv"))[0]
    assert (record.manufacturer, record.model) == ("Contoso", "HardwareKey")
