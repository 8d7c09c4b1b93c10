"""Taking a file's seeds into the HSM, one after the other."""

from contextlib import ExitStack

import hsm
import importers
from seedvault.domain.batch import Tier
from seedvault.domain.errors import FileRefused, ModuleLacks, SeedDamaged
from seedvault.domain.oath import Digest
from seedvault.domain.token import Device
from seedvault.keys.failures import vault_error
from seedvault.service.ports import Fingerprint, TakenSeed, WrappedSeed
from seedvault.service.seed_files import DeliveredKey, DeliveredSeed, Terms

# SoftHSM keeps about 240 octets of every object it ever made until it is initialised anew.
_TAKEN_BEFORE_RECYCLING = 20_000
_SHORT_SEED = 10  # octets: what an operator may let pass

_DIGESTS = {digest: hsm.Digest[digest.name] for digest in Digest}


def hsm_terms(terms: Terms, min_tier: Tier, *, authenticated: bool) -> hsm.Terms:
    """The operator's terms, and the vault's, as the HSM needs to know them."""
    shortest = _SHORT_SEED if terms.allow_short else hsm.Terms().shortest
    return hsm.Terms(authenticated, shortest, terms.exportable, min_tier is Tier.INSIDE)


class Taker:
    """Takes one file's seeds; restarts the module now and then, which keeps memory flat."""

    def __init__(
        self, keystore: hsm.Keystore, transport: hsm.TransportKey | None, terms: hsm.Terms
    ) -> None:
        self._keystore = keystore
        self._transport = transport
        self._terms = terms
        self._taken = 0
        self._attended = ExitStack()
        self._attended.enter_context(keystore.attended())

    def close(self) -> None:
        """Let go of the session."""
        self._attended.close()

    def take(self, seed: DeliveredSeed, device: Device) -> TakenSeed:
        """The seed of `device`, wrapped. Raises FileRefused where it is none."""
        try:
            self._recycle_when_due()
            taken = self._wrap(seed, _DIGESTS[device.parameters.digest])
        except hsm.Integrity as error:
            raise _seed_refused(SeedDamaged, device, error) from error
        except hsm.Policy as error:
            raise _seed_refused(FileRefused, device, error) from error
        except hsm.Unsupported as error:
            raise ModuleLacks(
                f"the seed of {device.serial} cannot be taken over: {error}",
                unchanged="Nothing was imported.",
                remedy="If it took such files before, it is out of order: look at its own log.",
            ) from error
        except hsm.HsmError as error:
            raise vault_error(error) from error
        key = taken.key
        wrapped = WrappedSeed(int(key.format), key.kek_id, key.length, key.blob, taken.export_blob)
        mark = Fingerprint(taken.fingerprint, self._keystore.keyring.fingerprint.name)
        return TakenSeed(wrapped, mark, Tier(taken.tier.value))

    def _wrap(self, seed: DeliveredSeed, digest: hsm.Digest) -> hsm.WrappedSeed:
        match seed:
            case importers.EncryptedSeed(value) if self._transport is not None:
                return self._keystore.import_encrypted(self._transport, value, digest, self._terms)
            case importers.PlainSeed():
                with seed.expose() as view:
                    return self._keystore.wrap(view, digest, self._terms)
        raise TypeError(f"no way to take over a {type(seed).__name__}")

    def _recycle_when_due(self) -> None:
        if self._taken == _TAKEN_BEFORE_RECYCLING:
            self._attended.close()
            self._keystore.recycle()
            self._attended.enter_context(self._keystore.attended())
            self._taken = 0
        self._taken += 1


def transport_key(
    keystore: hsm.Keystore, delivered: DeliveredKey | None, held: ExitStack
) -> hsm.TransportKey | None:
    """The key that came with a file, loaded for as long as `held` lasts; None for a plain file."""
    key: object = delivered
    match key:
        case None:
            return None
        case importers.HeldTransportKey():
            return keystore.transport_key_by_label(hsm.Cipher[key.cipher.name], key.label)
        case importers.TransportKey():
            with key.expose() as octets:
                loaded = keystore.transport_key(hsm.Cipher[key.cipher.name], bytes(octets))
                return held.enter_context(loaded)
    raise TypeError(f"no way to load a {type(key).__name__}")


def _seed_refused(kind: type[FileRefused], device: Device, error: hsm.HsmError) -> FileRefused:
    return kind(
        f"the seed of {device.serial} cannot be taken over: {error}",
        unchanged="Nothing was imported.",
        remedy="Ask the maker for a new file: this one does not hold what it says.",
    )
