"""SafeWord's records: blocks of attributes, time counted from 2000, signatures noted."""

import pytest

from importers import (
    HotpParameters,
    Instructions,
    LimitExceeded,
    Limits,
    TotpParameters,
    Unsupported,
    WarningCode,
)
from tests.unit.importers.vendor import HEX, opened, read, refusal, refusals

HEAD = "# ===== SafeWord Authenticator Records $Version: 100$ =====\n"
EVENT = f"sccKey={HEX};sccMode=E;sccPwLen=6;"
TIME = f"sccKey={HEX};sccMode=T;sccPwLen=6;sccTick=60;"


def block(token_data: str = EVENT, *lines: str, serial: str = "R2") -> str:
    return "\n".join(
        (
            f"dn: sccAuthenticatorId={serial},ou=tokens",
            "objectclass: top",
            "objectclass: sccCompatibleToken",
            f"sccAuthenticatorId: {serial}",
            f"sccTokenData: {token_data}",
            *lines,
            "",
            "",
        )
    )


def test_time_is_counted_from_2000() -> None:
    parameters = read(HEAD + block(TIME))[0].parameters
    assert isinstance(parameters, TotpParameters)
    assert (parameters.t0_s, parameters.step_s) == (946_684_800, 60)


def test_a_counter_of_nothing_does_not_contradict_time() -> None:
    assert len(read(HEAD + block(TIME + "sccSeq=0;"))) == 1


def test_a_file_is_known_without_its_first_line() -> None:
    assert len(read(block())) == 1


def test_names_may_be_of_any_case_and_comments_within_lines() -> None:
    record = read(HEAD + block(f"scckey={HEX};SCCMODE=e;sccPwLen=8; # as printed"))[0]
    assert isinstance(record.parameters, HotpParameters)
    assert record.parameters.digits == 8


def test_a_comment_does_not_end_a_block() -> None:
    text = block().replace("objectclass: top\n", "# a comment\n")
    assert len(read(HEAD + text)) == 1


def test_a_folded_attribute_is_put_together() -> None:
    folded = block().replace("sccMode=E", "sccM\n ode=E")
    assert len(read(HEAD + folded)) == 1


def test_a_folded_attribute_is_bounded() -> None:
    folded = "sccTokenType: a\n" + " bbbbbbbbbbbb\n" * 20
    error = refusal(HEAD + block() + folded, limits=Limits(value_octets=150))
    assert isinstance(error, LimitExceeded)


def test_a_signature_is_noted_and_not_taken_for_verified() -> None:
    file = opened(HEAD + block(EVENT, "sccSignature:MC0CFGxP") + block(serial="R3"))
    assert len(list(file)) == 2
    assert file.signed
    assert [(warned.code, warned.count) for warned in file.warnings] == [
        (WarningCode.SIGNATURE_NOT_VERIFIED, 1)
    ]


@pytest.mark.parametrize("text", [block(EVENT + "sccNew=1;"), block(EVENT, "newAttribute: 1")])
def test_what_is_not_known_is_warned_of(text: str) -> None:
    file = opened(HEAD + text)
    list(file)
    assert [warned.code for warned in file.warnings] == [WarningCode.UNKNOWN_ELEMENT]


def test_what_is_known_and_not_kept_is_not_warned_of() -> None:
    token_data = (
        EVENT + "sccVer=6.20;sccPrTime=2013/03/12 00:00:00;PrtoductName=eTPass;CaseModel=5;"
    )
    file = opened(HEAD + block(token_data, "ProductionDate: 02/19/2009", "Model: 101"))
    list(file)
    assert file.warnings == ()


def test_a_block_that_contradicts_itself_is_refused_by_itself() -> None:
    text = HEAD + block("sccMode=X;") + block(serial="R3")
    taken, errors = refusals(text, Instructions(skip_bad=True))
    assert taken == ["R3"]
    assert [error.line for error in errors] == [2]


def test_a_servers_export_is_refused_whole() -> None:
    text = HEAD + block(EVENT.replace(HEX, f"(des:{HEX})"))
    with pytest.raises(Unsupported, match="under that server's key"):
        opened(text, Instructions(skip_bad=True))


def test_an_encrypted_counter_is_refused_as_well() -> None:
    assert isinstance(refusal(HEAD + block(EVENT + "sccSeq=(des:00);")), Unsupported)
