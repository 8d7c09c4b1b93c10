"""A search for a code in a real module, by several threads, among rows of which some are broken."""

from dataclasses import replace

import pytest

import hsm
from hsm.translate import Rv
from seedvault.domain.audit import EventKind
from seedvault.domain.batch import Batch, Tier
from seedvault.domain.errors import HsmUnavailable
from seedvault.domain.names import Serial
from seedvault.domain.oath import code_at
from seedvault.domain.token import InStock, Progress
from seedvault.keys import HsmKeys
from seedvault.service.find_token import FindToken
from seedvault.service.ports import EventFilter, Fingerprint, NewToken, TakenSeed, WrappedSeed
from seedvault.service.search_scope import Listed
from tests.support.fakes import FakeVault, FixedClock, mac_of
from tests.support.policies import DEFAULTS
from tests.support.softhsm import returning
from tests.support.tokens import NOON, STEP_AT_NOON, TOTP, device, serial
from tests.support.vaults import SOURCE

TOKENS = 40
ALL = Listed([serial(number) for number in range(TOKENS)])


def seed(number: int) -> bytes:
    return bytes([number]) * 20


def code(number: int, offset: int = 0) -> str:
    return code_at(mac_of(seed(number), TOTP.digest), STEP_AT_NOON + offset, TOTP.digits)


@pytest.fixture
def vault(keys: HsmKeys) -> FakeVault:
    """Forty tokens whose seeds are really in the module."""
    made = FakeVault()
    batch = Batch(1, SOURCE, Tier.NARROW, NOON, "ingrid", TOKENS, held=0)
    made.put_batch(batch, [_new(keys, number) for number in range(TOKENS)])
    return made


def _new(keys: HsmKeys, number: int) -> NewToken:
    key = keys.keystore.wrap(bytearray(seed(number)), hsm.Digest.SHA256).key
    wrapped = WrappedSeed(int(key.format), key.kek_id, key.length, key.blob)
    token = InStock(device(number), Progress(0, NOON))
    mark = Fingerprint(bytes([number]) * 16, "f1")
    return NewToken(token, TakenSeed(wrapped, mark), keys.seal(token, wrapped, 0))


@pytest.fixture
def find(keys: HsmKeys, vault: FakeVault) -> FindToken:
    return FindToken(vault, keys, FixedClock(), DEFAULTS, workers=4)


def found(find: FindToken, *codes: str) -> list[Serial]:
    shown = (codes[0], codes[1]) if len(codes) > 1 else (codes[0],)
    return [token.device.serial for token in find(shown, ALL, "helen").found]


@pytest.mark.parametrize("number", [0, 17, TOKENS - 1])
def test_four_threads_find_the_token_of_a_code(find: FindToken, number: int) -> None:
    assert found(find, code(number)) == [serial(number)]
    assert found(find, code(number, 1), code(number, 2)) == [serial(number)]


def test_blobs_that_were_exchanged_are_found_out_and_the_search_goes_on(
    find: FindToken, vault: FakeVault
) -> None:
    # privacyIDEA's CBC without binding: a blob under another's serial.
    wrapped = {number: vault.rows[serial(number)].stored.wrapped for number in (3, 4)}
    vault.tamper(serial(3), lambda stored: replace(stored, wrapped=wrapped[4]))
    vault.tamper(serial(4), lambda stored: replace(stored, wrapped=wrapped[3]))
    sought = find((code(3),), ALL, "helen")
    assert (sought.found, len(sought.left_out)) == ((), 2)
    assert found(find, code(5)) == [serial(5)]
    broken = vault.events(EventFilter(kind=EventKind.SEAL_BROKEN, limit=10))
    assert {logged.event.serial for logged in broken} == {serial(3), serial(4)}


@pytest.mark.parametrize("function", ["verify_init", "unwrap_key", "sign_init"])
def test_a_module_that_fails_ends_the_search(find: FindToken, keys: HsmKeys, function: str) -> None:
    cryptoki = keys.keystore._connection.module.cryptoki
    with (
        returning(cryptoki, function, *[Rv.DEVICE_ERROR] * 4 * TOKENS),
        pytest.raises(HsmUnavailable),
    ):
        found(find, code(TOKENS - 1))
    assert found(find, code(0)) == [serial(0)]
