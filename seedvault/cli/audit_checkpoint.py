"""`seedvault audit checkpoint`."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep
from types import FrameType

import click

from seedvault.cli import output
from seedvault.cli.options import Session, json_option
from seedvault.domain.checkpoint import AT_ONCE, SignedCheckpoint

_PAUSE_S = 0.1


@click.command()
@click.option("--follow", is_flag=True, help="Go on until interrupted: every second, if need be.")
@json_option
@click.pass_obj
def checkpoint(session: Session, *, follow: bool) -> None:
    """Sign where the audit log ends, in the HSM.

    Commands that change something do so at their end, at most once a second. What is new is copied
    to the export and to syslog where seedvault.toml says so. With --follow, checkpoints are written
    every second or every 1,000 events, whichever comes first, until SIGTERM or SIGINT.

    \b
    Examples:
      seedvault audit checkpoint
      seedvault audit checkpoint --follow
    """
    if follow:
        _follow(session)
        return
    with session.application() as application:
        written = application.audit.cover(output.note)(AT_ONCE)
        last = written or application.vault.last_checkpoint()
    _tell(session, last, is_new=written is not None)


def _tell(session: Session, last: SignedCheckpoint | None, *, is_new: bool) -> None:
    stated = last.checkpoint if last else None
    if session.as_json:
        output.document(
            "audit.checkpoint",
            {
                "number": stated.number if stated else None,
                "at": stated.at if stated else None,
                "events": stated.events if stated else 0,
                "key": stated.signer.name if stated else None,
                "written": is_new,
            },
        )
    elif stated is not None and is_new:
        key = stated.signer.name
        click.echo(f"checkpoint {stated.number}: {stated.events} events, signed by {key}")
    else:
        click.echo(f"nothing is new since checkpoint {stated.number if stated else 0}")


def _follow(session: Session) -> None:
    with _until_told() as stop:
        ended = False
        while not ended:
            with session.application() as application:
                ended = application.audit.follow(output.note, stop.pause)()


class _Stop:
    """Whether a signal came; a handler does no more than say so."""

    def __init__(self) -> None:
        self._told = False

    def tell(self, _number: int, _frame: FrameType | None) -> None:
        self._told = True

    def pause(self) -> bool:
        """Wait a moment; whether to go on."""
        if not self._told:
            sleep(_PAUSE_S)
        return not self._told


@contextmanager
def _until_told() -> Iterator[_Stop]:
    """A block in which SIGTERM and SIGINT end nothing by themselves."""
    stop = _Stop()
    before = {
        number: signal.signal(number, stop.tell) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
