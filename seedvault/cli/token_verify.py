"""`seedvault token verify`: a code, PIN and code, or the response to a challenge."""

from binascii import Error, unhexlify
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import click

from seedvault.cli import output
from seedvault.cli.exits import Exit
from seedvault.cli.options import CHALLENGE, SERIAL, Session, dry_run_option, json_option
from seedvault.cli.outcomes import not_answered, outcome_fields, rejected, would_be_tried
from seedvault.cli.secret_input import read_secret_line
from seedvault.domain.challenge import ChallengeId
from seedvault.domain.errors import InvalidInput
from seedvault.domain.names import Serial
from seedvault.domain.outcome import Accepted, Outcome, Rejected
from seedvault.service.challenge import Answer

if TYPE_CHECKING:
    from seedvault.service.verify import VerifyCode
    from seedvault.wiring import Application


@click.command()
@click.argument("serial", type=SERIAL)
@click.argument("code", required=False)
@click.option("--code-file", help="The code's file, - for standard input: with a PIN, never argv.")
@click.option("--challenge", type=CHALLENGE, help="The id of the challenge that CODE answers.")
@click.option("--session", "octets", help="The session, where the suite has one: hexadecimal.")
@dry_run_option
@json_option
@click.pass_obj
def verify(  # noqa: PLR0913 - one parameter for each option
    session: Session,
    serial: Serial,
    code: str | None,
    *,
    code_file: str | None,
    challenge: ChallengeId | None,
    octets: str | None,
    dry_run: bool,
) -> int:
    """Verify a code, and spend it. Exit 0 accepted, 1 rejected.

    Where the policy asks for a PIN, it is PIN and code in one, and is asked for unseen. Of an OCRA
    token it is the response to a challenge, which ends with it, right or wrong.

    A dry run tells whether the code would be tried at all, never whether it is right.

    \b
    Examples:
      seedvault token verify GALT10001234 755224
      seedvault token verify GALT10001234 04329118 --challenge 9f1c33a04be27d15
    """
    if octets is not None and challenge is None:
        raise click.UsageError("--session goes with --challenge")
    answered = None if challenge is None else (challenge, _octets(octets))
    with session.application() as application:
        typed = _typed(application.verify_code, serial, session.actor, (code, code_file))
        refusal, decide = _ways(application, serial, typed, answered)
        if dry_run:
            return would_be_tried(session, "token.verify", serial, refusal())
        outcome = decide(session.actor)
    if session.as_json:
        output.document("token.verify", outcome_fields(serial, outcome))
    elif isinstance(outcome, Accepted):
        click.echo("accepted")
    else:
        click.echo((rejected if challenge is None else not_answered)(serial, outcome))
    return Exit.DONE if isinstance(outcome, Accepted) else Exit.DECIDED_NO


_Ways = tuple[Callable[[], Rejected | None], Callable[[str], Outcome]]
"""Why it would not be tried; and, for an actor, what comes of it."""


def _ways(
    application: "Application",
    serial: Serial,
    typed: str,
    answered: tuple[ChallengeId, bytes | None] | None,
) -> _Ways:
    if answered is None:
        code = application.verify_code
        return partial(code.refusal, serial, typed), partial(code, serial, typed)
    (challenge, octets), response = answered, application.verify_response
    answer = Answer(challenge, typed, octets)
    return partial(response.refusal, serial, answer), partial(response, serial, answer)


def _typed(
    verifying: "VerifyCode", serial: Serial, actor: str, given: tuple[str | None, str | None]
) -> str:
    """What the user typed, from wherever it may come: `given` are a code and a file's name."""
    code, code_file = given
    if code is not None and code_file is not None:
        raise click.UsageError("give a CODE or --code-file, not both")
    if code_file is not None:
        return read_secret_line(code_file)
    asks_pin = verifying.asks_pin(serial, actor)
    if code is None:
        prompt = "PIN and code, in one" if asks_pin else "Code"
        asked: str = click.prompt(prompt, hide_input=asks_pin, err=True)
        return asked
    if asks_pin:
        raise InvalidInput(
            "a PIN is not taken from the command's arguments, which other users can read",
            unchanged="Nothing was verified.",
            remedy=f"Change this PIN. Leave the code out to be asked, or give --code-file: "
            f"seedvault token verify {serial}",
        )
    return code


def _octets(text: str | None) -> bytes | None:
    try:
        return None if text is None else unhexlify(text)
    except (Error, ValueError):
        raise InvalidInput("--session is not in hexadecimal digits, two for each octet") from None
