"""`seedvault token list` and `show`."""

import click

from seedvault.cli import output
from seedvault.cli.options import SERIAL, USER, Session, json_option, jsonl_option
from seedvault.cli.outcomes import drift_words
from seedvault.cli.token_words import kind_of, kind_words, state_fields, state_words
from seedvault.domain.names import Serial, UserName
from seedvault.domain.oath import HotpParameters, TotpParameters
from seedvault.domain.token import State, owner_of, state_of
from seedvault.service.inquiry import Inquired
from seedvault.service.lookup import batch_of, user_of
from seedvault.service.ports import ListedToken, TokenFilter


@click.command("list")
@click.option("--batch", help="Only tokens of this batch, such as B-0001.")
@click.option("--user", type=USER, help="Only this user's tokens.")
@click.option(
    "--state",
    type=click.Choice([state.value for state in State]),
    help="Only tokens in this state.",
)
@click.option("--after", type=SERIAL, help="Begin after this serial: the next page.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most.")
@jsonl_option
@json_option
@click.pass_obj
def list_tokens(  # noqa: PLR0913 - one parameter for each option
    session: Session,
    *,
    batch: str | None,
    user: UserName | None,
    state: str | None,
    after: Serial | None,
    limit: int,
) -> None:
    """List tokens by serial.

    \b
    Examples:
      seedvault token list --batch B-0001 --state in-stock
      seedvault token list --user alice
    """
    with session.application() as application:
        vault = application.vault
        wanted = TokenFilter(
            batch=batch_of(vault, batch).number if batch else None,
            owner=user_of(vault, user).name if user else None,
            state=State(state) if state else None,
            after=after,
            limit=limit,
        )
        tokens = vault.listed(wanted)
    if session.as_lines:
        output.lines("token", (_fields(token) for token in tokens))
    elif session.as_json:
        output.document("token.list", {"tokens": [_fields(token) for token in tokens]})
    else:
        _table(tokens, limit)


@click.command("show")
@click.argument("serial", type=SERIAL)
@json_option
@click.pass_obj
def show(session: Session, serial: Serial) -> None:
    """Show everything about a token but its seed, which nobody can show.

    \b
    Example:
      seedvault token show GALT10001234
    """
    with session.application() as application:
        inquired = application.inquire_token(serial)
    if session.as_json:
        output.document("token.show", {**_fields(inquired.listed), **_held_back(inquired)})
    else:
        output.fields(_words(inquired))


def _table(tokens: list[ListedToken], limit: int) -> None:
    output.table(
        ["SERIAL", "STATE", "USER", "KIND", "MODEL", "BATCH", "FAILURES"],
        [
            [
                str(listed.token.device.serial),
                state_of(listed.token).value,
                str(owner_of(listed.token) or "-"),
                kind_words(listed.token.device.parameters),
                listed.token.device.model or "-",
                f"B-{listed.batch:04d}",
                str(listed.token.progress.failures),
            ]
            for listed in tokens
        ],
    )
    if len(tokens) == limit:
        output.note(f"more may follow: --after {tokens[-1].token.device.serial}")


def _words(inquired: Inquired) -> list[tuple[str, str]]:
    listed = inquired.listed
    device, progress = listed.token.device, listed.token.progress
    words = [
        ("serial", str(device.serial)),
        ("state", state_words(listed.token)),
        ("kind", f"{kind_words(device.parameters)}, {device.parameters.digest.value}"),
        ("maker", f"{device.manufacturer or '-'}, {device.model or '-'}"),
        ("batch", f"B-{listed.batch:04d}"),
        ("seed", f"{listed.seed_length * 8} bits, wrapped under {listed.kek_id}"),
    ]
    match device.parameters:
        case HotpParameters():
            words.append(("counter", str(progress.next_factor)))
        case TotpParameters(step_s=step_s):
            words.append(("drift", drift_words(progress.drift_steps, step_s)))
    held_back = inquired.held_back
    until = f" until {output.local(held_back.until)}" if held_back and held_back.until else ""
    words.append(("failures", str(progress.failures)))
    allowed = f" of {device.use_limit}" if device.use_limit is not None else ""
    words.append(("accepted", f"{progress.uses}{allowed} codes"))
    words.append(("codes", f"{held_back.reason.value}{until}" if held_back else "would be tried"))
    return words


def _fields(listed: ListedToken) -> dict[str, object]:
    device, progress = listed.token.device, listed.token.progress
    return {
        "serial": str(device.serial),
        **state_fields(listed.token),
        **kind_of(device.parameters),
        "manufacturer": device.manufacturer,
        "model": device.model,
        "not_before": device.not_before,
        "not_after": device.not_after,
        "use_limit": device.use_limit,
        "batch": f"B-{listed.batch:04d}",
        "seed_bits": listed.seed_length * 8,
        "kek": listed.kek_id,
        "next_factor": progress.next_factor,
        "drift_steps": progress.drift_steps,
        "failures": progress.failures,
        "uses": progress.uses,
        "must_resync": progress.must_resync,
    }


def _held_back(inquired: Inquired) -> dict[str, object]:
    held_back = inquired.held_back
    return {
        "held_back": held_back.reason.value if held_back else None,
        "until": held_back.until if held_back else None,
    }
