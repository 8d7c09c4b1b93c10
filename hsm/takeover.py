"""Delivered seeds become wrapped ones: inside the module where it can, else by the locked page."""

from dataclasses import dataclass, field
from typing import Final

from hsm import blobs, export, inside
from hsm.errors import Policy, Unavailable, Unsupported
from hsm.link import LentSession
from hsm.model import Digest, Terms, Tier, WrappedKey, WrappedSeed
from hsm.templates import Template
from hsm.translate import Forbidden
from hsm.transport import TransportKey
from hsm.vault_key import VaultKey

FINGERPRINT_OCTETS: Final = 16


@dataclass(frozen=True, slots=True)
class Takeover:
    """Under which KEK seeds are wrapped, and by what label they are marked."""

    kek: VaultKey
    label: bytes = field(repr=False)

    def plain(
        self, session: LentSession, seed: bytearray | memoryview, digest: Digest, terms: Terms
    ) -> WrappedSeed:
        """A seed that the caller has in memory; see `Keystore.wrap`."""
        if terms.inside_only:
            raise _outside("this seed is not encrypted")
        with session.desk as desk:
            template = desk.copy(seed, digest, terms)
            return self._narrow(session, template, memoryview(seed).nbytes, terms)

    def encrypted(
        self,
        session: LentSession,
        key: TransportKey,
        value: bytes,
        digest: Digest,
        terms: Terms,
    ) -> WrappedSeed:
        """A seed as its file encrypts it; see `Keystore.import_encrypted`."""
        taken = self._inside(session, key, value, digest, terms)
        if taken is not None:
            return taken
        if terms.inside_only:
            raise _outside(f"this module cannot take it over as {key.cipher} inside itself")
        with session.desk as desk:
            length = key.decrypt(session, value, authenticated=terms.authenticated)
            return self._narrow(session, desk.template(length, digest, terms), length, terms)

    def _inside(
        self,
        session: LentSession,
        key: TransportKey,
        value: bytes,
        digest: Digest,
        terms: Terms,
    ) -> WrappedSeed | None:
        """The same by tier A; None where that cannot be, whatever the reason.

        An exportable seed is encrypted once more, which needs it outside.
        """
        way = session.once(inside.way)
        if way is None or terms.exportable or not terms.authenticated:
            return None
        delivered = key.unwrap(session, way, value)
        if delivered is None:
            return None
        seed, length = delivered
        try:
            digest.padded_length(length, terms.shortest)
            seed = inside.lengthen(session, way, seed, length)
            return self._wrapped(session, seed, length, Tier.INSIDE)
        finally:
            session.destroy(seed)

    def settle(
        self, session: LentSession, seed: int, length: int, tier: Tier = Tier.INSIDE
    ) -> WrappedSeed:
        """An extractable seed of the module, wrapped and marked; its object ends here."""
        try:
            return self._wrapped(session, seed, length, tier)
        finally:
            session.destroy(seed)

    def _narrow(
        self, session: LentSession, template: Template, length: int, terms: Terms
    ) -> WrappedSeed:
        """The seed that lies on the desk, wrapped and marked."""
        try:
            taken = self.settle(session, session.create(template), length, Tier.NARROW)
        except (Forbidden, Unsupported) as error:
            # No fault of the seed's: it was there, whole and of a good length.
            raise Unavailable(f"a seed cannot be put under the KEK: {error}") from error
        copy = export.keep(session, length) if terms.exportable else None
        return WrappedSeed(taken.key, taken.fingerprint, taken.tier, copy)

    def _wrapped(self, session: LentSession, seed: int, length: int, tier: Tier) -> WrappedSeed:
        format_, blob = blobs.wrap(session, session.key(self.kek), seed)
        mark = session.hmac(seed, Digest.SHA256, self.label)
        key = WrappedKey(format_, self.kek.name, length, blob)
        return WrappedSeed(key, mark[:FINGERPRINT_OCTETS], tier)


def _outside(why: str) -> Policy:
    return Policy(
        f'{why}, and min_tier = "A" allows no other way. Nothing was stored: lower min_tier in '
        "seedvault.toml, or ask for a file under AES-CBC with value MACs"
    )
