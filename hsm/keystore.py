"""The door to the module: wrap, import, open, seal, sign."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Final, Self

from hsm import abilities, blobs, epoch, export, facts, inside, signing, transport
from hsm.connection import Connection
from hsm.link import LentSession
from hsm.mac import MacKey
from hsm.model import (
    STRICT,
    Capabilities,
    Cipher,
    Digest,
    HandedOn,
    Location,
    Terms,
    Tier,
    WrappedKey,
    WrappedSeed,
)
from hsm.pin import Pin
from hsm.recipient import Recipient
from hsm.rewrap import Rewrapper
from hsm.takeover import FINGERPRINT_OCTETS, Takeover
from hsm.translate import Mismatch
from hsm.transport import TransportKey
from hsm.vault_key import FIRST, Keyring, VaultKey, named

if TYPE_CHECKING:
    from hsm.recovery import RecoveryKey

SEAL_OCTETS: Final = 32

_FINGERPRINT_LABEL: Final = b"seedvault seed fingerprint v1"


class Keystore:
    """The vault's keys on one PKCS#11 token. Any number of threads may use it.

    Every method raises `Unavailable` when the module does not answer; a lost session is
    opened again and the call repeated, once.
    """

    def __init__(self, connection: Connection, keyring: Keyring = FIRST) -> None:
        self._connection = connection
        self.keyring = keyring
        # Known to this login only. Without it nobody can tell whose seed a fingerprint is, not
        # even by trying the seeds of a maker's file; with it, a seed is still HMAC's own key.
        self._fingerprint_label = self._derive(keyring.fingerprint, _FINGERPRINT_LABEL)
        self._takeover = Takeover(keyring.kek, self._fingerprint_label)

    @classmethod
    def connect(cls, location: Location, pin: Pin, keyring: Keyring = FIRST) -> Self:
        """Log in and find the keys; the keystore keeps `pin` to log in again.

        `keyring` says which keys are in use; older ones are found when something asks for them.

        Raises:
            KeyNotFound: the PKCS#11 token or a key is missing: no ceremony was held.
            PinRejected: the PIN is refused; it was offered once.
            Unavailable: the library cannot be loaded, or the module does not answer.
        """
        connection = Connection(location, pin)
        try:
            connection.run(lambda session: [session.key(key) for key in keyring.required])
            return cls(connection, keyring)
        except BaseException:
            connection.close()
            raise

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the module can do, found out when first asked for."""
        return _capabilities(self._connection)

    def wrap(
        self, seed: bytearray | memoryview, digest: Digest, terms: Terms = STRICT
    ) -> WrappedSeed:
        """A plain seed under the KEK; `seed` is writable memory that the caller wipes.

        Raises:
            Policy: shorter than `terms` allow, or longer than 64 octets (128 for SHA-512).
            Unsupported: it is to be exportable, which this vault or its module cannot do.
        """

        def work(session: LentSession) -> WrappedSeed:
            return self._takeover.plain(session, seed, digest, terms)

        return self._connection.run(work)

    @contextmanager
    def transport_key(self, cipher: Cipher, key: bytes) -> Iterator[TransportKey]:
        """`key` as an object of the module, destroyed at the end of the block.

        An RSA key is PKCS#8 in DER. A key for one of `capabilities.by_software` stays in this
        process, in one buffer that is wiped at the end.

        Raises:
            Policy: `cipher` takes no such key.
        """
        by_software = cipher in self.capabilities.by_software
        held = transport.from_octets(cipher, key, by_software=by_software)
        try:
            yield held
        finally:
            held.wipe()

    def transport_key_by_label(self, cipher: Cipher, label: str) -> TransportKey:
        """The RSA, AES or 3DES key that lives on the PKCS#11 token under `label`; it stays there.

        It is looked for when first used: `KeyNotFound` unless there is exactly one, `Policy` if it
        is of another kind.

        Raises:
            Unsupported: `cipher` is undone by software, which cannot have this key.
        """
        return transport.from_label(cipher, label)

    def import_encrypted(
        self, key: TransportKey, value: bytes, digest: Digest, terms: Terms = STRICT
    ) -> WrappedSeed:
        """A seed as its file encrypts it, see `Mode`, re-wrapped.

        Inside the module where it can and the value was authenticated, else by way of the locked
        page; `WrappedSeed.tier` says which.

        Where the mode is CBC or PKCS#1 v1.5, the caller has checked a MAC or a signature: these
        say nothing about wholeness.

        Raises:
            Integrity: it does not decrypt to a value, whatever is wrong with it.
            Policy: the seed is too short or too long, or it cannot stay inside and has to.
            Unsupported: the module lacks the cipher; or the seed is to be exportable, which this
                vault or its module cannot do.
        """

        def work(session: LentSession) -> WrappedSeed:
            return self._takeover.encrypted(session, key, value, digest, terms)

        return self._connection.run(work)

    def decrypt_mac_key(self, key: TransportKey, value: bytes) -> bytearray:
        """The key of a file's value MACs, for the caller to wipe. No seed is decrypted so.

        Raises:
            Integrity: it does not decrypt to a value, whatever is wrong with it.
        """

        def work(session: LentSession) -> bytearray:
            with session.desk as desk:
                length = key.decrypt(session, value, authenticated=False)
                return bytearray(desk.page.view[:length])

        return self._connection.run(work)

    @contextmanager
    def recipient(self, cipher: Cipher, key: bytes) -> Iterator[Recipient]:
        """Somebody to hand seeds on to: AES-CBC by a pre-shared key, RSA-OAEP by a public one.

        A public key is a SubjectPublicKeyInfo in DER.

        Raises:
            Policy: `cipher` takes no such key.
            Unsupported: seeds are not handed on under `cipher`.
        """
        recipient = Recipient(cipher, key)
        try:
            self._connection.run(recipient.prepare)
            yield recipient
        finally:
            recipient.wipe()

    def export_encrypted(
        self, key: WrappedKey, export_blob: bytes, recipient: Recipient
    ) -> HandedOn:
        """The seed of `export_blob`, which is the one of `key`, encrypted for `recipient`.

        Raises:
            Integrity: the blob is damaged, or of another seed than `key`.
            Unsupported: this vault has no export key, or the module lacks the cipher.
        """
        return self._connection.run(
            lambda session: export.hand_on(
                session, key, export_blob, recipient, self._fingerprint_label
            )
        )

    def open(self, key: WrappedKey, digest: Digest) -> AbstractContextManager[MacKey]:
        """The seed as a `MacKey`, unwrapped when the block is entered.

        Raises:
            KeyNotFound: on entering, when its KEK is not here.
            Integrity: on entering, when the wrapped key is damaged.
        """
        return MacKey(self._connection, key, digest)

    def fingerprint(self, key: WrappedKey) -> bytes:
        """The 16 octets that equal seeds share, by the keyring's fingerprint key."""
        with self.open(key, Digest.SHA256) as seed:
            return seed.mac(self._fingerprint_label)[:FINGERPRINT_OCTETS]

    def rewrapper(
        self, copies: Mapping[str, bytes], recovery: "RecoveryKey | None"
    ) -> AbstractContextManager[Rewrapper]:
        """Moves seeds under the keyring's KEK; `copies` are the retired KEKs', by name.

        Without a recovery key it opens none of them, and moves nothing.

        Raises:
            Integrity: on entering, when a copy is damaged or of another recovery key.
        """
        return Rewrapper(self._connection, copies, recovery, self._takeover.settle)

    def seal(self, message: bytes) -> bytes:
        """32 octets: HMAC-SHA-256 of `message` under the keyring's seal key."""
        return self._derive(self.keyring.seal, message)

    def seal_matches(self, message: bytes, seal: bytes, key: str | None = None) -> bool:
        """Whether `seal` is `message`'s, compared in the module.

        `key` names the seal key, where it is not the keyring's.

        Raises:
            KeyNotFound: there is no such key.
        """
        if len(seal) != SEAL_OCTETS:
            return False

        sealing = named(key) if key else self.keyring.seal

        def work(session: LentSession) -> bool:
            try:
                session.hmac_verify(session.key(sealing), message, seal)
            except Mismatch:
                return False
            return True

        return self._connection.run(work)

    def sign(self, message: bytes) -> bytes:
        """The checkpoint key's signature with SHA-256: ECDSA P-256, 64 octets r || s.

        RSA-3072 by PKCS#1 v1.5 on a module that lacks ECDSA.
        """
        return self._connection.run(
            lambda session: signing.sign(session, session.key(self.keyring.checkpoint), message)
        )

    def checkpoint_public_key(self) -> bytes:
        """SubjectPublicKeyInfo (DER) of the checkpoint key, for verification elsewhere."""
        return self._connection.run(
            lambda session: signing.public_key(session, session.key(self.keyring.checkpoint_public))
        )

    def recall_epoch(self, vault: str) -> int | None:
        """The highest epoch that was kept for `vault` beside its keys; None where none was.

        Raises:
            Integrity: what is kept there is no number.
        """
        return epoch.recall(self._connection, vault)

    def remember_epoch(self, vault: str, number: int) -> bool:
        """Keep an epoch, unless a higher one is kept; False where the module keeps no data."""
        return epoch.remember(self._connection, vault, number)

    @contextmanager
    def attended(self) -> Iterator[None]:
        """A block in which this thread keeps one session: many short calls get cheaper.

        It may not `recycle` meanwhile, nor leave the block in another thread.
        """
        session = self._connection.borrow()
        try:
            yield
        finally:
            self._connection.give_back(session)

    def recycle(self) -> None:
        """Give back what the module leaks: SoftHSM keeps 240 octets of each object it destroyed.

        Waits until no operation is under way and no key is open, then restarts the
        library; the next call logs in again. Every keystore of this process on the same
        library is affected alike, and goes on.

        Raises:
            Unavailable: this thread holds an opened key, or others hold theirs too long.
        """
        self._connection.module.restart()

    def close(self) -> None:
        """Log this keystore's sessions off; later calls raise `Unavailable`."""
        self._connection.close()

    def _derive(self, key: VaultKey, label: bytes) -> bytes:
        return self._connection.run(
            lambda session: session.hmac(session.key(key), Digest.SHA256, label)
        )


def _capabilities(connection: Connection) -> Capabilities:
    """What the module can do for seeds.

    Verification is inside or not at all: the ceremony has refused every module that cannot.
    """
    found = facts.of(connection)
    return Capabilities(
        library=f"{found.manufacturer} {found.version}",
        import_tier=connection.run(inside.import_tier),
        verify_tier=Tier.INSIDE,
        is_software=found.is_software,
        blob_format=connection.run(lambda session: session.once(blobs.chosen)).format,
        by_software=connection.run(abilities.by_software),
    )
