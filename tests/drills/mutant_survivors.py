"""The mutants that no test can notice, each with the reason why it makes no difference.

A mutant is named by its module, the function or class it is in, and the line before and after.
"""

from typing import Final

Key = tuple[str, str, str, str]

SURVIVORS: Final[dict[Key, str]] = {}
