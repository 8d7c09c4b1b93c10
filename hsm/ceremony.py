"""Ceremonies: a vault's keys are made, copied for custodians, read back, restored and destroyed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from ctypes import c_char
from typing import Any, Final, Self

from pkcs11 import Attribute, KeyType

from hsm import blobs, canary, mechanisms, negatives, probe, proof, signing, templates
from hsm.check_value import check_value
from hsm.connection import Connection
from hsm.errors import HsmError, KeyNotFound, Policy, Unsupported
from hsm.findings import STRICT_DEMANDS, Demands, Report
from hsm.model import KeyReport, Location, MadeKey
from hsm.pin import Pin
from hsm.place import prepare
from hsm.recipes import RECIPES, attributes, further
from hsm.recovery import RecoveryKey
from hsm.session import Session
from hsm.templates import Cka, Template
from hsm.translate import Ambiguous
from hsm.vault_key import FIRST, Purpose, VaultKey
from hsm.workshop import HeldObject, Workshop, workshop

_KEY_OCTETS: Final = 32

# SoftHSM applies attributes in the order of their numbers, and takes no UNWRAP_TEMPLATE for an
# object that MODIFIABLE has made unchangeable a moment before.
_LAST: Final = (Attribute.TOKEN, Attribute.MODIFIABLE)


def initialise(
    location: Location,
    pin: Pin,
    so_pin: Pin | None,
    recovery: RecoveryKey | None = None,
    demands: Demands = STRICT_DEMANDS,
) -> tuple[MadeKey, ...]:
    """Make the keys of a new vault, and the PKCS#11 token when it is not there; say what was made.

    Without `so_pin` the PKCS#11 token must be there: its custodian made it. Nothing of it stays
    when a step fails, but the PKCS#11 token itself.

    The module is examined before; what it must not be made to do is tried on the keys as well.

    Raises:
        Policy: the PKCS#11 token holds keys of a vault already, which were not touched; or the
            module does not reach what `demands` say.
        PinRejected: the PKCS#11 token exists and has another PIN.
        Unsupported: the module cannot make such keys.
        KeyNotFound: there is no PKCS#11 token of this name, nor a free slot for one.
    """
    prepare(location, pin, so_pin)
    with Ceremony(location, pin, demands) as ceremony:
        return ceremony.make(FIRST.made, recovery)


def remove(location: Location, pin: Pin) -> None:
    """Undo `initialise`, for a vault that never came into use."""
    with Ceremony(location, pin) as ceremony:
        ceremony.remove(FIRST.made)


def examine(location: Location, pin: Pin) -> Report:
    """What a module is found to be, whether it holds a vault or not; nothing on it is changed.

    Raises as `Connection` does.
    """
    with Ceremony(location, pin) as ceremony:
        return ceremony.examine()


class Ceremony:
    """Ceremonies on one PKCS#11 token, in a `with` block; verification goes on meanwhile."""

    def __init__(self, location: Location, pin: Pin, demands: Demands = STRICT_DEMANDS) -> None:
        """Log in. Raises as `Connection` does. A KEK is put only where `demands` are met."""
        self._connection = Connection(location, pin)
        self._demands = demands

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def make(self, keys: Iterable[VaultKey], recovery: RecoveryKey | None) -> tuple[MadeKey, ...]:
        """Make keys, each copied under `recovery` where there is one; all of them, or none.

        A checkpoint key is a pair, made together and never copied. Before a KEK is made, the
        module is examined; what it must not be made to do is then tried on the KEK itself.

        Raises:
            Policy: one of them is there already, which was not touched; or the module does not
                reach what is demanded of it.
            Unsupported: the module cannot make one, or does not make it as it was asked to.
        """
        wanted = tuple(keys)
        with self._placing(wanted) as (shop, mine):
            held = _recovery_object(shop.session, recovery) if recovery else None
            copies = [_make(shop, key, held, mine) for key in wanted]
            reports = [_report(shop, key, asked=attributes(key)) for key in wanted]
        return tuple(map(MadeKey, reports, copies))

    def prove(self, copies: Mapping[VaultKey, bytes], recovery: RecoveryKey) -> None:
        """Open every copy and let go of it again.

        Raises:
            Integrity: one is damaged, or was made under another recovery key.
        """
        with workshop(self._connection) as shop:
            held = _recovery_object(shop.session, recovery)
            for key, copy in copies.items():
                passing = Template((Cka.TOKEN, False), *_lasting(shop.session, key).items())
                shop.session.destroy(_opened(shop.session, held, copy, passing))

    def recopy(
        self, copies: Mapping[VaultKey, bytes], old: RecoveryKey, new: RecoveryKey
    ) -> dict[VaultKey, bytes]:
        """The same keys copied under another recovery key, inside the module.

        Raises:
            Integrity: a copy is damaged, or was made under another recovery key than `old`.
        """
        with workshop(self._connection) as shop:
            session = shop.session
            opener, closer = _recovery_object(session, old), _recovery_object(session, new)
            return {key: _recopied(session, (opener, closer), key, copies[key]) for key in copies}

    def restore(
        self, copies: Mapping[VaultKey, bytes], recovery: RecoveryKey
    ) -> tuple[KeyReport, ...]:
        """Bring keys back from their copies; all of them, or none.

        Raises:
            Policy: one of them is there already, which was not touched; or the module does not
                reach what is demanded of it.
            Integrity: a copy is damaged, or was made under another recovery key.
        """
        with self._placing(tuple(copies)) as (shop, mine):
            held = _recovery_object(shop.session, recovery)
            for key, copy in copies.items():
                mine.append(_settle(shop.session, held, key, copy))
            return tuple(_report(shop, key, asked=attributes(key)) for key in copies)

    @contextmanager
    def _placing(self, keys: Sequence[VaultKey]) -> Iterator[tuple[Workshop, list[int]]]:
        """A block that puts `keys` on the PKCS#11 token, and notes their handles.

        Where it fails, or a KEK does not refuse what it must, they end; nobody else's do.
        """
        self.refuse_existing(keys)
        keks = [key for key in keys if key.purpose is Purpose.KEK]
        report = self.examine() if keks else None
        if report:
            self._demands.refuse(report)
        with workshop(self._connection) as shop:
            mine: list[int] = []
            try:
                yield shop, mine
                if report:
                    for kek in keks:
                        proof.prove(self._connection, kek, report)
            except BaseException:
                for handle in mine:
                    with suppress(HsmError):
                        shop.session.destroy(handle)
                raise

    def report(self, key: VaultKey) -> KeyReport:
        """A key's attributes as the module gives them, and its answer to the known question.

        Raises:
            KeyNotFound: it is not there.
            Policy: several objects pass for it.
        """
        with workshop(self._connection) as shop:
            return _report(shop, key)

    def public_key(self, key: VaultKey) -> bytes:
        """The public half of a checkpoint key: SubjectPublicKeyInfo in DER.

        Raises:
            KeyNotFound: it is not there.
        """
        with workshop(self._connection) as shop:
            halves = shop.objects(VaultKey(Purpose.CHECKPOINT_PUBLIC, key.version))
            if not halves:
                raise KeyNotFound(f"there is no public half of {key} on the PKCS#11 token")
            return signing.public_key(shop.session, halves[0].handle)

    def holds(self, key: VaultKey) -> bool:
        """Whether an object passes for `key`."""
        with workshop(self._connection) as shop:
            return bool(shop.objects(key))

    def destroy(self, key: VaultKey) -> None:
        """End a key, both halves of a pair. There is no way back but its copy.

        Raises:
            KeyNotFound: it is not there.
        """
        with workshop(self._connection) as shop:
            if not shop.objects(key):
                raise KeyNotFound(f"there is no key {key} on {self._connection.location}")
            _remove(shop, (key,))

    def remove(self, keys: Iterable[VaultKey]) -> None:
        """Take away what of `keys` is there."""
        with workshop(self._connection) as shop:
            _remove(shop, keys)

    def refuse_existing(self, keys: Iterable[VaultKey]) -> None:
        """Raises Policy where one of them is there already."""
        with workshop(self._connection) as shop:
            for key in keys:
                if shop.objects(key):
                    raise Policy(
                        f"{self._connection.location} holds {key.identifier.decode()!r} already: "
                        "nothing was changed. Choose another label, or go on with the vault that "
                        "is there"
                    )

    def examine(self) -> Report:
        """What the module is found to be; nothing stays of the examination."""
        return probe.examine(self._connection)


def _recovery_object(session: Session, recovery: RecoveryKey) -> int:
    """The recovery key as an object of this session, which ends with it."""
    with recovery.expose() as octets:
        return session.create(templates.throwaway_kek((c_char * len(octets)).from_buffer(octets)))


def _make(shop: Workshop, key: VaultKey, recovery: int | None, mine: list[int]) -> bytes | None:
    """Make `key`, its handles among `mine`; its copy under `recovery`.

    A signing key is never copied: a new one takes its place.
    """
    if key.purpose is Purpose.CHECKPOINT:
        mine += _make_pair(shop, key)
        return None
    if recovery is None:
        guarded = shop.session.once(negatives.guards)
        made = _generate(shop, key, attributes(key) | further(key, guarded=guarded))
        mine.append(made.handle)
        return None
    # It can be copied only while it is extractable: as an object of this session, ended at once.
    passing = attributes(key) | {Attribute.EXTRACTABLE: True, Attribute.MODIFIABLE: True}
    born = _generate(shop, key, passing | {Attribute.TOKEN: False})
    try:
        _, copy = blobs.wrap(shop.session, recovery, born.handle)
    finally:
        born.destroy()
    mine.append(_settle(shop.session, recovery, key, copy))
    return copy


def _generate(shop: Workshop, key: VaultKey, template: dict[Attribute, object]) -> HeldObject:
    generic = RECIPES[key.purpose].key_type is KeyType.GENERIC_SECRET
    given = _identity(key) | {Cka.VALUE_LEN: _KEY_OCTETS} | template
    handle = shop.session.generate(
        Template(*given.items()),
        mechanisms.GENERIC_KEY_GEN if generic else mechanisms.AES_KEY_GEN,
    )
    return HeldObject(shop.session, handle)


def _identity(key: VaultKey) -> dict[Any, Any]:
    return {
        Cka.CLASS: key.purpose.object_class,
        Cka.KEY_TYPE: int(RECIPES[key.purpose].key_type),
        Cka.ID: key.identifier,
        Cka.LABEL: key.label.encode(),
    }


def _make_pair(shop: Workshop, key: VaultKey) -> tuple[int, int]:
    names: dict[Any, Any] = {Cka.ID: key.identifier, Cka.LABEL: key.label.encode()}
    public = names | templates.PUBLIC_HALF
    if shop.session.once(signing.signs_ecdsa):
        mechanism, public[Cka.EC_PARAMS] = mechanisms.EC_KEY_PAIR_GEN, templates.P256
    else:
        mechanism = mechanisms.RSA_KEY_PAIR_GEN
        public |= templates.RSA_3072
    private = names | attributes(key)
    halves = (Template(*public.items()), Template(*private.items()))
    return shop.session.generate_pair(mechanism, *halves)


def _settle(session: Session, recovery: int, key: VaultKey, copy: bytes) -> int:
    """The key in `copy` as an object that stays, not extractable any more; its handle.

    First as an object of this session: opencryptoki unwraps into what can be read, whatever it is
    asked for, and nothing that can be read may stand on the PKCS#11 token for a moment.
    """
    passing = Template((Cka.TOKEN, False), *_lasting(session, key).items())
    opened = _opened(session, recovery, copy, passing)
    try:
        if session.attribute(opened, Cka.SENSITIVE) != b"\1":
            session.change(opened, templates.CLOSED)
        return session.copy(opened, Template((Cka.TOKEN, True), (Cka.MODIFIABLE, False)))
    finally:
        session.destroy(opened)


def _lasting(session: Session, key: VaultKey) -> dict[Any, Any]:
    """All attributes of a key out of its copy, but the last."""
    given = _identity(key) | {
        kind: value for kind, value in attributes(key).items() if kind not in _LAST
    }
    if key.purpose is Purpose.KEK and session.once(negatives.guards):
        given[Cka.UNWRAP_TEMPLATE] = templates.UNWRAPPED.array
    return given


def _recopied(session: Session, by: tuple[int, int], key: VaultKey, copy: bytes) -> bytes:
    opener, closer = by
    passing = {**_lasting(session, key), Cka.TOKEN: False, Cka.EXTRACTABLE: True}
    try:
        opened = _opened(session, opener, copy, Template(*passing.items()))
    except Unsupported:  # opencryptoki's are extractable, and must not be called so
        del passing[Cka.EXTRACTABLE]
        opened = _opened(session, opener, copy, Template(*passing.items()))
    try:
        return blobs.wrap(session, closer, opened)[1]
    finally:
        session.destroy(opened)


def _opened(session: Session, recovery: int, copy: bytes, template: Template) -> int:
    try:
        return blobs.unwrap_copy(session, recovery, copy, template)
    except Ambiguous as error:
        raise canary.judge(session, error) from error


def _report(
    shop: Workshop, key: VaultKey, asked: Mapping[Attribute, object] | None = None
) -> KeyReport:
    """What is known of a key, every attribute compared with what was `asked` for.

    Raises:
        Unsupported: one differs: some modules take an attribute, and ignore it.
        KeyNotFound: the key is not there.
        Policy: several objects pass for it.
    """
    found = shop.objects(key)
    if not found:
        raise KeyNotFound(f"key {key} is not on the PKCS#11 token")
    if len(found) > 1:
        raise Policy(
            f"several objects on the PKCS#11 token pass for key {key}: remove the stranger"
        )
    read = {kind: found[0][Cka(kind)] for kind in attributes(key)}
    for kind, value in (asked or {}).items():
        if read[kind] != value:
            raise Unsupported(
                f"{key.purpose.words}: the module made it with {kind.name} = {read[kind]}, not "
                f"{value}. The keys were removed again"
            )
    recipe = RECIPES[key.purpose]
    rsa = key.purpose is Purpose.CHECKPOINT and signing.is_rsa(shop.session, found[0].handle)
    return KeyReport(
        name=key.name,
        purpose=key.purpose.words,
        kind=signing.RSA if rsa else recipe.kind,
        uses=recipe.words,
        identifier=key.identifier,
        attributes=tuple((str(kind.name), bool(value)) for kind, value in read.items()),
        check_value=check_value(shop.session, key, found[0].handle),
    )


def _remove(shop: Workshop, keys: Iterable[VaultKey]) -> None:
    for key in keys:
        halves = (key, VaultKey(Purpose.CHECKPOINT_PUBLIC, key.version))
        for half in halves if key.purpose is Purpose.CHECKPOINT else (key,):
            while found := shop.objects(half):
                for made in found:
                    made.destroy()
