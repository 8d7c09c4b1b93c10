"""`seedvault status`."""

import click

from seedvault.cli import output
from seedvault.cli.exits import Exit, exit_for
from seedvault.cli.options import Session, json_option
from seedvault.domain.errors import HsmUnavailable, NotAllowed
from seedvault.domain.fleet import FleetRates, Span
from seedvault.wiring import Application

_FIPS = "required: what is not approved is refused; that is no validation"
_ALARM = "Somebody may be guessing at many tokens: seedvault audit list --kind code.rejected"
_ACCEPTED = "accepted when the vault was made; to see them: seedvault doctor"


@click.command("status")
@json_option
@click.pass_obj
def command(session: Session) -> int:
    """Tell how the vault and its HSM are, what it holds, and how often codes failed.

    Where more of them failed in the last hour, over all tokens, than failures_per_hour in
    seedvault.toml allows, it exits with 1: somebody may be guessing.

    \b
    Examples:
      seedvault status
      seedvault --home /srv/seedvault status --json
    """
    with session.application() as application:
        vault = application.vault
        identity, counts, rates = vault.identity, vault.counts(), application.count_failures()
        module, failure = _hsm(application)
        shown: dict[str, object] = {
            "home": str(session.home),
            "vault": identity.vault_id,
            "created": identity.created_at,
            "epoch": _epoch(identity.epoch, application, failure),
            "hsm": module if failure is None else f"{_why_not(failure)}: {failure.what}",
            "fips": _FIPS if application.settings.require_fips else "not required",
            "weaknesses": _ACCEPTED if application.settings.accept_weaknesses else "none accepted",
            "in_stock": counts.in_stock,
            "bound": counts.bound,
            "suspended": counts.suspended,
            "quarantined": counts.quarantined,
            "revoked": counts.revoked,
            "retired": counts.retired,
            "users": counts.users,
            "batches": counts.batches,
            "audit_events": counts.events,
        }
    _tell(session, shown, rates)
    if failure is not None:
        return exit_for(failure)
    return Exit.DECIDED_NO if rates.alarm else Exit.DONE


def _tell(session: Session, shown: dict[str, object], rates: FleetRates) -> None:
    if session.as_json:
        spans = {"last_hour": _span(rates.hour), "last_day": _span(rates.day)}
        alarm: dict[str, object] = {"failures_per_hour": rates.most_an_hour, "alarm": rates.alarm}
        output.document("status", {**shown, **spans, **alarm})
        return
    told = [(name.replace("_", " "), value) for name, value in shown.items()]
    told += [("last hour", _words(rates.hour)), ("last day", _words(rates.day))]
    output.fields([*told, ("alarm", rates.alarm or "none")])
    if rates.alarm:
        output.note(_ALARM)


def _span(span: Span) -> dict[str, object]:
    return {
        "accepted": span.accepted,
        "failed": span.failed,
        "lucky_hits": round(span.lucky_hits, 6),
    }


def _words(span: Span) -> str:
    chance = f", of which {span.lucky_hits:.2g} guesses would be right by chance"
    return f"{span.accepted} accepted, {span.failed} failed{chance if span.failed else ''}"


def _hsm(application: Application) -> tuple[str, HsmUnavailable | NotAllowed | None]:
    try:
        keys = application.keys
    except (HsmUnavailable, NotAllowed) as error:
        return "", error
    return f"{keys.module}, import tier {keys.import_tier.value}", None


def _epoch(
    epoch: int, application: Application, failure: HsmUnavailable | NotAllowed | None
) -> str:
    kept = "the HSM was not asked" if failure else application.epoch_kept.value
    return f"{epoch}, {kept}"


def _why_not(failure: HsmUnavailable | NotAllowed) -> str:
    return "NOT USED" if isinstance(failure, NotAllowed) else "UNAVAILABLE"
