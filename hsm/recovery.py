"""The recovery key, which lives outside the module: in shares, with custodians (SLIP-0039).

A KEK never leaves its module in the clear, and what it unwraps is not extractable: so nothing in
the module could ever re-wrap a seed, or bring a KEK back. Each key of a vault is therefore copied
once, when it is made, under an AES-256 key that the vault does not keep. M of N custodians bring
it back for a rotation or a restore.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn, Self

from hsm.errors import Policy

RECOVERY_OCTETS = 32
SHARES_MAX = 16  # SLIP-0039, "Number of shares"


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many shares there are, and how many of them bring the key back.

    Raises:
        Policy: not 1 <= needed <= shares <= 16; or one of several, which would be mere copies.
    """

    needed: int
    shares: int

    def __post_init__(self) -> None:
        if not 1 <= self.needed <= self.shares <= SHARES_MAX:
            raise Policy(
                f"{self.needed} of {self.shares} shares: of 1 to {SHARES_MAX} shares, as many or "
                "fewer are needed"
            )
        if self.needed == 1 and self.shares > 1:
            raise Policy(
                f"1 of {self.shares} shares: each would be the whole key. Make 2-of-{self.shares}, "
                "or 1-of-1 and copy it"
            )

    def __str__(self) -> str:
        return f"{self.needed}-of-{self.shares}"


class RecoveryKey:
    """Its 32 octets in a buffer of its own: no repr, no equality, no pickle; `wipe` ends it.

    Shares are text, and what makes them and combines them works with `bytes`: neither can be wiped.
    Hold the ceremony on a machine that you trust.
    """

    __slots__ = ("_octets", "_wiped", "set_id")

    def __init__(self, octets: bytearray, set_id: str) -> None:
        if len(octets) != RECOVERY_OCTETS:
            raise Policy(f"a recovery key has {RECOVERY_OCTETS} octets, not {len(octets)}")
        self._octets = octets
        self._wiped = False
        self.set_id = set_id

    @classmethod
    def generate(cls, quorum: Quorum, entropy: Callable[[int], bytes]) -> "tuple[Self, list[str]]":
        """A new key, and its shares: 33 words each, to be written down or kept in files."""
        from shamir_mnemonic import generate_mnemonics  # noqa: PLC0415 - ceremonies only

        octets = bytearray(entropy(RECOVERY_OCTETS))
        # No passphrase stretches it: 256 random bit need none.
        ((*shares,),) = generate_mnemonics(
            1, [(quorum.needed, quorum.shares)], bytes(octets), iteration_exponent=0
        )
        return cls(octets, _set_id(shares[0])), shares

    @classmethod
    def combine(cls, shares: Sequence[str]) -> Self:
        """The key out of enough of its shares; more than enough is as good.

        Raises:
            Policy: a share is misspelt, of another set, twice there, or there are too few.
        """
        from shamir_mnemonic import MnemonicError, combine_mnemonics  # noqa: PLC0415 - as above

        words = [" ".join(share.split()).lower() for share in shares]
        needed, set_id = _quorum([share_of(share) for share in words])
        try:
            octets = bytearray(combine_mnemonics(words[:needed]))
        except MnemonicError as error:
            raise Policy(f"the shares do not make a recovery key: {error}") from error
        return cls(octets, set_id)

    @contextmanager
    def expose(self) -> Iterator[bytearray]:
        """The octets themselves, to be read inside the block and kept by nobody."""
        if self._wiped:
            raise Policy("this recovery key was wiped: bring the shares again")
        yield self._octets

    def wipe(self) -> None:
        """Overwrite the octets. Their length stays: an error on its way may still point there."""
        self._octets[:] = bytes(len(self._octets))
        self._wiped = True

    def __repr__(self) -> str:
        return "RecoveryKey(...)"

    __hash__ = None  # type: ignore[assignment]  # a secret is no dictionary key

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError("a RecoveryKey is not compared")

    def __reduce__(self) -> NoReturn:
        """Refuse `pickle`, `copy.copy` and `copy.deepcopy`, which all come by here."""
        raise TypeError("a RecoveryKey is neither copied nor pickled")


def share_of(share: str) -> tuple[str, int, int]:
    """The set of a share, its own number, and how many of the set are needed.

    Raises:
        Policy: it is no share, or misspelt.
    """
    from shamir_mnemonic import MnemonicError  # noqa: PLC0415 - as above
    from shamir_mnemonic.share import Share  # noqa: PLC0415 - as above

    try:
        found = Share.from_mnemonic(" ".join(share.split()).lower())
    except MnemonicError as error:
        raise Policy(f"this is no share of a recovery key: {error}") from error
    return f"{found.identifier:04x}", found.index + 1, found.member_threshold


def _quorum(given: Sequence[tuple[str, int, int]]) -> tuple[int, str]:
    """How many shares are needed, and of which set.

    Raises:
        Policy: they are of several sets, or too few.
    """
    sets = sorted({set_id for set_id, _, _ in given})
    if len(sets) != 1:
        raise Policy(
            f"these shares are of {len(sets)} different sets ({', '.join(sets)}): bring shares of "
            "one set"
        )
    needed, different = given[0][2], len({number for _, number, _ in given})
    if different < needed:
        twice = ", one of them twice" if different < len(given) else ""
        raise Policy(
            f"{len(given)} of the shares of set {sets[0]} were given{twice}: {needed} different "
            "ones are needed"
        )
    return needed, sets[0]


def _set_id(share: str) -> str:
    return share_of(share)[0]
