"""`seedvault token challenge`: a question for a token that answers them."""

import click

from seedvault.cli import output
from seedvault.cli.exits import Exit
from seedvault.cli.options import SERIAL, Session, dry_run_option, json_option
from seedvault.cli.outcomes import not_answered, outcome_fields
from seedvault.domain.challenge import Challenge
from seedvault.domain.names import Serial
from seedvault.domain.outcome import Rejected


@click.command("challenge")
@click.argument("serial", type=SERIAL)
@click.option("--question", help="Your own, to be signed: out of a transaction. Else at random.")
@dry_run_option
@json_option
@click.pass_obj
def challenge(session: Session, serial: Serial, *, question: str | None, dry_run: bool) -> int:
    """Put a question to an OCRA token. Its user types it in and reads the response.

    The vault takes one response, right or wrong, until the challenge expires:
    seedvault token verify SERIAL RESPONSE --challenge ID

    \b
    Examples:
      seedvault token challenge GALT10001234
      seedvault token challenge GALT10001234 --question 00149900
    """
    with session.application() as application:
        issuing = application.issue_challenge
        if dry_run:
            return _tell_dry(session, serial, issuing.refusal(serial, question))
        issued = issuing(serial, session.actor, question)
    if isinstance(issued, Rejected):
        if session.as_json:
            output.document("token.challenge", outcome_fields(serial, issued))
        else:
            click.echo(not_answered(serial, issued))
        return Exit.DECIDED_NO
    _tell(session, serial, issued)
    return Exit.DONE


def _tell_dry(session: Session, serial: Serial, refused: Rejected | None) -> int:
    if session.as_json:
        reason = refused.reason.value if refused else None
        fields: dict[str, object] = {"serial": str(serial), "refused": reason}
        output.document("token.challenge", {**fields, "dry_run": True})
    else:
        click.echo(not_answered(serial, refused) if refused else "a challenge would be issued")
    return Exit.DECIDED_NO if refused else Exit.DONE


def _tell(session: Session, serial: Serial, issued: Challenge) -> None:
    if session.as_json:
        output.document(
            "token.challenge",
            {
                "serial": str(serial),
                "challenge": str(issued.id),
                "question": issued.question,
                "purpose": issued.purpose.value,
                "expires": issued.expires_at,
                "dry_run": False,
            },
        )
        return
    output.fields(
        [
            ("question", issued.question),
            ("challenge", issued.id),
            ("expires", issued.expires_at),
            ("next", f"seedvault token verify {serial} RESPONSE --challenge {issued.id}"),
        ]
    )
