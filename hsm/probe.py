"""What a module really does, found by asking it; flags and version numbers prove nothing.

Everything is tried with throw-away session objects, made with the attributes of the vault's own
keys: an examination works before there is a vault, changes nothing, and leaves nothing behind.
"""

from hsm import abilities, blobs, facts, inside, negatives
from hsm.bench import Bench
from hsm.connection import Connection
from hsm.errors import HsmError, Integrity, Policy, Unsupported
from hsm.findings import Check, Outcome, Report
from hsm.link import LentSession
from hsm.model import Tier
from hsm.questions import ECDSA, QUESTIONS, RSA, Question
from hsm.translate import Stale
from hsm.wrapping import Wrapping


def examine(connection: Connection) -> Report:
    """Put every question to the module behind `connection`; takes a second, mostly for RSA keys.

    Raises:
        Unavailable: it lost its session twice.
    """
    return connection.run(lambda session: _examine(connection, session))


def _examine(connection: Connection, session: LentSession) -> Report:
    answered = {each: answer(session, each) for each in QUESTIONS if each.applies(session)}
    yes = {question for question, check in answered.items() if check.outcome is Outcome.YES}
    missed = [question for question in answered if question not in yes]
    wrapping = _wrapping(session)
    lacking = [question.needed for question in missed if question.needed]
    if wrapping is None:
        lacking.append("a way to wrap keys")
    if ECDSA not in yes and RSA not in yes:
        lacking.append("ECDSA or RSA signatures")
    return Report(
        facts=facts.of(connection),
        checks=tuple(check for question, check in answered.items() if _tells(question, check)),
        wrapping=wrapping,
        import_tier=session.once(inside.import_tier),
        verify_tier=None if lacking else Tier.INSIDE,
        weaknesses=tuple(question.weakness for question in missed if question.weakness),
        lacking=tuple(lacking),
        by_software=session.once(abilities.by_software),
        guards_unwrapping=session.once(negatives.guards),
        signs_ecdsa=ECDSA in yes,
    )


def answer(session: LentSession, question: Question) -> Check:
    """What the module makes of one question."""
    bench = Bench(session)
    meaning = question.no
    try:
        outcome = Outcome.YES if question.ask(bench) else Outcome.NO
        code = bench.code if outcome is Outcome.YES else ""
        if outcome is Outcome.YES:
            meaning = question.yes
        elif question.explain is not None:
            meaning = question.explain(bench) or meaning
    except Stale:
        raise  # asked again, all of it, on another session
    except (Unsupported, Policy, Integrity) as refusal:
        outcome, code = Outcome.NO, refusal.code
    except HsmError as error:
        outcome, code = Outcome.ERROR, error.code
    finally:
        bench.clear()
    return Check(question.topic, question.name, outcome, code, meaning)


def _tells(question: Question, check: Check) -> bool:
    """Not of a vendor's own way which this module does not have."""
    return not question.optional or check.outcome is Outcome.YES


def _wrapping(session: LentSession) -> Wrapping | None:
    try:
        return session.once(blobs.chosen)
    except Unsupported:
        return None
