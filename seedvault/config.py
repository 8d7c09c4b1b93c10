"""Where a vault lives and what it runs on: `seedvault.toml` in its home, with a default for all."""

import json
import os
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seedvault.domain.batch import Tier
from seedvault.domain.errors import InvalidInput

FILE_NAME = "seedvault.toml"
_TEXT = {
    "storage": ("database",),
    "hsm": ("module", "token_label", "token_serial", "pin_file", "min_tier"),
    "audit": ("export_file", "syslog", "syslog_enterprise"),
    "alarm": (),
}
_SWITCHES = {"hsm": ("require_fips", "accept_weaknesses")}
_COUNTS = {"alarm": ("failures_per_hour",)}
_NONE: tuple[str, ...] = ()
EXAMPLE_ENTERPRISE = "32473"
"""The private enterprise number that IANA keeps for examples; syslog's names of fields need one."""

FAILURES_PER_HOUR = 1_000
"""A guesser who stays below it hits once in a fortnight: 336 hours, 3 chances in a million each."""

_TIERS = {tier.value: tier for tier in (Tier.INSIDE, Tier.NARROW)}


@dataclass(frozen=True, slots=True)
class Settings:
    """One vault's settings. `module` None means the embedded SoftHSM under `home`.

    `database` is a URL, or the path of an SQLite file. `require_fips`: see `domain.fips`. By less
    than `min_tier` no seed comes in; `accept_weaknesses` says that what the module does not enforce
    was told, and accepted. `export_file` and `syslog`, a URL, are where the audit log is copied to.
    Beyond `failures_per_hour`, over all tokens, somebody should look.
    """

    home: Path
    database: str | Path
    module: Path | None
    token_label: str
    token_serial: str | None
    pin_file: Path
    require_fips: bool = False
    min_tier: Tier = Tier.NARROW
    accept_weaknesses: bool = False
    export_file: Path | None = None
    syslog: str | None = None
    syslog_enterprise: str = EXAMPLE_ENTERPRISE
    failures_per_hour: int = FAILURES_PER_HOUR

    @property
    def hsm_home(self) -> Path:
        """The embedded SoftHSM's own directory."""
        return self.home / "hsm"


def default_home() -> Path:
    """SEEDVAULT_HOME, or the platform's directory for an application's data."""
    named = os.environ.get("SEEDVAULT_HOME")
    if named:
        return Path(named)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "seedvault"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "seedvault"


def load(home: Path) -> Settings:
    """The settings of the vault at `home`; raises InvalidInput naming what is wrong where."""
    path = home / FILE_NAME
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}") from error
    _refuse_unknown(path, written)
    return _settings(home, written)


def save(settings: Settings) -> None:
    """Write what is not the default, so that later commands find it; nothing else, no secret.

    A file that says so already stays as its author wrote it.
    """
    if load(settings.home) == settings:
        return
    plain = _settings(settings.home, {})
    sections = [(section, _differing(settings, plain, _names(section))) for section in _TEXT]
    text = "\n".join(_section(name, values) for name, values in sections if values)
    try:
        octets = text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(
            f"a path that is not Unicode cannot stand in {FILE_NAME}",
            remedy="Give the file or directory another name.",
        ) from error
    if octets:
        (settings.home / FILE_NAME).write_bytes(octets)


def _settings(home: Path, written: dict[str, dict[str, Any]]) -> Settings:
    sections = ("storage", "hsm", "audit", "alarm")
    storage, hsm, audit, alarm = (written.get(section, {}) for section in sections)
    module = hsm.get("module")
    database: str | Path = storage.get("database", "vault.sqlite3")
    if "://" not in str(database):
        database = home / database
    return Settings(
        home=home,
        database=database,
        module=Path(module) if module else None,
        token_label=hsm.get("token_label", "seedvault"),
        token_serial=hsm.get("token_serial"),
        pin_file=Path(hsm.get("pin_file", home / "pin")),
        require_fips=hsm.get("require_fips", False),
        min_tier=_tier(home, hsm.get("min_tier", Tier.NARROW.value)),
        accept_weaknesses=hsm.get("accept_weaknesses", False),
        export_file=home / audit["export_file"] if audit.get("export_file") else None,
        syslog=audit.get("syslog") or None,
        syslog_enterprise=audit.get("syslog_enterprise", EXAMPLE_ENTERPRISE),
        failures_per_hour=alarm.get("failures_per_hour", FAILURES_PER_HOUR),
    )


def _refuse_unknown(path: Path, written: dict[str, Any]) -> None:
    for section, values in written.items():
        if section not in _TEXT or not isinstance(values, dict):
            raise InvalidInput(f"{path}: there is no section [{section}]")
        for name, value in values.items():
            if name in _SWITCHES.get(section, _NONE):
                if not isinstance(value, bool):
                    raise InvalidInput(f"{path}: [{section}] {name} is true or false")
            elif name in _COUNTS.get(section, _NONE):
                if type(value) is not int or value < 1:
                    raise InvalidInput(f"{path}: [{section}] {name} is a whole number from 1")
            elif name not in _TEXT[section] or not isinstance(value, str):
                raise InvalidInput(f"{path}: [{section}] has no text setting called {name}")


def _names(section: str) -> tuple[str, ...]:
    named = (_TEXT, _SWITCHES, _COUNTS)
    return tuple(name for names in named for name in names.get(section, _NONE))


def _tier(home: Path, written: str) -> Tier:
    if written not in _TIERS:
        raise InvalidInput(
            f'{home / FILE_NAME}: [hsm] min_tier is "A" or "B", not {written!r}',
            remedy="Tier C, seeds in this process's memory, is not offered.",
        )
    return _TIERS[written]


def _differing(settings: Settings, plain: Settings, names: tuple[str, ...]) -> dict[str, str | int]:
    return {
        name: _plain(getattr(settings, name))
        for name in names
        if getattr(settings, name) != getattr(plain, name)
    }


def _plain(value: object) -> str | int:
    if isinstance(value, int):
        return value
    return value.value if isinstance(value, Tier) else str(value)


def _section(name: str, values: dict[str, str | int]) -> str:
    lines = [f"{key} = {_toml(value)}" for key, value in values.items()]
    return "\n".join([f"[{name}]", *lines, ""])


def _toml(value: object) -> str:
    """What TOML writes as JSON does: a basic string, but for DEL, an integer or a boolean."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
