"""`seedvault token find`."""

from collections import Counter
from collections.abc import Sequence
from typing import TextIO

import click

from seedvault.cli import output
from seedvault.cli.exits import Exit
from seedvault.cli.options import SERIAL, USER, Session, json_option
from seedvault.cli.token_words import kind_of, kind_words, state_fields, state_words
from seedvault.domain.names import Serial, UserName
from seedvault.domain.recognition import Shown
from seedvault.domain.token import Token
from seedvault.service.find_token import LeftOut, Sought
from seedvault.service.search_scope import InBatch, Listed, OfUser, Scope

_DOUBTFUL = 0.01
_NAMED = 10


@click.command("find")
@click.argument("code")
@click.argument("next_code", metavar="[NEXT]", required=False)
@click.option("--batch", help="Look among the tokens of this batch, such as B-0001.")
@click.option("--user", type=USER, help="Look among this user's tokens.")
@click.option(
    "--serials",
    type=click.File(encoding="utf-8"),
    help="Look among the serials in this file, one a line; - for standard input.",
)
@json_option
@click.pass_obj
def find(  # noqa: PLR0913 - one parameter for each option
    session: Session,
    code: str,
    *,
    next_code: str | None,
    batch: str | None,
    user: UserName | None,
    serials: TextIO | None,
) -> int:
    """Tell which token shows a code. Exit 0 found, 1 none.

    For a token whose serial cannot be read. The code is not spent and nobody is charged or let in.
    A second code, read right after the first, makes sure. At most 1,000 tokens are looked at, ten
    times a day; each search is on record.

    \b
    Examples:
      seedvault token find 755224 --batch B-0001
      seedvault token find 755224 287082 --user alice
    """
    scope = _scope(batch, user, serials)
    codes: Shown = (code, next_code) if next_code else (code,)
    with session.application() as application:
        sought = application.find_token(codes, scope, session.actor)
    if session.as_json:
        output.document("token.find", _fields(sought))
    else:
        _tell(sought, codes)
    return Exit.DONE if sought.found else Exit.DECIDED_NO


def _scope(batch: str | None, user: UserName | None, serials: TextIO | None) -> Scope:
    asked: list[Scope] = []
    if batch is not None:
        asked.append(InBatch(batch))
    if user is not None:
        asked.append(OfUser(user))
    if serials is not None:
        asked.append(Listed(_lines(serials)))
    if len(asked) != 1:
        raise click.UsageError("say where to look: one of --batch, --user and --serials")
    return asked[0]


def _lines(serials: TextIO) -> list[Serial]:
    try:
        return [SERIAL.convert(line, None, None) for line in serials if line.strip()]
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{serials.name} is not UTF-8 text") from error


def _tell(sought: Sought, codes: Shown) -> None:
    if sought.found:
        output.table(
            ["SERIAL", "STATE", "KIND", "MODEL"],
            [
                [
                    str(token.device.serial),
                    state_words(token),
                    kind_words(token.device.parameters),
                    token.device.model or "-",
                ]
                for token in sought.found
            ],
        )
    else:
        click.echo(
            f"not found: none of {sought.looked_at} tokens shows "
            + ("these codes" if len(codes) > 1 else "this code")
        )
        output.note("Is the code a new one? A token whose clock ran away is not found by its code.")
    _note_left_out(sought.left_out)
    if sought.by_chance > _DOUBTFUL:
        output.note(
            f"By chance alone {sought.by_chance:.1%} of such searches find a token: read the next "
            "code too: seedvault token find CODE NEXT"
        )


def _note_left_out(left_out: Sequence[LeftOut]) -> None:
    """How many were not looked at, and why; by name where they are few."""
    if not left_out:
        return
    if len(left_out) <= _NAMED:
        told = ", ".join(f"{each.serial} ({each.why})" for each in left_out)
    else:
        whys = Counter(each.why for each in left_out)
        told = ", ".join(f"{number} ({why})" for why, number in whys.most_common())
    output.note(f"not looked at: {told}")


def _fields(sought: Sought) -> dict[str, object]:
    return {
        "found": [_token(token) for token in sought.found],
        "looked_at": sought.looked_at,
        "left_out": [{"serial": str(each.serial), "why": each.why} for each in sought.left_out],
        "by_chance": sought.by_chance,
    }


def _token(token: Token) -> dict[str, object]:
    return {
        "serial": str(token.device.serial),
        **state_fields(token),
        **kind_of(token.device.parameters),
        "model": token.device.model,
    }
