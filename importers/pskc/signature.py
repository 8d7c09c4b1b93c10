"""A container's XML signature, verified before anything in it is read (RFC 6030 section 7).

Three passes in constant memory: the Signature is found; the operator's certificates are tried on
it, over the digest of the canonical octets of all the rest; those octets, and no others, are what
the reader then gets, hashed once more on their way. What the signature does not cover is never
seen, so that nothing can be wrapped around it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from importers.canonical import Canonical, Form, Method, Part
from importers.errors import IntegrityFailure, LimitExceeded, Place, Unsupported
from importers.limits import Limits
from importers.pskc import grammar, signed_info
from importers.source import Octets, Source
from importers.xml import peek_root

_PATH = f"{grammar.KEY_CONTAINER.path}/{grammar.SIGNATURE.local}"
_STRIPPED = (
    "If the maker does not sign, name no certificate; if he does, it was taken off: do not use "
    "these tokens, and ask for the file again."
)


@runtime_checkable
class Rewindable(Protocol):
    """A stream that can be read again from its start."""

    def read(self, size: int, /) -> bytes: ...

    def seek(self, offset: int, /) -> int: ...


@dataclass(frozen=True, slots=True)
class Verified:
    """The signed octets of a file, canonical; and, in words, whose certificate vouches for them."""

    source: Source
    signer: str


def verified(
    stream: Octets, name: str, limits: Limits, certificates: tuple[bytes, ...]
) -> Verified:
    """The signed octets of a PSKC container, once one of the `certificates` (PEM) has vouched.

    A certificate that the operator names is trusted as it is, for its own signatures only: no chain
    is built, and its dates are told, not enforced, for a file may well be older than their end.

    Raises:
        IntegrityFailure: there is no signature, or by another key, or the file was changed.
        Unsupported: a signature that says less than "all of this file", or says it by SHA-1.
        WrongKey: a certificate that cannot be read.
    """
    place = Place(name)
    trusted = signed_info.pinned(certificates, place)
    if not isinstance(stream, Rewindable):
        raise Unsupported(
            "a signature is verified before anything is read, and this stream can be read once",
            place,
            "Save it to a file, and import that.",
        )
    return _File(stream, name, limits).verified(trusted)


class _File:
    """A signed file, read from its start as often as needed."""

    def __init__(self, stream: Rewindable, name: str, limits: Limits) -> None:
        self._stream = stream
        self._place = Place(name)
        self._limits = limits

    def verified(self, trusted: list[signed_info.Pinned]) -> Verified:
        self._check_root()
        found = Canonical(self._source(), Form(Method.INCLUSIVE), Part.SIGNATURE)
        skeleton = self._bounded(found.octets())
        if found.signature_line is None:
            reason = "a signature is demanded, and there is none"
            raise IntegrityFailure(reason, self._place, _STRIPPED)
        place = Place(self._place.name, found.signature_line, _PATH)
        form = signed_info.covered(skeleton, place)
        digests: dict[str, bytes] = {}

        def digest(algorithm: str) -> bytes:
            digests[algorithm] = self._digest(form, algorithm)
            return digests[algorithm]

        signer = signed_info.signer(skeleton, trusted, digest, place)
        ((algorithm, signed),) = digests.items()
        return Verified(self._signed_source(form, algorithm, signed), signer.words)

    def _source(self) -> Source:
        self._stream.seek(0)
        return Source(self._stream, self._place.name, self._limits)

    def _check_root(self) -> None:
        source = self._source()
        root = peek_root(source) if b"<" in source.head[:4] else None
        if root is None or root.name != grammar.ROOT:
            reason = "a signature is demanded, and only PSKC 1.0 has one that is verified here"
            raise IntegrityFailure(reason, self._place, _STRIPPED)

    def _bounded(self, pieces: Iterator[bytes]) -> bytes:
        skeleton = bytearray()
        for piece in pieces:
            skeleton += piece
            if len(skeleton) > self._limits.value_octets:
                limit = self._limits.value_octets
                raise LimitExceeded(f"its Signature is longer than {limit} octets", self._place)
        return bytes(skeleton)

    def _digest(self, form: Form, algorithm: str) -> bytes:
        hashed = hashlib.new(algorithm)
        for octets in Canonical(self._source(), form, Part.WITHOUT_SIGNATURE).octets():
            hashed.update(octets)
        return hashed.digest()

    def _signed_source(self, form: Form, algorithm: str, signed: bytes) -> Source:
        canonical = Canonical(self._source(), form, Part.WITHOUT_SIGNATURE)
        stream = _Signed(canonical.octets(), algorithm, signed, self._place)
        source = Source(stream, self._place.name, self._limits)
        # Canonical text has no XML declaration, no comments, and no line breaks in tags: from the
        # first child on, its lines are the file's own again unless a later one was broken so.
        source.first_line += canonical.shift
        return source


class _Signed:
    """The canonical octets once more. At their end they must be the same that were verified."""

    def __init__(
        self, octets: Iterator[bytes], algorithm: str, signed: bytes, place: Place
    ) -> None:
        self._octets = octets
        self._hash = hashlib.new(algorithm)
        self._signed = signed
        self._place = place
        self._left = b""

    def read(self, size: int, /) -> bytes:
        while not self._left:
            octets = next(self._octets, None)
            if octets is None:
                self._check()
                return b""
            self._hash.update(octets)
            self._left = octets
        taken, self._left = self._left[:size], self._left[size:]
        return taken

    def _check(self) -> None:
        if self._hash.digest() != self._signed:
            raise IntegrityFailure("the file changed while it was read", self._place)
