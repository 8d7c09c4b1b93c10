"""The console script: run the command line, turn what it raises into words and an exit code."""

import sys
import traceback
import uuid
from datetime import UTC, datetime

import click

from seedvault.cli import output
from seedvault.cli.exits import Exit, exit_for
from seedvault.cli.options import Session
from seedvault.cli.root import root
from seedvault.config import default_home
from seedvault.domain.errors import InvalidInput, SeedvaultError


def main() -> None:
    """Run `seedvault` with the process's arguments, and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit code of one command; its words are printed."""
    session = Session(default_home())
    try:
        code = root.main(arguments, "seedvault", standalone_mode=False, obj=session)
    except click.exceptions.NoArgsIsHelpError as help_asked:
        help_asked.show()
        return Exit.USAGE
    except click.ClickException as usage:
        # Not the session's word: what is wrong may stand before --json, or make it unknown.
        return _refuse(usage, as_json="--json" in arguments)
    except (click.Abort, KeyboardInterrupt):
        output.note("interrupted")
        return Exit.INTERRUPTED
    except SeedvaultError as error:
        return _tell(error, session)
    except Exception as bug:  # noqa: BLE001 - the outermost frame of this edge
        return _confess(bug, session)
    return Exit.DONE if code is None else int(code)


def _refuse(usage: click.ClickException, *, as_json: bool) -> int:
    if as_json:
        context = usage.ctx if isinstance(usage, click.UsageError) else None
        remedy = f"See: {context.command_path} --help" if context else ""
        _document(InvalidInput(usage.format_message(), remedy=remedy))
    usage.show()
    return Exit.USAGE


def _tell(error: SeedvaultError, session: Session) -> int:
    if session.as_json:
        _document(error)
    output.note(f"error: {error}")
    return exit_for(error)


def _document(error: SeedvaultError) -> None:
    fields = {"what": error.what, "unchanged": error.unchanged, "remedy": error.remedy}
    output.document("error", {"exit": int(exit_for(error)), **fields})


def _confess(bug: Exception, session: Session) -> int:
    """Tell that this is our fault; the trace, which could name serials, goes to the log only."""
    bug_id = uuid.uuid4().hex[:8]
    trace = "".join(traceback.format_exception(bug))
    log = session.home / "seedvault.log"
    try:
        with log.open("a", encoding="utf-8") as stream:
            stream.write(f"{datetime.now(UTC).isoformat()} bug {bug_id}\n{trace}\n")
        where = f"the trace is in {log}"
    except OSError:
        where = f"{log} cannot be written, so there is no trace"
    output.note(f"error: this is a bug in Seedvault ({bug_id}, {type(bug).__name__}); {where}")
    return Exit.BUG


if __name__ == "__main__":
    main()
