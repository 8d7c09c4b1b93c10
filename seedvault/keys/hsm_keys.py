"""Seeds and seals in an HSM: where `hsm`, which knows no token, meets the vault's tokens."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from types import TracebackType

import hsm
import importers
from seedvault.domain.batch import Tier
from seedvault.domain.errors import FileRefused, HsmUnavailable, SealBroken, SeedvaultError
from seedvault.domain.oath import Digest, Mac
from seedvault.domain.token import Device, Token
from seedvault.service.ports import (
    NO_TERMS,
    DeliveredKey,
    DeliveredSeed,
    OpenedSeedFile,
    SeedTaker,
    StoredToken,
    TakenSeed,
    Terms,
    WrappedSeed,
)
from seedvault.service.seal import sealed_octets

# SoftHSM keeps about 240 octets of every object it ever made until it is initialised anew.
_TAKEN_BEFORE_RECYCLING = 20_000

_DIGESTS = {digest: hsm.Digest[digest.name] for digest in Digest}


class translated:  # noqa: N801 - reads as the phrase it is
    """Turns `hsm`'s errors into the vault's, in a `with` block on the hot path."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, hsm.HsmError):
            raise _vault_error(error) from error


@dataclass(frozen=True, slots=True)
class HsmKeys:
    """The `Keys` port over one logged-in keystore."""

    keystore: hsm.Keystore
    vault_id: str

    @property
    def import_tier(self) -> Tier:
        with translated():
            return Tier(self.keystore.capabilities.import_tier.value)

    @property
    def module(self) -> str:
        with translated():
            return self.keystore.capabilities.library

    @contextmanager
    def taking_from(
        self,
        file: OpenedSeedFile,
        terms: Terms = NO_TERMS,  # noqa: ARG002 - for what `hsm` learns next
    ) -> Iterator[SeedTaker]:
        """A taker that holds the file's transport key in the module for as long as it lives."""
        with translated(), ExitStack() as held:
            transport = _transport_key(self.keystore, file.transport_key, held)
            with closing(_Taker(self.keystore, transport)) as taker:
                yield taker

    def check(self, stored: StoredToken) -> None:
        octets = sealed_octets(self.vault_id, stored.token, stored.wrapped, stored.revision)
        with translated():
            whole = self.keystore.seal_matches(octets, stored.seal)
        if not whole:
            raise SealBroken(
                f"the seal of {stored.token.device.serial} does not match its row: "
                "the database was changed by something other than Seedvault",
                unchanged="Its seed was not opened and no failure was counted.",
                remedy="Keep the database as evidence, and restore this token from a backup.",
            )

    def open(self, stored: StoredToken) -> AbstractContextManager[Mac]:
        self.check(stored)
        digest = _DIGESTS[stored.token.device.parameters.digest]
        with translated():
            return _Opened(self.keystore.open(_wrapped_key(stored.wrapped), digest))

    def seal(self, token: Token, wrapped: WrappedSeed, revision: int) -> bytes:
        with translated():
            return self.keystore.seal(sealed_octets(self.vault_id, token, wrapped, revision))


class _Opened:
    """An opened seed as the MAC function it is to the vault."""

    __slots__ = ("_key",)

    def __init__(self, key: AbstractContextManager[hsm.MacKey]) -> None:
        self._key = key

    def __enter__(self) -> Mac:
        with translated():
            return self._key.__enter__().mac

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with translated():
            self._key.__exit__(kind, error, trace)
        if isinstance(error, hsm.HsmError):
            raise _vault_error(error) from error


class _Taker:
    """Takes one file's seeds; restarts the module now and then, which keeps memory flat."""

    def __init__(self, keystore: hsm.Keystore, transport: hsm.TransportKey | None) -> None:
        self._keystore = keystore
        self._transport = transport
        self._taken = 0
        self._attended = ExitStack()
        self._attended.enter_context(keystore.attended())

    def close(self) -> None:
        """Let go of the session."""
        self._attended.close()

    def take(self, seed: DeliveredSeed, device: Device) -> TakenSeed:
        try:
            self._recycle_when_due()
            taken = self._wrap(seed, _DIGESTS[device.parameters.digest])
        except (hsm.Integrity, hsm.Policy) as error:
            raise _seed_refused(device, error) from error
        except hsm.HsmError as error:
            raise _vault_error(error) from error
        key = taken.key
        wrapped = WrappedSeed(int(key.format), key.kek_id, key.length, key.blob)
        return TakenSeed(wrapped, taken.fingerprint)

    def _wrap(self, seed: DeliveredSeed, digest: hsm.Digest) -> hsm.WrappedSeed:
        match seed:
            case importers.EncryptedSeed() if self._transport is not None:
                octets = seed.value
                return self._keystore.import_encrypted(self._transport, octets, digest)
            case importers.PlainSeed():
                with seed.expose() as view:
                    return self._keystore.wrap(view, digest)
        raise TypeError(f"no way to take over a {type(seed).__name__}")

    def _recycle_when_due(self) -> None:
        if self._taken == _TAKEN_BEFORE_RECYCLING:
            self._attended.close()
            self._keystore.recycle()
            self._attended.enter_context(self._keystore.attended())
            self._taken = 0
        self._taken += 1


def _transport_key(
    keystore: hsm.Keystore, delivered: DeliveredKey | None, held: ExitStack
) -> hsm.TransportKey | None:
    key: object = delivered
    match key:
        case None:
            return None
        case importers.TransportKey():
            with key.expose() as octets:
                loaded = keystore.transport_key(hsm.Cipher[key.cipher.name], bytes(octets))
                return held.enter_context(loaded)
    raise TypeError(f"no way to load a {type(key).__name__}")


def _wrapped_key(wrapped: WrappedSeed) -> hsm.WrappedKey:
    return hsm.WrappedKey(
        hsm.BlobFormat(wrapped.format), wrapped.kek_id, wrapped.length, wrapped.blob
    )


def _seed_refused(device: Device, error: hsm.HsmError) -> FileRefused:
    return FileRefused(
        f"the seed of {device.serial} cannot be taken over: {error}",
        unchanged="Nothing was imported.",
        remedy="Ask the maker for a new file: this one does not hold what it says.",
    )


def _vault_error(error: hsm.HsmError) -> SeedvaultError:
    if isinstance(error, hsm.PinRejected):
        return HsmUnavailable(
            f"the HSM refused the PIN: {error}",
            unchanged="It was tried once and is not tried again: real HSMs lock after a few.",
            remedy="Check the PIN file, or give another with --pin-file.",
        )
    remedies = (_REMEDIES[kind] for kind in type(error).__mro__ if kind in _REMEDIES)
    return HsmUnavailable(f"the HSM cannot be used: {error}", remedy=next(remedies, ""))


_REMEDIES: dict[type[hsm.HsmError], str] = {
    hsm.KeyNotFound: "Is this the PKCS#11 token that `seedvault init` prepared for this vault?",
    hsm.Unavailable: "Check that the module and its device are there: seedvault status",
    hsm.Integrity: "A wrapped seed is damaged: restore this token's row from a backup.",
}
