"""Putting a question to a token, and taking one response to it."""

from dataclasses import dataclass, field, replace

from seedvault.domain import ocra, response
from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.challenge import ID_OCTETS, Challenge, ChallengeId, Purpose
from seedvault.domain.errors import Conflict
from seedvault.domain.names import Serial
from seedvault.domain.outcome import Accepted, Outcome, Reason, Rejected
from seedvault.domain.policy import Policy
from seedvault.domain.response import Response
from seedvault.domain.token import Progress
from seedvault.service.challenge_ports import ChallengeVault, Entropy
from seedvault.service.decide import Case, until_settled
from seedvault.service.lookup import token_of
from seedvault.service.policy_ports import Policies
from seedvault.service.ports import Clock, Keys, Stale


@dataclass(frozen=True, slots=True)
class IssueChallenge:
    """Put a question to a bound token: at random, or the caller's own, to be signed.

    At most `challenges_open` wait for a response of one token: a new one takes the oldest's place.
    """

    vault: ChallengeVault
    keys: Keys
    clock: Clock
    entropy: Entropy
    policies: Policies

    def __call__(
        self, serial: Serial, actor: str, question: str | None = None
    ) -> Challenge | Rejected:
        """Rejected where no response would be taken. Raises InvalidInput for what is no question.

        Raises Conflict for a question that the token has signed already, unless it counts: whoever
        saw the response could give it again.
        """
        return until_settled(lambda: self._attempt(serial, actor, question))

    def refusal(self, serial: Serial, question: str | None = None) -> Rejected | None:
        """Why no challenge would be issued, or None; raises InvalidInput as above."""
        case = Case(self.vault, self.keys, token_of(self.vault, serial), "", self.clock())
        return _not_asked(case, question, self.policies.of(case.stored))

    def _attempt(self, serial: Serial, actor: str, question: str | None) -> Challenge | Rejected:
        case = Case.read(self.vault, self.keys, serial, actor, self.clock())
        case.check_clock()
        case.check_seal()
        policy = case.policy(self.policies)
        refused = _not_asked(case, question, policy)
        if refused:
            case.record(case.event(EventKind.CHALLENGE_REFUSED, refused.reason.value))
            return refused
        challenge = self._challenge(case, question, policy)
        told = f"{challenge.id} to {challenge.purpose.value}: {challenge.question}"
        with self.vault.transaction() as transaction:
            transaction.advance(case.stored, case.stored.token.progress, None)
            if not transaction.add_challenge(case.stored, challenge, policy.challenges_open):
                raise Stale if question is None else _answered(serial)
            transaction.commit(case.event(EventKind.CHALLENGE_ISSUED, told))
        return challenge

    def _challenge(self, case: Case, question: str | None, policy: Policy) -> Challenge:
        parameters = case.stored.token.device.answering
        purpose = Purpose.LOGIN if question is None else Purpose.SIGN
        if question is None:
            octets = self.entropy(ocra.octets_needed(parameters))
            question = ocra.question_from(parameters, octets)
        named = ChallengeId(self.entropy(ID_OCTETS).hex())
        until = case.now + policy.challenge_for
        return Challenge(named, question, purpose, case.now, until)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller hands in: to which challenge, and what was typed."""

    challenge: ChallengeId
    text: str
    session: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class VerifyResponse:
    """Verify the response to a challenge that this vault issued (RFC 6287 section 7).

    A response that was computed ends its challenge, right or wrong: each guess costs a new one.
    """

    vault: ChallengeVault
    keys: Keys
    clock: Clock
    policies: Policies

    def __call__(self, serial: Serial, answer: Answer, actor: str) -> Outcome:
        """The committed outcome. Accepted is returned at most once for any challenge."""
        return until_settled(lambda: self._attempt(serial, answer, actor))

    def refusal(self, serial: Serial, answer: Answer) -> Rejected | None:
        """Why the response would not even be computed, or None. Says nothing about it itself."""
        case = Case(self.vault, self.keys, token_of(self.vault, serial), "", self.clock())
        found = self._challenge(case, answer, self.policies.of(case.stored))
        return found if isinstance(found, Rejected) else None

    def _attempt(self, serial: Serial, answer: Answer, actor: str) -> Outcome:
        case = Case.read(self.vault, self.keys, serial, actor, self.clock())
        case.check_clock()
        policy = case.policy(self.policies)
        challenge = self._challenge(case, answer, policy)
        if isinstance(challenge, Rejected):
            return case.refuse(EventKind.CODE_REJECTED, challenge, ())
        given = Response(answer.text, challenge.question, answer.session)
        progress, outcome = case.with_mac(
            lambda mac: response.verify(case.stored.token, given, case.now, policy, mac)
        )
        self._settle(case, challenge, progress, outcome)
        return outcome

    def _challenge(self, case: Case, answer: Answer, policy: Policy) -> Challenge | Rejected:
        """The challenge to be answered, or why the response need not be computed."""
        token = case.stored.token
        refused = response.held_back(token, case.now, policy)
        if refused:
            return refused
        challenge = self.vault.challenge(case.stored, answer.challenge)
        if challenge is None:
            return Rejected(Reason.NO_CHALLENGE)
        if challenge.is_over(case.now):
            return Rejected(Reason.CHALLENGE_OVER)
        given = Response(answer.text, challenge.question, answer.session)
        malformed = response.is_malformed(token.device.answering, given)
        return Rejected(Reason.MALFORMED) if malformed else challenge

    def _settle(
        self, case: Case, challenge: Challenge, progress: Progress, outcome: Outcome
    ) -> None:
        """Commit both, the end of the challenge and the outcome, or neither."""
        factor = outcome.factor if isinstance(outcome, Accepted) else None
        kept_at = case.now if factor is not None and _answers_for_good(case, challenge) else None
        with self.vault.transaction() as transaction:
            transaction.spend_challenge(case.stored, challenge, kept_at)
            transaction.advance(case.stored, progress, factor)
            transaction.commit(_event(case, challenge, outcome))


def _not_asked(case: Case, question: str | None, policy: Policy) -> Rejected | None:
    """Why no response would be taken. Raises InvalidInput for what is no question."""
    token = case.stored.token
    refused = response.held_back(token, case.now, policy)
    if not refused and question is not None:
        ocra.check_question(token.device.answering, question)
    return refused


def _answers_for_good(case: Case, challenge: Challenge) -> bool:
    """Whether the same question would have the same answer again, and the caller may ask it."""
    moves = case.stored.token.device.answering.inputs.counter
    return challenge.purpose is Purpose.SIGN and not moves


def _event(case: Case, challenge: Challenge, outcome: Outcome) -> AuditEvent:
    match outcome:
        case Accepted(factor, offset):
            event = case.event(EventKind.CODE_ACCEPTED, f"offset {offset:+d}", factor)
        case Rejected(reason):
            event = case.event(EventKind.CODE_REJECTED, reason.value)
    return replace(event, detail=f"{event.detail}; challenge {challenge.id}")


def _answered(serial: Serial) -> Conflict:
    return Conflict(
        f"{serial} has signed this question already: its response is known",
        unchanged="No challenge was issued.",
        remedy="Put something into the question that no other transaction has, such as its number.",
    )
