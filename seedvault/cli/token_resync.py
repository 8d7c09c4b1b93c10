"""`seedvault token resync`."""

import click

from seedvault.cli import output, resync_words
from seedvault.cli.exits import Exit
from seedvault.cli.options import SERIAL, Session, dry_run_option, json_option
from seedvault.cli.outcomes import would_be_tried
from seedvault.domain.names import Serial
from seedvault.domain.outcome import Accepted
from seedvault.domain.resync import Codes


@click.command("resync")
@click.argument("serial", type=SERIAL)
@click.argument("codes", nargs=-1, metavar="[FIRST NEXT [THIRD]]")
@click.option(
    "--wide", is_flag=True, help="Search much further, by three consecutive codes: for staff."
)
@dry_run_option
@json_option
@click.pass_obj
def resync(
    session: Session, serial: Serial, codes: tuple[str, ...], *, wide: bool, dry_run: bool
) -> int:
    """Bring a drifted token back by consecutive codes, and spend them all.

    Without codes, asks for them one after the other. Two codes are looked for an hour around the
    token's clock, or 1,000 presses ahead; three, with --wide, a day around it, or 10,000.

    \b
    Examples:
      seedvault token resync GALT10001234 123456 654321
      seedvault token resync GALT10001234 --wide
    """
    needed = 3 if wide else 2
    if len(codes) not in (0, needed):
        raise click.UsageError(
            f"give {'three consecutive codes with --wide' if wide else 'two consecutive codes'}, "
            "or none to be asked for them"
        )
    with session.application() as application:
        resynchronising = application.resynchronise_token
        if dry_run:
            refused = resynchronising.refusal(serial, codes)
            return would_be_tried(session, "token.resync", serial, refused)
        token = application.inquire_token(serial).listed.token
        shown = _codes(codes or _asked(needed))
        answer = resynchronising.for_staff(serial, shown, session.actor)
    outcome = answer.outcome
    if session.as_json:
        output.document("token.resync", resync_words.fields(serial, answer))
    elif isinstance(outcome, Accepted):
        click.echo(resync_words.found(token.device.counting, outcome, needed))
    else:
        click.echo(resync_words.not_found(serial, outcome, answer.finding, needed))
    return Exit.DONE if isinstance(outcome, Accepted) else Exit.DECIDED_NO


def _asked(needed: int) -> tuple[str, ...]:
    first = click.prompt("First code", err=True)
    rest = (
        click.prompt("Next code (wait until the display changes)", err=True)
        for _ in range(needed - 1)
    )
    return first, *rest


def _codes(shown: tuple[str, ...]) -> Codes:
    if len(shown) > 2:
        return shown[0], shown[1], shown[2]
    return shown[0], shown[1]
