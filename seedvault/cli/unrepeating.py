"""A command whose wrong calls are not repeated where they may hold a key."""

import re

import click

# 12 hexadecimal digits, grouped or not: longer than any check value.
_DIGITS = re.compile(r"(?:[0-9A-Fa-f][\s:-]?){11,}[0-9A-Fa-f]")


class Unrepeating(click.Command):
    """Click quotes what it does not take; of a component in the wrong place, only the length."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as usage:
            told = _DIGITS.sub(
                lambda digits: f"({len(digits[0])} characters)", usage.format_message()
            )
            raise click.UsageError(told, usage.ctx) from None  # the other one quotes
