"""`seedvault status`."""

import click

from seedvault.cli import output
from seedvault.cli.exits import Exit, exit_for
from seedvault.cli.options import Session, json_option
from seedvault.domain.errors import HsmUnavailable, NotAllowed
from seedvault.wiring import Application

_FIPS = "required: what is not approved is refused; that is no validation"
_ACCEPTED = "accepted when the vault was made; to see them: seedvault doctor"


@click.command("status")
@json_option
@click.pass_obj
def command(session: Session) -> int:
    """Tell how the vault and its HSM are, and what it holds.

    \b
    Examples:
      seedvault status
      seedvault --home /srv/seedvault status --json
    """
    with session.application() as application:
        vault = application.vault
        identity, counts = vault.identity, vault.counts()
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
    if session.as_json:
        output.document("status", shown)
    else:
        output.fields((name.replace("_", " "), value) for name, value in shown.items())
    return Exit.DONE if failure is None else exit_for(failure)


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
