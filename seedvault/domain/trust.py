"""Whose signatures count: keys that were named, and those that they introduced."""

import hashlib
from collections.abc import Callable, Iterable

from seedvault.domain.checkpoint import SignedCheckpoint

Verifies = Callable[[bytes, bytes, bytes], bool]
"""Whether, by a public key (SubjectPublicKeyInfo in DER), octets have this signature."""

_REMEDY = "if custodians recorded it as theirs, name its public key"


class Trust:
    """Checks the signatures of checkpoints in their order.

    `anchors` are the public keys that the verifier knows. A key that one of them introduced counts
    as well, from there on; what stands before the first signature of a known key is vouched for by
    that one only, and its keys are `unvouched`. A key that another took the place of never signs
    again.
    """

    def __init__(self, anchors: Iterable[bytes], verifies: Verifies) -> None:
        self._keys = {fingerprint(key): key for key in anchors}
        self._trusted = set(self._keys)
        self._retired: set[str] = set()
        self._verifies = verifies
        self._signer: str | None = None
        self._vouched = False
        self._unvouched: dict[str, None] = {}

    @property
    def unvouched(self) -> tuple[str, ...]:
        """Names of keys that are known from the log alone."""
        return tuple(self._unvouched)

    def check(self, signed: SignedCheckpoint) -> str | None:
        """What is wrong with the next checkpoint's signature, or None."""
        stated, signer = signed.checkpoint, signed.checkpoint.signer
        introduced = stated.introduces
        if introduced is not None:
            self._keys.setdefault(fingerprint(introduced), introduced)
        key = self._keys.get(signer.public_key_sha256)
        if key is None:
            return f"it is signed by {signer.name}, a key that nothing introduced; {_REMEDY}"
        if signer.public_key_sha256 in self._retired:
            return f"it is signed by {signer.name}, after another key had taken its place"
        if not self._verifies(key, stated.statement(), signed.signature):
            return "its signature does not hold"
        return self._counted(signed)

    def end(self) -> str | None:
        """What is wrong where no checkpoint follows, or None."""
        if self._signer is None or self._vouched:
            return None
        return "no checkpoint is signed by a key that was named, or introduced by one"

    def _counted(self, signed: SignedCheckpoint) -> str | None:
        """The same, its signature being the named key's own."""
        signer, introduced = signed.checkpoint.signer, signed.checkpoint.introduces
        if signer.public_key_sha256 in self._trusted:
            self._vouched = True
            if introduced is not None:
                self._trusted.add(fingerprint(introduced))
        elif self._vouched:
            return f"it is signed by {signer.name}, which no known key introduced; {_REMEDY}"
        else:
            self._unvouched[signer.name] = None
        if self._signer not in (None, signer.public_key_sha256):
            self._retired.add(self._signer or "")
        self._signer = signer.public_key_sha256
        return None


def fingerprint(public_key: bytes) -> str:
    """SHA-256 of a public key, in hex, as statements name it."""
    return hashlib.sha256(public_key).hexdigest()
