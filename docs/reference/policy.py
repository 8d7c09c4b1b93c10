"""Writes `policy.md` from the numbers themselves: `python -m docs.reference.policy`."""

from pathlib import Path

from seedvault.domain.policy import NUMBERS, Profile
from seedvault.domain.policy_number import Number, told
from seedvault.domain.policy_order import ORDERS, Order

PAGE = Path(__file__).with_name("policy.md")

_BEGINNING = """\
# Policy

Every number that decides about codes. Made from `seedvault/domain/policy.py` by
`python -m docs.reference.policy`: change it there.

## Numbers

The allowed range holds for every profile and every rule; a value outside it is refused, with the
source of its limit.
"""

_ORDER = """\
## Numbers in order

Some numbers mean something only beside another. A change after which some token could have two of
these out of order is refused, whichever rules would give them, and whether there is such a token
yet or not; the refusal names both numbers, their rules, and what to give instead. A user may be in
any groups, so the rules of two groups are held against each other, and a model's against every
batch's.

| | | | because |
|---|---|---|---|
"""

_END = """\
## Profiles

- `default` is what holds until a rule says otherwise.
- `strict` is for a TOTP code that lives 30 s, as OWASP ASVS 5.0, 6.5.5, asks: only the current step
  around the stored drift. A token that lay idle for a month is looked for one step further, once.
  With tokens whose step is 60 s a code lives 60 s, whatever the policy.
- `lenient` is for tokens that nobody uses often. It stays within SP 800-63B-4 (at most 100 failures
  in a row), and not within PCI DSS 8.3.4 (lock at 10, for 30 min).

## Rules

A rule is for *all tokens*, a *model*, a *batch* or a *group* of users. It has a profile, single
numbers, or both: then the numbers differ from the profile.

For each number, the first of these that gives it wins:

1. the rule of a group that the token's owner is in; of several, the one that stands first in
   `seedvault policy list`;
2. the rule of its batch;
3. the rule of its model;
4. the rule of all tokens;
5. the profile `default`.

A rule with a profile gives every number, so that nothing broader is asked. A rule without one gives
what it names and leaves the rest to broader rules. `seedvault policy show --for SERIAL` tells for
each number which rule gave it.

A change holds from the next verification that reads the token on, in every process and on every
node. How to set them: [Set a policy](../howto/set-a-policy.md).

## What counts as a failure

A code that is refused without being computed (malformed, too soon, locked, not bound, no challenge)
is no failure. An accepted code sets the failures to 0; so does `seedvault token unlock`.

## Challenges and PINs

One PIN costs argon2id with 64 MiB, 3 passes and 4 lanes (RFC 9106 section 4). A response is looked
for in `look_ahead` counters and the time steps of a TOTP code, each with each; `disable_hotp6_at`
holds for OCRA tokens of six digits that count.

## Parameters of tokens

Refused by the import, whatever the policy:

| | accepted | source |
|---|---|---|
| seed | 128 bit up to the HMAC block; under 160 bit with a warning | RFC 4226 section 4, R6 |
| digits | 6 to 9 | RFC 4226 section 5.3 |
| time step | 1 to 120 s | SP 800-63B-4: the nonce changes within 2 minutes |
| hash | SHA-1, SHA-256, SHA-512 | RFC 6238 section 1.2 |
"""


def page() -> str:
    """The whole page, in Markdown."""
    profiles = " | ".join(f"`{profile.value}`" for profile in Profile)
    head = f"| name | unit | {profiles} | allowed | meaning | value from | limits from |"
    rule = "|---" * head.count(" | ") + "|---|"
    rows = [_row(name, number) for name, number in NUMBERS.items()]
    orders = "".join(map(_order, ORDERS))
    return "\n".join([_BEGINNING, head, rule, *rows, "", _ORDER + orders, _END])


def _row(name: str, number: Number) -> str:
    values = [told(profile.value_of(number)) for profile in Profile]
    cells = [
        f"`{name}`",
        number.unit,
        *values,
        number.range,
        number.meaning,
        number.source,
        number.limits,
    ]
    return f"| {' | '.join(cells)} |"


def _order(order: Order) -> str:
    return f"| `{order.smaller}` | {order.words} | `{order.larger}` | {order.because} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
