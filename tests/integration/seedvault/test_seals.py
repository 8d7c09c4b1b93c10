"""A row that differs from what was sealed, in any field, is found before its seed is opened."""

import hmac
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

import hsm
from hsm.translate import Rv
from seedvault.domain.errors import SealBroken
from seedvault.domain.names import GroupName, Serial, UserName
from seedvault.domain.oath import Digest, HotpParameters, KeptParameters
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.pin_keeping import LOW_MEMORY, MaskedPin, StretchedPin
from seedvault.domain.policy_rule import Standing
from seedvault.domain.token import Bound, InStock, Progress, Quarantined, Suspended, Token
from seedvault.keys import HsmKeys
from seedvault.service.ports import Seal, StoredToken, WrappedSeed
from tests.support.softhsm import returning
from tests.support.tokens import HOTP, NOON, OCRA, TOTP, device

SEED = b"12345678901234567890"
# What changes with every code cannot stand under the seal; `row` and `version` are the database's,
# and `policy_revision` and `record` are no columns of the token's.
UNSEALED = {"token.progress", "row", "version", "seal", "policy_revision", "record"}
PIN = StretchedPin(LOW_MEMORY, b"salt", b"tag")
MOST = Bound(device(1, TOTP), Progress(0, NOON), UserName("Alice"), NOON, PIN)
EVENT_BASED = InStock(device(2, HOTP), Progress(0, NOON))
SUSPENDED = Suspended(
    *(replace(device(4, TOTP), use_limit=9), Progress(0, NOON), UserName("Bob"), NOON),
    *(NOON, "lost", MaskedPin(b"nonce", b"octets")),
)
KEPT = Quarantined(
    device(3, KeptParameters("yubico", "vvcc 01")), Progress(0, NOON), "not verified"
)
ANSWERING = InStock(device(5, OCRA), Progress(0, NOON))


def _sealed(keys: HsmKeys, token: Token, seed: bytes = SEED) -> StoredToken:
    """The token with a seed that is really in the module, and its seal."""
    key = keys.keystore.wrap(bytearray(seed), hsm.Digest.SHA256).key
    wrapped = WrappedSeed(int(key.format), key.kek_id, key.length, key.blob)
    standing = Standing(7)
    seal = keys.seal(token, wrapped, 3, standing)
    return StoredToken(1, token, wrapped, seal, 3, 5, standing, policy_revision=0)


def _paths(thing: Any, prefix: str = "") -> Iterator[str]:
    """The path of every field under the seal, such as `token.device.model`."""
    for field in fields(thing):
        value, path = getattr(thing, field.name), f"{prefix}{field.name}"
        if path in UNSEALED:
            continue
        if is_dataclass(value) and not isinstance(value, Serial | UserName):
            yield from _paths(value, f"{path}.")
        else:
            yield path


def _changed(thing: Any, path: str, change: Callable[[Any], Any]) -> Any:
    """A copy of the thing with the value at `path` changed, and nothing else."""
    name, _, rest = path.partition(".")
    value = getattr(thing, name)
    return replace(thing, **{name: _changed(value, rest, change) if rest else change(value)})


def _other(value: Any) -> Any:  # noqa: PLR0911 - one for each type
    """Another value of the same type, as near as there is one."""
    match value:
        case Serial(verbatim) | UserName(verbatim):
            return type(value)(verbatim.swapcase())  # the same to lookups
        case Digest():
            return Digest.SHA512 if value is not Digest.SHA512 else Digest.SHA1
        case datetime():
            return value + timedelta(milliseconds=1)
        case str():
            return value + " "
        case bytes():
            return value[:-1] + bytes([value[-1] ^ 1])
        case int():
            return value + 1
        case tuple():
            return (*value, GroupName("desk"))
        case None:
            return b"not there before"
    raise AssertionError(f"no other value is known for a {type(value).__name__}")


def _fields_of(token: Token) -> list[str]:
    return list(
        _paths(
            StoredToken(
                1, token, WrappedSeed(1, "k1", 20, bytes(72)), Seal(b"", "s1"), 3, 5, Standing(7), 0
            )
        )
    )


def _refused_unopened(keys: HsmKeys, stored: StoredToken) -> None:
    """SealBroken by `check` and by `open`, and the module was not asked to unwrap."""
    cryptoki = keys.keystore._connection.module.cryptoki
    with pytest.raises(SealBroken):
        keys.check(stored)
    with returning(cryptoki, "unwrap_key", Rv.WRAPPED_KEY_INVALID) as not_asked:
        with pytest.raises(SealBroken), keys.open(stored):
            pass
        assert not_asked


@pytest.mark.parametrize("token", [MOST, EVENT_BASED], ids=["time-based", "event-based"])
def test_a_row_as_it_was_sealed_is_opened(keys: HsmKeys, token: Token) -> None:
    with keys.open(_sealed(keys, token)) as mac:
        assert mac(b"m") == hmac.digest(SEED, b"m", token.device.parameters.digest.value)


def test_every_field_of_a_token_was_thought_of() -> None:
    assert set(_fields_of(MOST)) == {
        *(f"token.device.{name}" for name in ("serial", "manufacturer", "model")),
        *(f"token.device.{name}" for name in ("not_before", "not_after", "use_limit")),
        *(f"token.device.parameters.{name}" for name in ("digest", "digits", "step_s", "t0_s")),
        *(f"token.{name}" for name in ("owner", "bound_at", "pin.salt", "pin.tag")),
        *(f"token.pin.cost.{name}" for name in ("memory_kib", "passes", "lanes")),
        *(f"wrapped.{name}" for name in ("format", "kek_id", "length", "blob", "export_blob")),
        *("standing.batch", "standing.groups", "revision"),
    }


@pytest.mark.parametrize("path", _fields_of(MOST))
def test_a_field_changed_by_the_least_breaks_the_seal(keys: HsmKeys, path: str) -> None:
    _refused_unopened(keys, _changed(_sealed(keys, MOST), path, _other))


@pytest.mark.parametrize("path", _fields_of(EVENT_BASED))
def test_a_field_of_an_event_based_token_in_stock_breaks_the_seal(keys: HsmKeys, path: str) -> None:
    _refused_unopened(keys, _changed(_sealed(keys, EVENT_BASED), path, _other))


@pytest.mark.parametrize("path", _fields_of(SUSPENDED))
def test_a_field_of_a_suspended_token_breaks_the_seal(keys: HsmKeys, path: str) -> None:
    _refused_unopened(keys, _changed(_sealed(keys, SUSPENDED), path, _other))


@pytest.mark.parametrize("path", _fields_of(KEPT))
def test_a_field_of_a_token_in_quarantine_breaks_the_seal(keys: HsmKeys, path: str) -> None:
    _refused_unopened(keys, _changed(_sealed(keys, KEPT), path, _other))


def test_another_suite_breaks_the_seal(keys: HsmKeys) -> None:
    other = OcraParameters(OCRA.suite.replace("QN08", "QN8"))
    stored = _sealed(keys, ANSWERING)
    _refused_unopened(keys, _changed(stored, "token.device.parameters", lambda _: other))


def test_a_seal_of_before_suites_were_parsed_still_holds(keys: HsmKeys) -> None:
    kept = Quarantined(ANSWERING.device, ANSWERING.progress, "not verified")
    as_it_was = _changed(kept, "device.parameters", lambda _: KeptParameters("ocra", OCRA.suite))
    keys.check(replace(_sealed(keys, as_it_was), token=kept))


def test_a_pin_taken_away_breaks_the_seal(keys: HsmKeys) -> None:
    _refused_unopened(keys, _changed(_sealed(keys, MOST), "token.pin", lambda _: None))


def test_a_token_let_out_of_quarantine_breaks_the_seal(keys: HsmKeys) -> None:
    kept = Quarantined(EVENT_BASED.device, EVENT_BASED.progress, "not verified")
    _refused_unopened(keys, replace(_sealed(keys, kept), token=EVENT_BASED))


def test_the_copy_for_export_of_another_token_breaks_the_seal(keys: HsmKeys) -> None:
    stored = _sealed(keys, MOST)
    wrapped = replace(stored.wrapped, export_blob=b"a" * 72)
    sealed = replace(stored, wrapped=wrapped, seal=keys.seal(MOST, wrapped, 3))
    keys.check(sealed)
    _refused_unopened(keys, _changed(sealed, "wrapped.export_blob", _other))


@pytest.mark.parametrize("name", ["manufacturer", "model", "not_before", "not_after"])
def test_a_field_emptied_breaks_the_seal(keys: HsmKeys, name: str) -> None:
    _refused_unopened(keys, _changed(_sealed(keys, MOST), f"token.device.{name}", lambda _: None))


@pytest.mark.parametrize("groups", [(), ("DESK",), ("desk", "field"), ("field",)])
def test_other_groups_of_the_owner_break_the_seal(keys: HsmKeys, groups: tuple[str, ...]) -> None:
    stored = _sealed(keys, MOST)
    standing = Standing(7, (GroupName("desk"),))
    seal = keys.seal(MOST, stored.wrapped, stored.revision, standing)
    sealed = replace(stored, seal=seal, standing=standing)
    keys.check(sealed)
    others = Standing(7, tuple(map(GroupName, groups)))
    _refused_unopened(keys, replace(sealed, standing=others))


def test_an_owner_taken_away_breaks_the_seal(keys: HsmKeys) -> None:
    stored = _sealed(keys, MOST)
    _refused_unopened(keys, replace(stored, token=InStock(MOST.device, MOST.progress)))


def test_an_owner_put_on_breaks_the_seal(keys: HsmKeys) -> None:
    mine = Bound(EVENT_BASED.device, EVENT_BASED.progress, UserName("mallory"), NOON)
    _refused_unopened(keys, replace(_sealed(keys, EVENT_BASED), token=mine))


def test_a_clock_made_a_counter_breaks_the_seal(keys: HsmKeys) -> None:
    as_counter = HotpParameters(TOTP.digest, TOTP.digits)
    stored = _sealed(keys, MOST)
    _refused_unopened(keys, _changed(stored, "token.device.parameters", lambda _: as_counter))


def test_a_row_of_another_vault_breaks_the_seal(keys: HsmKeys) -> None:
    _refused_unopened(HsmKeys(keys.keystore, "vault-2"), _sealed(keys, MOST))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_seal_of_another_length_is_broken(keys: HsmKeys, length: int) -> None:
    stored = _sealed(keys, MOST)
    _refused_unopened(keys, replace(stored, seal=Seal((stored.seal.octets * 2)[:length], "s1")))


def test_a_seal_changed_by_one_bit_is_broken(keys: HsmKeys) -> None:
    _refused_unopened(keys, _changed(_sealed(keys, MOST), "seal.octets", _other))


def test_a_seed_put_under_another_serial_breaks_the_seal(keys: HsmKeys) -> None:
    alices, mallorys = _sealed(keys, MOST), _sealed(keys, EVENT_BASED, b"mallory's own seed!!")
    _refused_unopened(keys, replace(alices, wrapped=mallorys.wrapped))
    _refused_unopened(keys, replace(mallorys, wrapped=alices.wrapped))


def test_a_seed_moved_together_with_its_seal_breaks_the_seal(keys: HsmKeys) -> None:
    alices, mallorys = _sealed(keys, MOST), _sealed(keys, EVENT_BASED, b"mallory's own seed!!")
    moved = replace(alices, wrapped=mallorys.wrapped, seal=mallorys.seal)
    _refused_unopened(keys, moved)


def test_progress_does_not_touch_the_seal(keys: HsmKeys) -> None:
    stored = _sealed(keys, MOST)
    moved = replace(MOST, progress=replace(MOST.progress, next_factor=99, failures=3))
    keys.check(replace(stored, token=moved, version=stored.version + 1))


def test_a_broken_seal_says_whose_it_is_and_what_to_keep(keys: HsmKeys) -> None:
    stored = replace(_sealed(keys, MOST), revision=4)
    with pytest.raises(SealBroken, match="GALT10000001") as broken:
        keys.check(stored)
    assert "no failure was counted" in broken.value.unchanged
    assert "evidence" in broken.value.remedy
