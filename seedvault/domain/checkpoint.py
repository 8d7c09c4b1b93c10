"""Checkpoints: where every chain ended at one moment, stated so that a key in the HSM can sign it.

Each names the digest of the one before it, so that one that was taken out is missed.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from seedvault.domain.audit import GENESIS, ChainHead, milliseconds, moment
from seedvault.domain.canonical import Field, decode, encode
from seedvault.domain.ceremony import SigningKey

PURPOSE = "seedvault.checkpoint.statement/1"
"""The first field of every statement. The same key signs records of ceremonies, which begin with a
brace: no octets are both."""

_DIGEST_OCTETS = 32
_FIELDS = 9  # before the heads
_HEAD_FIELDS = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is signed. `number` counts from 1; `previous` is the digest of the one before.

    `introduces` is a public key (SubjectPublicKeyInfo in DER) that may sign what follows: the
    signer's own where it signs for the first time, or its successor's.
    """

    vault_id: str
    epoch: int
    number: int
    at: datetime
    previous: bytes
    signer: SigningKey
    introduces: bytes | None
    heads: tuple[ChainHead, ...]

    def __post_init__(self) -> None:
        """Raises ValueError for what no vault states."""
        digests = [self.previous, *(head.digest for head in self.heads)]
        ascending = all(one.chain < other.chain for one, other in pairwise(self.heads))
        if any(len(digest) != _DIGEST_OCTETS for digest in digests) or not ascending:
            raise ValueError("a digest has 32 octets, and heads stand in the order of their chains")
        if self.number < 1 or any(head.chain < 0 or head.sequence < 1 for head in self.heads):
            raise ValueError("checkpoints and events count from 1")

    def statement(self) -> bytes:
        """The octets that are signed: `encode` over the fields, then three for each head."""
        return encode(
            PURPOSE,
            self.vault_id,
            self.epoch,
            self.number,
            milliseconds(self.at),
            self.previous,
            self.signer.name,
            bytes.fromhex(self.signer.public_key_sha256),
            self.introduces,
            *(field for head in self.heads for field in (head.chain, head.sequence, head.digest)),
        )

    @property
    def digest(self) -> bytes:
        """What the next checkpoint calls `previous`."""
        return hashlib.sha256(self.statement()).digest()

    @property
    def events(self) -> int:
        """How many events it covers."""
        return sum(head.sequence for head in self.heads)

    def head(self, chain: int) -> ChainHead:
        """Where a chain ended; GENESIS, at 0, where nothing stood in it yet."""
        return next(
            (head for head in self.heads if head.chain == chain), ChainHead(chain, 0, GENESIS)
        )


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint and its signature: ECDSA in DER, or RSA PKCS#1 v1.5; both with SHA-256."""

    checkpoint: Checkpoint
    signature: bytes


@dataclass(frozen=True, slots=True)
class Pace:
    """How often checkpoints are written where something is new: by time, or sooner by number."""

    interval: timedelta
    events: int

    def is_due(self, uncovered: int, last: datetime | None, now: datetime) -> bool:
        """Whether `uncovered` events are enough, the last checkpoint being of `last`.

        One of the future, by another node's clock or before ours was set, holds up nothing.
        """
        if not uncovered:
            return False
        return (
            uncovered >= self.events
            or last is None
            or not timedelta(0) <= now - last < self.interval
        )


USUAL = Pace(timedelta(seconds=1), 1_000)
AT_ONCE = Pace(timedelta(0), 1)


def read_statement(octets: bytes) -> Checkpoint:
    """The checkpoint that is stated. Raises ValueError for any octets that none states."""
    try:
        return _checkpoint(decode(octets))
    except OverflowError as error:
        raise ValueError("no clock shows that time") from error


def succession(before: Checkpoint | None, now: Checkpoint) -> Iterator[str]:
    """Everything by which `now` does not follow `before`, the first following None."""
    number = before.number + 1 if before else 1
    if now.number != number:
        yield f"checkpoint {number} is missing: {now.number} follows"
    elif now.previous != (before.digest if before else GENESIS):
        yield "the checkpoint before it was altered"
    if before is None:
        return
    if now.vault_id != before.vault_id:
        yield f"it is of vault {now.vault_id}, not of {before.vault_id}"
    if now.epoch < before.epoch:
        yield f"its epoch is {now.epoch}, after {before.epoch}"
    for was in before.heads:
        head = now.head(was.chain)
        if head.sequence < was.sequence:
            yield f"chain {was.chain} ends at {head.sequence}, before it at {was.sequence}"
        elif head.sequence == was.sequence and head.digest != was.digest:
            yield f"chain {was.chain} ends as long as before, and otherwise"


def _checkpoint(fields: list[Field]) -> Checkpoint:
    if len(fields) < _FIELDS or (len(fields) - _FIELDS) % _HEAD_FIELDS:
        raise ValueError("not as many fields as a checkpoint has")
    purpose, vault_id, epoch, number, at_ms, previous, name, key, introduces = fields[:_FIELDS]
    if purpose != PURPOSE:
        raise ValueError("this states no checkpoint")
    rest = fields[_FIELDS:]
    return Checkpoint(
        _text(vault_id),
        _number(epoch),
        _number(number),
        moment(_number(at_ms)),
        _octets(previous),
        SigningKey(_text(name), _octets(key).hex()),
        None if introduces is None else _octets(introduces),
        tuple(
            ChainHead(_number(rest[i]), _number(rest[i + 1]), _octets(rest[i + 2]))
            for i in range(0, len(rest), _HEAD_FIELDS)
        ),
    )


def _text(field: Field) -> str:
    if not isinstance(field, str):
        raise ValueError("a field is no text")  # noqa: TRY004 - of octets, as all that is wrong
    return field


def _number(field: Field) -> int:
    if not isinstance(field, int):
        raise ValueError("a field is no number")  # noqa: TRY004 - as above
    return field


def _octets(field: Field) -> bytes:
    if not isinstance(field, bytes):
        raise ValueError("a field is no octets")  # noqa: TRY004 - as above
    return field
