"""What a key may be used for, and when: its Policy and its device's dates (RFC 6030 section 5)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from importers import lexical
from importers.errors import Malformed
from importers.model import MAX_COUNTER, PinPolicy, PinUsage, Policy, WarningCode
from importers.pskc import grammar
from importers.pskc.codes import VALUE_FORMATS
from importers.rules import Rule
from importers.xml import Capture

_KEY_USAGES = frozenset(
    {"OTP", "CR", "Encrypt", "Integrity", "Verify", "Unlock", "Decrypt", "KeyWrap", "Unwrap"}
    | {"Derive", "Generate"}
)

_MAX_UNSIGNED_INT = 2**32 - 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Terms:
    """A key's policy, and when it is valid by its device and its policy; both ends inclusive."""

    policy: Policy | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None


_NONE = Terms()


def terms_of(capture: Capture) -> Terms:
    """A key's terms. What is not understood of a policy stands in `Policy.unknown`.

    Raises:
        Malformed: a date of the device cannot be read, or no time is left at which it is valid.
    """
    start, end = _moment(capture, grammar.START_DATE), _moment(capture, grammar.EXPIRY_DATE)
    policy = None
    if not capture.has(grammar.POLICY):
        if start is end:  # neither is there: most files
            return _NONE
    else:
        told = _Told(capture)
        policy_start = told.element(grammar.POLICY_START_DATE, _date)
        policy_end = told.element(grammar.POLICY_EXPIRY_DATE, _date)
        policy = told.policy()
        start = max(filter(None, (start, policy_start)), default=None)
        end = min(filter(None, (end, policy_end)), default=None)
    if start is not None and end is not None and end < start:
        raise Malformed("ExpiryDate is before StartDate", capture.place(grammar.EXPIRY_DATE))
    return Terms(policy, start, end)


class _Told:
    """One Policy as it is read: `unknown` grows by the path of each value not understood."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self.unknown = list(capture.unknown)

    def policy(self) -> Policy:
        usages = {usage.strip() for usage in self._capture.listed(grammar.KEY_USAGE)}
        if usages - _KEY_USAGES:
            self.unknown.append(grammar.KEY_USAGE.path)
        most = self.element(grammar.NUMBER_OF_TRANSACTIONS, _count(MAX_COUNTER))
        pin = self._pin_policy() if self._capture.has(grammar.PIN_POLICY) else None
        return Policy(frozenset(usages & _KEY_USAGES), most, pin, tuple(self.unknown))

    def _pin_policy(self) -> PinPolicy:
        count = _count(_MAX_UNSIGNED_INT)
        return PinPolicy(
            key_id=self._pin("PINKeyId", lexical.line),
            usage=self._pin("PINUsageMode", PinUsage),
            max_failures=self._pin("MaxFailedAttempts", count),
            min_length=self._pin("MinLength", count),
            max_length=self._pin("MaxLength", count),
            encoding=self._pin("PINEncoding", _value_format),
        )

    def element(self, rule: Rule, read: Callable[[str], T]) -> T | None:
        """The element's value; None where it is absent or not understood."""
        return self._understood(self._capture.text(rule), rule.path, read)

    def _pin(self, name: str, read: Callable[[str], T]) -> T | None:
        text = self._capture.attribute(grammar.PIN_POLICY, name)
        return self._understood(text, f"{grammar.PIN_POLICY.path}/@{name}", read)

    def _understood(self, text: str | None, path: str, read: Callable[[str], T]) -> T | None:
        if text is None:
            return None
        try:
            return read(text)
        except ValueError:
            self.unknown.append(path)
            return None


def _count(high: int) -> Callable[[str], int]:
    return lambda text: lexical.integer(text, 0, high)


def _value_format(text: str) -> str:
    if text not in VALUE_FORMATS:
        raise ValueError("it is no value format")
    return text


def _date(text: str) -> datetime:
    return lexical.date_time(text).when


def _moment(capture: Capture, rule: Rule) -> datetime | None:
    moment = capture.parsed(rule, lexical.date_time)
    if moment is None:
        return None
    if not moment.zoned:
        capture.warnings[WarningCode.DATE_WITHOUT_ZONE] += 1
    return moment.when
