"""`seedvault db clock`."""

import click

from seedvault.cli import output
from seedvault.cli.options import Session, dry_run_option, json_option
from seedvault.service.clock import ClockState


@click.command("clock")
@click.option(
    "--accept", is_flag=True, help="Trust this machine's clock, whatever later time is on record."
)
@dry_run_option
@json_option
@click.pass_obj
def compare(session: Session, *, accept: bool, dry_run: bool) -> int:
    """Compare this machine's clock with what the database knows of the time.

    Where they differ by more than 2 seconds, or something later is on record, no time-based code
    is judged. Set the clock by NTP. Where a clock once ran ahead, and that is what is on record,
    --accept begins anew from this machine's; it is put on record.

    \b
    Examples:
      seedvault db clock
      seedvault db clock --accept
    """
    with session.application() as application:
        if not accept:
            state = application.compare_clocks()
        elif dry_run:
            state = application.accept_clock.check()
        else:
            state = application.accept_clock(session.actor)
    trusted = accept or state.why is None
    _tell(session, state, _words(state, accept=accept, dry_run=dry_run), trusted=trusted)
    return 0 if trusted else 1


def _words(state: ClockState, *, accept: bool, dry_run: bool) -> str:
    if accept:
        return "this clock would be trusted; nothing was changed" if dry_run else "trusted from now"
    return state.why or "trusted"


def _tell(session: Session, state: ClockState, words: str, *, trusted: bool) -> None:
    ahead_s = state.record.ahead.total_seconds()
    if session.as_json:
        fields: dict[str, object] = {
            "trusted": trusted,
            "now": state.now,
            "ahead_s": ahead_s,
            "newest": state.record.newest,
            "what": words,
        }
        output.document("db.clock", fields)
        return
    output.fields(
        [
            ("this machine", state.now),
            ("ahead of the database's", f"{ahead_s:+.1f} s"),
            ("latest on record", state.record.newest),
        ]
    )
    click.echo(words)
