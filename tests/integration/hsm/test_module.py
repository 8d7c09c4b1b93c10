"""Libraries that cannot be loaded are named; those in use are taken over with locks."""

import _ctypes
from pathlib import Path

import pytest

from hsm import Keystore, Location, Unavailable
from hsm.cryptoki import Cryptoki
from hsm.module import Module
from hsm.softhsm import configure, find_library
from tests.support.softhsm import library, pin


def test_a_missing_library_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.so"

    with pytest.raises(Unavailable, match="missing"):
        Keystore.connect(Location(missing, "x"), pin())


def test_a_file_that_is_no_library_is_named(tmp_path: Path) -> None:
    text = tmp_path / "text.so"
    text.write_text("not a library")

    with pytest.raises(Unavailable, match="text"):
        Keystore.connect(Location(text, "x"), pin())


def test_a_library_that_is_no_pkcs11_library_is_named() -> None:
    with pytest.raises(Unavailable, match="C_GetFunctionList"):
        Cryptoki(Path(_ctypes.__file__))


def test_a_process_has_one_module_for_a_library() -> None:
    assert Module.load(library()) is Module.load(library())


def test_a_library_initialised_without_locks_is_initialised_again(keystore: Keystore) -> None:
    """As python-pkcs11 does it: C_Initialize(NULL), and two threads crash SoftHSM."""
    seal = keystore.seal(b"row")
    flags: list[int] = []
    module = keystore._connection.module
    initialize = module.cryptoki.initialize

    def noting(arguments: object) -> int:
        assert arguments is not None
        flags.append(arguments._obj.flags)  # type: ignore[attr-defined]  # byref's own name
        return initialize(arguments)

    module.cryptoki.finalize(None)
    module.cryptoki.initialize(None)
    module.cryptoki.initialize = noting
    module.abandon()
    try:
        assert keystore.seal_matches(b"row", seal)
    finally:
        module.cryptoki.initialize = initialize

    assert flags == [2, 2]  # CKF_OS_LOCKING_OK: refused while in use, then accepted


def test_softhsm_is_found_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.so"
    mine.touch()
    monkeypatch.setenv("SEEDVAULT_SOFTHSM", str(mine))

    assert find_library() == mine


def test_softhsm_is_not_found_elsewhere_when_the_environment_is_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SEEDVAULT_SOFTHSM", str(tmp_path / "absent.so"))

    assert find_library() is None


def test_a_configuration_and_its_store_are_for_the_user_alone(tmp_path: Path) -> None:
    configuration = configure(tmp_path / "home")

    store = tmp_path / "home" / "tokens"
    assert f"directories.tokendir = {store}" in configuration.read_text()
    assert [path.stat().st_mode & 0o777 for path in (store, store.parent)] == [0o700, 0o700]


def test_a_configuration_names_its_place_after_a_move(tmp_path: Path) -> None:
    configure(tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")

    configuration = configure(tmp_path / "new")

    assert f"directories.tokendir = {tmp_path / 'new' / 'tokens'}" in configuration.read_text()


def test_a_store_that_is_there_stays(tmp_path: Path) -> None:
    configure(tmp_path)
    (tmp_path / "tokens" / "kept").touch()

    configure(tmp_path)

    assert (tmp_path / "tokens" / "kept").exists()
