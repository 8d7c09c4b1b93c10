"""OCRA responses (RFC 6287) over a MAC function, so that no seed is ever needed here."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from seedvault.domain.errors import InvalidInput
from seedvault.domain.oath import OCTETS, Digest, Mac, truncated
from seedvault.domain.ocra_suite import OcraParameters, QuestionForm

_QUESTION_NIBBLES = 256  # Q is 128 octets, whatever the question's length
_FACTOR_OCTETS = 8
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # 32, none of which looks like another
_UNBIASED = 8  # octets beyond what a number needs: its digits are even to one part in 2**64


@dataclass(frozen=True, slots=True)
class Inputs:
    """What one response is computed over (RFC 6287 section 5.1).

    `pin_hash` and `session` are octets, there where the suite asks for them; `counter` and
    `time_step` too. Neither repeats a secret.
    """

    question: str
    pin_hash: bytes | None = field(default=None, repr=False)
    session: bytes | None = field(default=None, repr=False)
    counter: int | None = None
    time_step: int | None = None


def response(mac: Mac, parameters: OcraParameters, inputs: Inputs) -> str:
    """The response: decimal digits, or the HMAC in lower-case hexadecimal (section 5.2)."""
    return responses(mac, parameters, [inputs])[0]


def responses(mac: Mac, parameters: OcraParameters, inputs: Sequence[Inputs]) -> list[str]:
    """The response to each, in their order."""
    tags, digits = mac.many([message(parameters, each) for each in inputs]), parameters.digits
    return [truncated(tag, digits) if digits else tag.hex() for tag in tags]


def message(parameters: OcraParameters, inputs: Inputs) -> bytes:
    """DataInput = suite | 00 | C | Q | P | S | T (section 5.1), of what the suite asks for.

    Raises InvalidInput where an input is missing, or has a length that the suite does not.
    """
    asked = parameters.inputs
    parts = [parameters.suite.encode("ascii"), b"\x00"]
    if asked.counter:
        parts.append(_factor(inputs.counter, "counter"))
    parts.append(question_octets(asked.form, inputs.question))
    if asked.pin is not None:
        parts.append(_pin_hash(inputs.pin_hash, asked.pin))
    if asked.session_octets is not None:
        parts.append(_session(_present(inputs.session, "session"), asked.session_octets))
    if asked.step_s is not None:
        parts.append(_factor(inputs.time_step, "time step"))
    return b"".join(parts)


def question_octets(form: QuestionForm, question: str) -> bytes:
    """The 128 octets Q, padded on the right with zeros.

    A number is converted as the RFC's own program does (appendix A): an odd number of hexadecimal
    digits ends in the middle of an octet. So 1 and 16 are one question.
    """
    match form:
        case QuestionForm.NUMERIC:
            digits = f"{int(question):X}"
        case QuestionForm.HEXADECIMAL:
            digits = question
        case QuestionForm.ALPHANUMERIC:
            digits = question.encode("ascii").hex()
    return bytes.fromhex(digits.ljust(_QUESTION_NIBBLES, "0"))


def check_question(parameters: OcraParameters, question: str) -> None:
    """Raises InvalidInput for what the token's keypad cannot have been given."""
    asked = parameters.inputs
    if not 1 <= len(question) <= asked.question_length:
        raise InvalidInput(
            f"a question of {len(question)} characters is outside 1 to {asked.question_length}, "
            f"which {parameters.suite} has"
        )
    if not _is_in(asked.form, question):
        raise InvalidInput(f"the question is not {asked.form.name.lower()}, as {parameters.suite}")


def question_from(parameters: OcraParameters, octets: bytes) -> str:
    """A question of the suite's own length out of `octets_needed` random octets."""
    asked = parameters.inputs
    length = asked.question_length
    match asked.form:
        case QuestionForm.NUMERIC:
            return str(int.from_bytes(octets, "big") % 10**length).zfill(length)
        case QuestionForm.HEXADECIMAL:
            return octets.hex().upper()[:length]
        case QuestionForm.ALPHANUMERIC:
            return "".join(_LETTERS[octet % len(_LETTERS)] for octet in octets[:length])


def octets_needed(parameters: OcraParameters) -> int:
    """How many random octets `question_from` wants."""
    return parameters.inputs.question_length + _UNBIASED


def is_response(parameters: OcraParameters, text: str) -> bool:
    """Whether `text` could be a response: nothing else ever reaches the HSM."""
    if len(text) != parameters.response_length or not text.isascii():
        return False
    return text.isdigit() if parameters.digits else _HEXADECIMAL.issuperset(text)


def at(inputs: Inputs, counter: int | None, time_step: int | None) -> Inputs:
    """The same inputs at other moving factors."""
    return replace(inputs, counter=counter, time_step=time_step)


def _is_in(form: QuestionForm, question: str) -> bool:
    match form:
        case QuestionForm.NUMERIC:
            return question.isascii() and question.isdigit()
        case QuestionForm.HEXADECIMAL:
            return _HEXADECIMAL.issuperset(question)
        case QuestionForm.ALPHANUMERIC:
            return question.isascii() and question.isalnum()


def _factor(factor: int | None, what: str) -> bytes:
    if factor is None:
        raise InvalidInput(f"the {what} that this suite computes over is missing")
    return factor.to_bytes(_FACTOR_OCTETS, "big")


def _present(octets: bytes | None, what: str) -> bytes:
    if octets is None:
        raise InvalidInput(f"the {what} that this suite computes over is missing")
    return octets


def _pin_hash(octets: bytes | None, digest: Digest) -> bytes:
    found = _present(octets, "PIN")
    if len(found) != OCTETS[digest]:
        raise InvalidInput(f"the hash of the PIN is not as long as one by {digest.value}")
    return found


def _session(session: bytes, length: int) -> bytes:
    """Padded on the left, as the RFC's own program does (appendix A)."""
    if len(session) > length:
        raise InvalidInput(
            f"a session of {len(session)} octets is longer than the suite's {length}"
        )
    return session.rjust(length, b"\x00")
