"""The reference says what the code does, and the other pages name what exists."""

import dataclasses
import json
import re
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pyrage
import pytest

from docs.reference import formats, generate, policy, token_states
from importers import Limits, WarningCode
from seedvault import config
from seedvault.cli.exits import Exit, exit_for
from seedvault.cli.root import root
from seedvault.domain import audit, errors, life
from seedvault.domain.token import State
from tests.house.sizes import ROOT
from tests.support import kept_earlier, ocra_tokens
from tests.support.cli import CommandLine
from tests.support.jwe_maker import PASSPHRASE, Jwe, jwk, written
from tests.support.seed_files import deliver, hotp_code, serial, totp_code

DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
COMMANDS = list(generate.commands(click.Context(root, info_name="seedvault"), root))

CODE = re.compile(r"`([^`]+)`")
TEST_PATH = re.compile(r"\btests/[\w/]+(?:\.py)?")
SWITCHES = {field.name for field in dataclasses.fields(config.Settings) if field.type is bool}
WORD = r"[a-z]+(?:-[a-z]+)*"
COMMAND = re.compile(rf"(?:^\$ |^    |`)seedvault ({WORD}(?: {WORD}){{0,2}})", re.MULTILINE)


def rows(page: str, heading: str = "") -> list[list[str]]:
    """The cells of every table row under a heading, or of the page; header rows left out."""
    text = (REFERENCE / page).read_text(encoding="utf-8")
    if heading:
        text = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    tables = re.findall(r"^\|.*\n\|[-|]+\|\n((?:\|.*\n?)+)", text, re.MULTILINE)
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for table in tables
        for line in table.splitlines()
    ]


def named(page: str, heading: str = "") -> set[str]:
    """What stands as code in the first cell of a row."""
    return {CODE.findall(row[0])[0] for row in rows(page, heading) if CODE.search(row[0])}


# --- commands --------------------------------------------------------------------------------


def test_the_page_of_commands_is_the_one_that_would_be_generated() -> None:
    assert generate.PAGE.read_text(encoding="utf-8") == generate.page(), (
        "run: python -m docs.reference.generate"
    )


def test_the_page_of_token_states_is_the_one_that_would_be_generated() -> None:
    assert token_states.PAGE.read_text(encoding="utf-8") == token_states.page(), (
        "run: python -m docs.reference.generate"
    )


def test_every_transition_is_a_command_and_every_state_is_described() -> None:
    commands = {context.command_path for context, _ in COMMANDS}
    for transition in life.TRANSITIONS:
        assert f"seedvault token {transition.name}" in commands
    described = named("token-states.md")
    assert {state.value for state in State} <= described


def test_every_command_and_every_option_has_help() -> None:
    assert [
        context.command_path
        for context, command in COMMANDS
        if not command.help or not all(option.help for option in generate.options(command))
    ] == []


def test_every_command_in_the_documents_exists() -> None:
    known = {
        context.command_path.split(maxsplit=1)[1]
        for context, command in COMMANDS
        if not isinstance(command, click.Group)
    }
    assert [
        f"{page.relative_to(ROOT)}: seedvault {words}"
        for page in [*DOCS.rglob("*.md"), ROOT / "README.md"]
        for words in COMMAND.findall(page.read_text(encoding="utf-8"))
        if not {words, " ".join(words.split()[:2]), words.split()[0]} & known
    ] == []


# --- exit codes, settings, numbers -----------------------------------------------------------


def test_every_exit_code_is_listed_and_no_other() -> None:
    listed = {int(row[0]) for row in rows("exit-codes.md") if row[0].isdigit()}
    assert listed == set(Exit)


def test_every_error_is_listed_with_the_code_it_ends_with() -> None:
    listed = {CODE.findall(row[0])[0]: int(row[1]) for row in rows("exit-codes.md", "Errors")}
    assert listed == {kind.__name__: exit_for(kind.__new__(kind)) for kind in _errors()}


def _errors(
    kind: type[errors.SeedvaultError] = errors.SeedvaultError,
) -> Iterator[type[errors.SeedvaultError]]:
    for narrower in kind.__subclasses__():
        yield narrower
        yield from _errors(narrower)


def test_every_setting_is_listed_and_can_be_set(tmp_path: Path) -> None:
    listed: dict[str, list[str]] = {}
    for section, name, *_ in rows("settings.md", "seedvault.toml"):
        listed.setdefault(section.strip("`"), []).append(name.strip("`"))
    text = [
        line for section in listed for line in (f"[{section}]", *_each_set_to_x(listed[section]))
    ]
    (tmp_path / config.FILE_NAME).write_text("\n".join(text))
    settings = config.load(tmp_path)
    changed = {field.name for field in dataclasses.fields(settings)} - {"home"}
    assert {name for names in listed.values() for name in names} == changed
    others = {"x", "True", "Tier.INSIDE", "7"}
    assert {Path(str(getattr(settings, name))).name for name in changed} == others


_VALUES = dict.fromkeys(SWITCHES, "true") | {"min_tier": '"A"', "failures_per_hour": "7"}
_X = '"x"'


def _each_set_to_x(names: list[str]) -> list[str]:
    return [f"{name} = {_VALUES.get(name, _X)}" for name in names]


def test_the_page_of_the_policy_is_the_one_that_would_be_generated() -> None:
    assert policy.PAGE.read_text(encoding="utf-8") == policy.page(), (
        "run: python -m docs.reference.policy"
    )


def test_every_limit_of_a_seed_file_is_listed_with_its_value() -> None:
    listed = {CODE.findall(row[0])[0]: int(row[1]) for row in rows("seed-files.md", "Limits")}
    assert listed == dataclasses.asdict(Limits())


def test_every_warning_of_a_seed_file_is_listed() -> None:
    assert named("seed-files.md", "Warnings") == {code.value for code in WarningCode}


# --- audit events ----------------------------------------------------------------------------


def test_every_kind_of_audit_event_is_listed() -> None:
    assert named("audit-events.md", "Kinds") == {kind.value for kind in audit.EventKind}


def test_the_digest_of_the_example_is_the_one_that_is_computed() -> None:
    example = {row[0]: row[1] for row in rows("audit-events.md", "The digest")}
    event = audit.AuditEvent(
        audit.EventKind(example["kind"]),
        datetime.fromisoformat(example["at"]).astimezone(UTC),
        example["actor"],
        detail=example["detail"],
    )
    text = (REFERENCE / "audit-events.md").read_text(encoding="utf-8")
    assert f"\n    {audit.link(audit.GENESIS, 0, 1, event).hex()}\n" in text


# --- JSON documents --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """One of every document, out of the real command line."""
    folder = tmp_path_factory.mktemp("documents")
    return list(_every_document(CommandLine(folder / "home"), folder))


def _every_document(seedvault: CommandLine, folder: Path) -> Iterator[dict[str, Any]]:
    good = deliver(folder / "tokens.pskcxml", totp=3, hotp=1)
    desk = folder / "desk.csv"
    desk.write_text(f"serial,user\n{serial(1)},alice\nGALT0,alice\n")
    recipient = folder / "recipient.key"
    recipient.write_text("00" * 32)
    card = serial(0)
    commands: list[list[str | Path]] = [
        ["init"],
        ["batch", "inspect", *good.arguments],
        ["batch", "import", *good.arguments, "--exportable"],
        ["user", "add", "alice"],
        ["user", "add", "alice"],
        *_about_tokens(desk),
        *_about_an_answering_token(folder),
        ["batch", "list"],
        ["batch", "show", "1"],
        ["user", "list"],
        ["audit", "list"],
        ["audit", "verify"],
        ["audit", "checkpoint"],
        ["audit", "export", folder / "audit.jsonl"],
        ["audit", "public-key"],
        ["formats"],
        ["batch", "export", "1", folder / "out.xml", "--to", "radius", "--key-file", recipient],
        ["key", "list"],
        ["key", "rotate", "seal"],
        ["key", "reshare", "--new-share-file", folder / "anna.share", "--dry-run"],
        ["key", "destroy", "s1", "--approved-by", "ben", "--yes"],
        ["key", "backup", folder / "keys.json"],
        ["db", "check"],
        ["db", "upgrade"],
        ["db", "clock"],
        ["status"],
        ["doctor"],
        *_for_a_policy(serial(3)),
        ["backup", folder / "vault.age", "--recipient", _recipient(folder)],
        *_for_a_maker(folder),
    ]
    yield from (seedvault(*words, "--json").document for words in commands)
    kept_earlier.keep(seedvault.home, ocra_tokens.serial(2), kept_earlier.UNANSWERED)
    release = ["token", "release", ocra_tokens.serial(2), "--reason", "verified now"]
    yield seedvault(*release, "--json").document
    yield _restored(seedvault, folder)
    shutil.rmtree(seedvault.home / "hsm")
    yield seedvault("key", "restore", "--json").document
    for listing in (
        "formats",
        "token list",
        f"token history {card}",
        "batch list",
        "user list",
        "key list",
        "policy list",
        "key transport list",
        "audit list",
    ):
        yield json.loads(seedvault(*listing.split(), "--jsonl").out.splitlines()[0])


def _recipient(folder: Path) -> str:
    """Whom a backup is encrypted for; the identity is in a file."""
    identity = pyrage.x25519.Identity.generate()
    (folder / "identity").write_text(f"{identity}\n")
    return str(identity.to_public())


def _restored(seedvault: CommandLine, folder: Path) -> dict[str, Any]:
    """The vault as it is now, backed up, and restored where there was none."""
    backup, identity = folder / "now.age", folder / "identity"
    seedvault.ok("backup", backup, "--recipient", _recipient(folder))
    fresh = CommandLine(folder / "fresh")
    fresh.home.mkdir(mode=0o700)
    for name in ("hsm", "pin"):
        (fresh.home / name).symlink_to(seedvault.home / name)
    opened = ("--identity", identity, "--approved-by", "bob", "--audit-lost")
    return fresh.ok("restore", backup, *opened, "--json").document


def _about_tokens(desk: Path) -> Iterator[list[str | Path]]:
    """What staff do with a card and a fob."""
    card, fob, spare = serial(0), serial(3), serial(2)
    now = time.time()
    ahead = [totp_code(0, now + steps * 30) for steps in (60, 61)]
    yield ["token", "assign", card, "alice", "--dry-run"]
    yield ["token", "assign", card, "alice"]
    yield ["token", "assign", fob, "alice", "--code", "1"]
    yield ["token", "assign", fob, "alice", "--code", hotp_code(3, 0)]
    yield ["token", "assign", "--csv", desk]
    yield ["token", "verify", fob, hotp_code(3, 1)]
    yield ["token", "verify", fob, hotp_code(3, 1)]
    yield ["token", "verify", fob, "000000", "--dry-run"]
    yield ["token", "resync", card, "1", "2"]
    yield ["token", "resync", card, "--dry-run"]
    yield ["token", "resync", card, *ahead]
    yield ["token", "find", hotp_code(3, 3), "--user", "alice"]
    yield ["token", "unlock", card]
    yield ["token", "suspend", card, "--reason", "lost"]
    yield ["token", "resume", card, "--reason", "found"]
    yield ["token", "revoke", spare, "--reason", "stolen", "--yes"]
    yield ["token", "retire", spare, "--reason", "shredded", "--yes"]
    yield ["token", "unassign", card]
    yield ["token", "show", card]
    yield ["token", "list"]
    yield ["token", "history", card]


def _about_an_answering_token(folder: Path) -> Iterator[list[str | Path]]:
    """What staff do with a token that answers challenges."""
    pin, answering = folder / "pin", ocra_tokens.serial(1)
    pin.write_text("1234\n")
    suite = "OCRA-1:HOTP-SHA1-6:QN08-PSHA1"
    yield ["batch", "import", ocra_tokens.deliver(folder / "answering.csv", suite, suite)]
    yield ["token", "assign", answering, "alice"]
    yield ["token", "challenge", answering]
    yield ["token", "challenge", answering, "--dry-run"]
    yield ["token", "pin", "set", answering, "--pin-file", pin]
    yield ["token", "challenge", answering]
    yield ["token", "pin", "clear", answering]


def _for_a_policy(fob: str) -> Iterator[list[str | Path]]:
    """Rules, and what holds by them."""
    yield ["policy", "set", "lock_at=7", "--profile", "strict", "--group", "desk"]
    yield ["user", "group", "alice", "desk"]
    yield ["policy", "show", "--for", fob]
    yield ["policy", "list"]
    yield ["policy", "unset", "lock_at", "--group", "desk"]
    yield ["policy", "unset", "--all", "--dry-run"]


def _for_a_maker(folder: Path) -> Iterator[list[str | Path]]:
    """Ceremonies for transport keys."""
    jwe, passphrase = folder / "key.jwe", folder / "passphrase"
    jwe.write_bytes(written(Jwe(jwk(bytes(range(16))))))
    passphrase.write_bytes(PASSPHRASE)
    key: list[str | Path] = ["--kind", "aes-128", "--jwe", jwe, "--passphrase-file", passphrase]
    ceremonies: tuple[list[str | Path], ...] = (
        ["create", "pair", folder / "pair.pem", "--bits", "2048"],
        ["export", "pair", folder / "again.pem"],
        ["import", "shared", *key],
        ["list"],
        ["destroy", "pair", "--approved-by", "ben", "--yes"],
    )
    yield from (["key", "transport", *words] for words in ceremonies)


def test_every_document_has_the_fields_that_are_listed(documents: list[dict[str, Any]]) -> None:
    listed = {
        (CODE.findall(schema)[0], frozenset(CODE.findall(fields)))
        for schema, _, fields in rows("schemas.md", "Documents")
    }
    assert listed == {
        (document["schema"].removeprefix("seedvault."), frozenset(document.keys() - {"schema"}))
        for document in documents
    }


def test_every_list_has_items_with_the_fields_that_are_listed(
    documents: list[dict[str, Any]],
) -> None:
    listed = {CODE.findall(of)[0]: each for of, each in rows("schemas.md", "Lists in them")}
    for document in documents:
        for name in ("users", "failed", "events", "keys", "transport_keys"):
            items = document.get(name, [])
            if isinstance(items, list) and items and isinstance(items[0], dict):
                fields = CODE.findall(listed[name])
                assert set(items[0]) == set(fields), name


# --- the tests that documents call their proof -----------------------------------------------


def test_every_test_that_a_document_names_exists() -> None:
    assert [
        f"{page.relative_to(ROOT)}: {named}"
        for page in [*DOCS.rglob("*.md"), ROOT / "README.md"]
        for named in TEST_PATH.findall(page.read_text(encoding="utf-8"))
        if not (ROOT / named).exists()
    ] == []


# --- seed-file formats -----------------------------------------------------------------------


def test_the_pages_of_formats_are_those_that_would_be_generated() -> None:
    written = {page.name: page.read_text(encoding="utf-8") for page in formats.FOLDER.iterdir()}
    assert written == formats.pages(), "run: python -m docs.reference.formats"
