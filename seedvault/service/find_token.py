"""Which token is it? For staff who have a code, and no serial that can be read.

The older systems answer this by trying every token they hold, for anybody who asks, as often as
they ask. Here it is one batch, one user or one list, up to a cap; ten times a day; on record before
and after. It accepts nothing, spends nothing and charges nobody: whoever is to be let in still has
to be verified.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime

from seedvault.domain import recognition
from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.errors import InvalidInput, NotAllowed, SealBroken
from seedvault.domain.names import Serial
from seedvault.domain.policy import Policy
from seedvault.domain.recognition import Shown
from seedvault.domain.token import Token, owner_of
from seedvault.service.clock import check_clock
from seedvault.service.decide import broken_on_record
from seedvault.service.policy_ports import Policies
from seedvault.service.ports import Clock, Keys, StoredToken, Vault
from seedvault.service.search_scope import Scope, Searched, budget_ends, searched

WORKERS = 4
"""Threads that ask an HSM: up to 3.9 times as fast as one where a call takes a millisecond. They
gain nothing in SoftHSM, which serves one at a time (`./dev bench find`)."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A token that was not looked at, and why."""

    serial: Serial
    why: str


@dataclass(frozen=True, slots=True)
class Sought:
    """What a search came to. `by_chance` is how many tokens would match by chance alone."""

    found: tuple[Token, ...]
    looked_at: int
    left_out: tuple[LeftOut, ...]
    by_chance: float


@dataclass(frozen=True, slots=True)
class FindToken:
    """Find the token that shows a code, or two consecutive ones; `workers` threads ask the HSM."""

    vault: Vault
    keys: Keys
    clock: Clock
    policies: Policies
    workers: int = 1

    def __call__(self, codes: Shown, scope: Scope, actor: str) -> Sought:
        """Raises InvalidInput for no codes and for too many tokens, NotAllowed after ten a day.

        ClockUntrusted, before it is charged, where a token that needs the time is among them.
        """
        flaw = recognition.flaw(codes)
        if flaw:
            raise InvalidInput(f"nothing can be looked for: {flaw}")
        now = self.clock()
        with broken_on_record(self.vault, AuditEvent(EventKind.SEAL_BROKEN, now, actor)):
            policy = self.policies.of_all()
        return _Search(self, codes, searched(self.vault, scope, policy), policy, actor, now)()


@dataclass(slots=True)
class _Search:
    """One search at one moment."""

    desk: FindToken
    codes: Shown
    among: Searched
    policy: Policy  # of all tokens: how many are searched, and how often
    actor: str
    now: datetime
    left_out: list[LeftOut] = field(default_factory=list)

    def __call__(self) -> Sought:
        self._refuse_beyond(self.policy.searches_a_day - 1)
        stored = self._read()
        # On record, and charged, before anything is computed: a hundred searches that begin at
        # once are a hundred on record, and all but ten of them end here.
        self._record(self._event(EventKind.TOKEN_SOUGHT, f"among {_counted(stored)}"))
        self._refuse_beyond(self.policy.searches_a_day)
        found = self._look(stored)
        for each in found:
            self._record(self._about(each, f"among {_counted(stored)}"))
        chance = recognition.by_chance(self._places(stored), self.codes)
        tokens = tuple(each.token for each in found)
        return Sought(tokens, len(stored), tuple(self.left_out), chance)

    def _refuse_beyond(self, allowed: int) -> None:
        """Raises NotAllowed, on record, where more searches than that are."""
        charge = self._event(EventKind.TOKEN_SOUGHT)
        ends = budget_ends(self.desk.vault, charge, allowed, self.policy)
        if ends is None:
            return
        self._record(self._event(EventKind.SEARCH_REFUSED, "the day's searches are spent"))
        raise NotAllowed(
            f"{self.actor} has searched {self.among.name} {self.policy.searches_a_day} times today",
            unchanged="No token was looked at.",
            remedy=f"The next search is possible at {ends.isoformat(timespec='seconds')}.",
        )

    def _read(self) -> list[StoredToken]:
        """The tokens to look at, as they stand."""
        kept: list[StoredToken] = []
        for serial in self.among.serials:
            try:
                stored = self.desk.vault.token(serial)
            except SealBroken as broken:
                self._broken(serial, broken)
                continue
            why = self._why_not(stored)
            if stored is None or why:
                self.left_out.append(LeftOut(serial, why))
            else:
                check_clock(stored, self.now)
                kept.append(stored)
        return kept

    def _why_not(self, stored: StoredToken | None) -> str:
        """Why a token is not looked at; "" where it is."""
        if stored is None:
            return "no token has this serial"
        policy = self.desk.policies.of(stored)
        refused = recognition.refusal(stored.token, self.codes, self.now, policy)
        return refused.reason.value if refused else ""

    def _look(self, stored: Sequence[StoredToken]) -> list[StoredToken]:
        """Those that show the codes. Threads only ask the HSM; this one alone reads and writes."""
        found: list[StoredToken] = []
        with ThreadPoolExecutor(self.desk.workers) as pool:
            try:
                answers = pool.map(self._shows, stored, map(self.desk.policies.of, stored))
                for each, answer in zip(stored, answers, strict=True):
                    if isinstance(answer, SealBroken):
                        self._broken(each.token.device.serial, answer)
                    elif answer:
                        found.append(each)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return found

    def _shows(self, stored: StoredToken, policy: Policy) -> bool | SealBroken:
        try:
            with self.desk.keys.open(stored) as mac:
                return recognition.shows(stored.token, self.codes, self.now, policy, mac)
        except SealBroken as broken:
            return broken

    def _places(self, stored: Sequence[StoredToken]) -> int:
        of = self.desk.policies.of
        return sum(len(recognition.places(each.token, self.now, of(each))) for each in stored)

    def _broken(self, serial: Serial, broken: SealBroken) -> None:
        """On record; the search goes on."""
        event = AuditEvent(EventKind.SEAL_BROKEN, self.now, self.actor, serial=serial)
        self._record(replace(event, detail=broken.what))
        self.left_out.append(LeftOut(serial, "its seal is broken"))

    def _event(self, kind: EventKind, detail: str | None = None) -> AuditEvent:
        batch, user = self.among.batch, self.among.user
        return AuditEvent(kind, self.now, self.actor, user=user, batch=batch, detail=detail)

    def _about(self, stored: StoredToken, detail: str) -> AuditEvent:
        """That a token was found, in its own history."""
        token = stored.token
        owner = owner_of(token)
        event = self._event(EventKind.TOKEN_FOUND, detail)
        user = owner.verbatim if owner else None
        return replace(event, serial=token.device.serial, user=user)

    def _record(self, event: AuditEvent) -> None:
        with self.desk.vault.transaction() as transaction:
            transaction.commit(event)


def _counted(stored: Sequence[StoredToken]) -> str:
    return f"{len(stored)} token{'' if len(stored) == 1 else 's'}"
