"""A vault's own KEK, put to the proof once it is there: does it do what a throw-away one did?"""

import os
from collections.abc import Callable

from hsm import blobs, templates
from hsm.connection import Connection
from hsm.errors import HsmError, Policy, Unsupported
from hsm.findings import Report, Weakness
from hsm.link import LentSession
from hsm.templates import Cka
from hsm.vault_key import VaultKey


def prove(connection: Connection, kek: VaultKey, report: Report) -> None:
    """Return only where a seed goes under the KEK and back, and the KEK refuses what it must.

    What `report` knows as a weakness is not asked again.

    Raises:
        Unsupported: it does not; the message names the first thing that failed.
    """
    try:
        connection.run(lambda session: _prove(session, kek, report))
    except Unsupported as error:
        raise Unsupported(
            f"{connection.location}: {error}. This module cannot hold a vault"
        ) from error


def _prove(session: LentSession, key: VaultKey, report: Report) -> None:
    kek = session.key(key)
    wrapping = session.once(blobs.chosen)
    secret = os.urandom(64)
    seed = blobs.create(session, templates.fresh_seed, secret)
    blob = session.wrap(kek, seed, wrapping)
    session.destroy(seed)
    if not blobs.is_secret(session, session.unwrap(kek, blob, wrapping=wrapping), secret):
        raise Unsupported("what the KEK wrapped comes back as something else")
    _must_refuse("reading the KEK", lambda: session.attribute(kek, Cka.VALUE))
    if Weakness.WRAPS_ANYTHING not in report.weaknesses:
        _must_refuse("wrapping the KEK itself", lambda: session.wrap(kek, kek, wrapping))
    if Weakness.UNWRAPS_READABLE not in report.weaknesses:
        _must_refuse(
            "unwrapping a seed that can be read",
            lambda: session.unwrap(kek, blob, templates.EXPOSED_SEED, wrapping),
        )


def _must_refuse(what: str, attempt: Callable[[], object]) -> None:
    try:
        attempt()
    except (Policy, Unsupported):
        return
    except HsmError as error:
        raise Unsupported(f"{what} ends in an error instead of a refusal ({error})") from error
    raise Unsupported(f"{what} is allowed")
