"""What commands tell a person, where `--json` tells a program; and lists of many assignments."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.support.cli import CommandLine
from tests.support.pskc_maker import Order, Tokens, write_pskc
from tests.support.seed_files import Delivery, serial


@pytest.fixture
def desk(seedvault: CommandLine, delivery: Delivery) -> CommandLine:
    """A vault with the delivery imported and alice known."""
    seedvault.ok("batch", "import", *delivery.arguments)
    seedvault.ok("user", "add", "alice")
    return seedvault


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A list of assignments, still empty."""
    return tmp_path / "desk.csv"


def _fields(out: str) -> dict[str, str]:
    """What stands beside each name."""
    return {name: value.strip() for name, _, value in (s.partition("  ") for s in out.splitlines())}


# --- reading ---------------------------------------------------------------------------------


def test_batches_are_listed_with_their_files(desk: CommandLine) -> None:
    heading, batch = desk.ok("batch", "list").out.splitlines()
    assert heading.split() == ["BATCH", "IMPORTED", "(CET)", "TOKENS", "FORMAT", "FILE"]
    assert batch.split()[0] == "B-0001"
    assert batch.endswith("22      PSKC 1.0  delivery.pskcxml")


def test_a_batch_is_shown_with_its_protection(desk: CommandLine) -> None:
    shown = _fields(desk.ok("batch", "show", "b-1").out)
    assert shown["protection"] == 'AES-128-CBC under the pre-shared key "transport-key"'
    assert (shown["tokens"], shown["held"], shown["tier"]) == ("22", "0", "B")


def test_a_counter_is_shown_where_a_clock_has_a_drift(desk: CommandLine) -> None:
    clock = _fields(desk.ok("token", "show", serial(0)).out)
    counter = _fields(desk.ok("token", "show", serial(20)).out)
    assert (clock["kind"], clock["drift"]) == ("TOTP-6/30 s, SHA1", "+0 steps")
    assert (counter["kind"], counter["counter"]) == ("HOTP-6, SHA1", "0")


def test_events_are_listed_with_their_actor(desk: CommandLine) -> None:
    heading, *events = desk.ok("audit", "list").out.splitlines()
    assert heading.split() == ["WHEN", "(CET)", "WHAT", "TOKEN", "USER", "BY", "DETAIL"]
    assert [event.split()[2] for event in events] == [
        "user.added",
        "batch.imported",
        "vault.initialised",
    ]


def test_short_seeds_are_warned_of(seedvault: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "short.pskcxml"
    with path.open("wb") as target:
        write_pskc(Order((Tokens(3),), seed=lambda s: s.encode().ljust(16)[:16]), target)
    imported = seedvault.ok("batch", "import", path)
    assert "warning: seed-under-160-bits (3)" in imported.err
    assert "warning: 3 seeds are shorter than 160 bits (RFC 4226 R6)" in imported.err


def test_batches_are_listed_newest_first(desk: CommandLine, tmp_path: Path) -> None:
    with (tmp_path / "second.pskcxml").open("wb") as target:
        write_pskc(Order((Tokens(2, first_serial=20_000_000),)), target)
    desk.ok("batch", "import", tmp_path / "second.pskcxml")
    listed = desk.ok("batch", "list", "--jsonl").out.splitlines()
    assert [json.loads(line)["batch"] for line in listed] == ["B-0002", "B-0001"]


def test_users_are_listed_a_line_each(desk: CommandLine) -> None:
    desk.ok("user", "add", "bob")
    listed = desk.ok("user", "list", "--jsonl").out.splitlines()
    assert [json.loads(line)["user"] for line in listed] == ["alice", "bob"]


def test_tokens_of_nobody_known_are_not_found(desk: CommandLine) -> None:
    unknown = desk("token", "list", "--user", "carol")
    assert unknown.code == 4
    assert "no user is called carol" in unknown.err


def test_tokens_of_a_batch_that_is_not_there_are_not_found(desk: CommandLine) -> None:
    unknown = desk("token", "list", "--batch", "B-0099")
    assert unknown.code == 4
    assert "no batch is called B-0099" in unknown.err


def test_events_about_a_user_are_found_however_the_name_is_typed(desk: CommandLine) -> None:
    listed = desk.ok("audit", "list", "--user", "ALICE", "--jsonl").out.splitlines()
    assert [json.loads(line)["kind"] for line in listed] == ["user.added"]


@pytest.mark.parametrize(
    ("after_newest_s", "found"), [(1, 0), (-3_540, 3)], ids=["later", "an hour before"]
)
@pytest.mark.parametrize("zone", ["", "Z", "+0300"])
def test_events_are_found_from_a_local_time_on_or_from_one_that_names_its_zone(
    desk: CommandLine, zone: str, after_newest_s: int, found: int
) -> None:
    since = _newest_at(desk) + timedelta(seconds=after_newest_s)
    there = {"": timedelta(hours=1), "Z": timedelta(0), "+0300": timedelta(hours=3)}[zone]
    typed = f"{since.astimezone(timezone(there)):%Y-%m-%dT%H:%M:%S}{zone}"
    listed = desk.ok("audit", "list", "--since", typed, "--jsonl").out.splitlines()
    assert len(listed) == found


def test_events_are_found_from_a_time_as_documents_say_it(desk: CommandLine) -> None:
    at = _newest_at(desk).isoformat(timespec="milliseconds")
    assert desk.ok("audit", "list", "--since", at, "--json").document["events"][0]["at"] == at


def _newest_at(desk: CommandLine) -> datetime:
    return datetime.fromisoformat(desk.ok("audit", "list", "--json").document["events"][0]["at"])


@pytest.mark.parametrize("since", ["0001-01-01", "9999-12-31T23:59:59-01:00", "yesterday"])
def test_a_time_that_no_clock_shows_is_a_wrong_call(seedvault: CommandLine, since: str) -> None:
    assert seedvault("audit", "list", "--since", since).code == 2


def test_people_are_told_in_local_time_what_programs_are_told_in_utc(desk: CommandLine) -> None:
    for command, name, field in (
        ("batch show 1", "imported", "imported"),
        ("status", "created", "created"),
    ):
        at = datetime.fromisoformat(desk.ok(*command.split(), "--json").document[field])
        assert at.utcoffset() == timedelta(0)
        shown = _fields(desk.ok(*command.split()).out)[name]
        assert shown == f"{at.astimezone(timezone(timedelta(hours=1))):%Y-%m-%d %H:%M:%S} CET"


# --- trying without changing -----------------------------------------------------------------


def test_a_dry_run_of_init_tells_where_the_vault_would_be(tmp_path: Path) -> None:
    seedvault = CommandLine(tmp_path / "home")
    assert f"would be made in {tmp_path / 'home'}" in seedvault.ok("init", "--dry-run").out
    tried = seedvault.ok("init", "--dry-run", "--json").document
    assert tried["dry_run"] is True


def test_a_module_without_its_pin_file_is_a_wrong_call(tmp_path: Path) -> None:
    refused = CommandLine(tmp_path / "home")("init", "--module", "/lib/p11.so")
    assert refused.code == 2
    assert "--token-label and --pin-file" in refused.err


@pytest.mark.parametrize("option", ["--pin-file", "--token-label"])
def test_what_only_a_module_has_is_a_wrong_call_without_one(tmp_path: Path, option: str) -> None:
    home = tmp_path / "home"
    refused = CommandLine(home)("init", option, "vault")
    assert refused.code == 2
    assert "say where the keys are in a module that you name: add --module" in refused.err
    assert not home.exists()


def test_a_module_that_the_settings_name_needs_no_option(tmp_path: Path) -> None:
    settings = tmp_path / "seedvault.toml"
    settings.write_text('[hsm]\nmodule = "/nowhere/p11.so"\n')
    refused = CommandLine(tmp_path)("init", "--token-label", "vault", "--no-recovery")
    assert refused.code == 6
    assert "there is no PKCS#11 module at /nowhere/p11.so" in refused.err


def test_whoever_names_a_module_says_where_the_shares_go(tmp_path: Path) -> None:
    pin = tmp_path / "pin"
    module = ("--module", "/nowhere/p11.so", "--token-label", "vault", "--pin-file", pin)
    refused = CommandLine(tmp_path / "home")("init", *module)
    assert refused.code == 2
    assert "--share-file FILE" in refused.err
    assert "--no-recovery" in refused.err


def test_a_pin_cannot_stay_on_standard_input(tmp_path: Path) -> None:
    module = ("--module", "/lib/p11.so", "--token-label", "vault")
    refused = CommandLine(tmp_path / "home")("init", *module, "--pin-file", "-", stdin="1234\n")
    assert refused.code == 2
    assert "--pin-file names where the PIN stays" in refused.err


def test_a_dry_run_of_a_new_user_adds_nobody(desk: CommandLine) -> None:
    assert desk.ok("user", "add", "bob", "--dry-run").out == "bob would be added\n"
    assert "bob" not in desk.ok("user", "list").out
    assert desk("user", "add", "alice", "--dry-run").code == 4


def test_a_dry_run_of_an_assignment_assigns_nothing(desk: CommandLine) -> None:
    tried = desk.ok("token", "assign", serial(0), "alice", "--dry-run")
    assert tried.out == f"{serial(0)} -> alice would be assigned\n"
    assert desk.ok("token", "assign", serial(0), "alice", "--dry-run", "--json").document["dry_run"]
    assert _fields(desk.ok("token", "show", serial(0)).out)["state"] == "in stock"


def test_a_dry_run_of_taking_back_leaves_the_token_with_its_owner(desk: CommandLine) -> None:
    desk.ok("token", "assign", serial(0), "alice")
    tried = desk.ok("token", "unassign", serial(0), "--dry-run")
    assert tried.out == f"{serial(0)} would go back into stock; it was alice's\n"
    assert _fields(desk.ok("token", "show", serial(0)).out)["state"] == "bound to alice"


def test_a_dry_run_of_unlocking_forgets_nothing(desk: CommandLine) -> None:
    desk.ok("token", "assign", serial(0), "alice")
    desk("token", "verify", serial(0), "000000")
    tried = desk.ok("token", "unlock", serial(0), "--dry-run")
    assert tried.out == f"{serial(0)}: 1 failures would be forgotten\n"
    assert _fields(desk.ok("token", "show", serial(0)).out)["failures"] == "1"


# --- many assignments ------------------------------------------------------------------------


def test_a_token_and_a_list_at_once_are_a_wrong_call(desk: CommandLine, listed: Path) -> None:
    listed.write_text("serial,user\n")
    refused = desk("token", "assign", serial(0), "alice", "--csv", listed)
    assert refused.code == 2
    assert "name a SERIAL and a USER, or give --csv FILE" in refused.err


def test_a_list_that_goes_through_leaves_no_file_of_failures(
    desk: CommandLine, listed: Path
) -> None:
    listed.write_text(f"serial,user,remark\n{serial(0)},alice,desk 7\n")
    assert desk.ok("token", "assign", "--csv", listed).out == "1 assigned\n"
    assert not listed.with_suffix(".failed.csv").exists()


def test_a_long_list_of_failures_is_cut_and_counted(desk: CommandLine, listed: Path) -> None:
    listed.write_text("serial,user\n" + "".join(f"GALT{n},alice\n" for n in range(23)))
    failed = desk("token", "assign", "--csv", listed)
    assert failed.code == 3
    assert failed.out.splitlines()[-1] == "  and 3 more"
    assert len(listed.with_suffix(".failed.csv").read_text().splitlines()) == 24


def test_the_lines_that_failed_can_be_mended_and_run_again(desk: CommandLine, listed: Path) -> None:
    listed.write_text(f"serial,user\n{serial(0)},bob\n")
    assert desk("token", "assign", "--csv", listed).code == 3
    desk.ok("user", "add", "bob")
    failed = listed.with_suffix(".failed.csv")
    assert desk.ok("token", "assign", "--csv", failed).out == "1 assigned\n"


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"", "the first line must name the columns serial and user, each once"),
        (b"token,owner\n", "the first line must name the columns serial and user, each once"),
        (b"serial,user,USER\n", "the first line must name the columns serial and user, each once"),
        (b'serial,user\n"GALT1,alice\n', "cannot be read as CSV"),
        (b"serial,user\nGALT1,j\xf6rg\n", "cannot be read as CSV"),
    ],
    ids=["empty", "other columns", "column twice", "open quote", "not UTF-8"],
)
def test_a_list_that_is_none_is_a_wrong_call(
    desk: CommandLine, listed: Path, octets: bytes, words: str
) -> None:
    listed.write_bytes(octets)
    refused = desk("token", "assign", "--csv", listed)
    assert refused.code == 2
    assert words in refused.err
