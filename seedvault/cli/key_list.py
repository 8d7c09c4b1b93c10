"""`seedvault key list`."""

import click

from seedvault.cli import output
from seedvault.cli.exits import Exit
from seedvault.cli.options import Session, json_option, jsonl_option
from seedvault.domain.vault_key import KeyPurpose, StoredKey
from seedvault.service.key_custody import KeyState

_ANSWERS = {True: "right", False: "WRONG", None: "not on record"}


@click.command("list")
@json_option
@jsonl_option
@click.pass_obj
def list_keys(session: Session) -> int:
    """List the vault's keys: their attributes in the HSM, and whether they answer as on record.

    A check value is a key's answer to a known question: it tells a key from every other one, and
    shows nothing of it. Ends with 1 where a key is missing or answers otherwise.

    \b
    Example:
      seedvault key list
    """
    with session.application() as application:
        keys = application.ceremonies.list_keys()
    if session.as_lines:
        output.lines("key", map(_fields, keys))
    elif session.as_json:
        output.document("key.list", {"keys": [_fields(key) for key in keys]})
    else:
        _tell(keys)
    return Exit.DONE if all(key.is_sound for key in keys) else Exit.DECIDED_NO


def _tell(keys: list[KeyState]) -> None:
    output.table(
        ["KEY", "FOR", "STATE", "TOKENS", "CHECK VALUE", "SHARES", "IN THE HSM"],
        [_row(key) for key in keys],
    )


def _row(key: KeyState) -> list[str]:
    stored, report = key.stored, key.report
    return [
        stored.name,
        stored.purpose.words,
        "in use" if stored.in_use else "retired",
        str(key.tokens) if key.tokens else "-",
        (report.check_value if report else stored.check_value) or "-",
        _copied(stored),
        _seen(key),
    ]


def _copied(key: StoredKey) -> str:
    if key.purpose is KeyPurpose.CHECKPOINT:
        return "never"  # a new one takes the place of a key that signs
    return key.recovery or "NO COPY"


def _seen(key: KeyState) -> str:
    report = key.seen
    if isinstance(report, str):
        return report
    state = "sensitive, not extractable, not modifiable" if key.is_closed else "NOT PROTECTED"
    uses = ", ".join(report.uses)
    answer = "" if key.answers else f"; answer {_ANSWERS[key.answers]}"
    return f"{report.kind}: {uses}; {state}{answer}"


def _fields(key: KeyState) -> dict[str, object]:
    stored, report = key.stored, key.report
    return {
        "name": stored.name,
        "purpose": stored.purpose.code,
        "in_use": stored.in_use,
        "created": stored.created_at,
        "tokens": key.tokens,
        "check_value_on_record": stored.check_value,
        "shares_of_set": stored.recovery,
        "in_hsm": report is not None,
        "check_value": report.check_value if report else None,
        "kind": report.kind if report else None,
        "uses": list(report.uses) if report else [],
        "identifier": report.identifier if report else None,
        "attributes": dict(report.attributes) if report else {},
    }
