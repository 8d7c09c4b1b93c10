"""Yubico's two CSV files: the personalisation tool's log ("traditional") and ykksm's."""

import re

from importers.assembly import Habits, modhex
from importers.columns import Cells, Dialect, Layout, Texts
from importers.entry import Field
from importers.format import Feature, FieldNote, Format

_LOG_COLUMNS = 18
_MODHEX_DIGITS = str.maketrans("cbdefghijklnrtuv", "0123456789abcdef")
_MODHEX = re.compile(r"[cbdefghijklnrtuv]{2,32}", re.ASCII)
_PRIVATE = re.compile(r"[0-9A-Fa-f]{12}|0|", re.ASCII)
_KEY = re.compile(r"[0-9A-Fa-f]{32,128}", re.ASCII)
_TYPES = {
    "yubico otp": "yubico",
    "oath-hotp": "hotp",
    "static password": "static",
    "challenge-response": "challenge-response",
}
# privacyIDEA's rule, as the log names no device: a prefix by type, the public id as a number.
_PREFIXES = {"yubico": "UBAM", "hotp": "UBOM"}


def _type(text: str) -> str | None:
    # "Challenge-Response: HMAC-SHA1" says more than is needed here.
    return _TYPES.get(text.partition(":")[0].strip().casefold())


def _log(cells: Cells) -> Layout | None:
    if not 6 <= len(cells) <= _LOG_COLUMNS or _type(cells[0]) is None:
        return None
    return (
        Field.TYPE,
        None,
        Field.SLOT,
        Field.PUBLIC_ID,
        Field.PRIVATE_ID,
        Field.SEED,
        *(None,) * 5,
        Field.DIGITS,
        Field.COUNTER,
        *(None,) * 5,
    )


def _from_log(texts: Texts) -> Texts:
    """Our word for the type, and a serial out of public id and slot."""
    word = _type(texts[Field.TYPE]) or ""
    texts = {**texts, Field.TYPE: word}
    prefix = _PREFIXES.get(word)
    if prefix is None:
        return {Field.SERIAL: "none", **texts}  # it is refused by its type
    public_id = texts.get(Field.PUBLIC_ID)
    slot = texts.get(Field.SLOT)
    if public_id is None or slot not in {"1", "2"}:
        raise ValueError("without a public id and a slot nothing tells this key from another")
    number = int(modhex(public_id).translate(_MODHEX_DIGITS), 16)
    return {**texts, Field.SERIAL: f"{prefix}{number:08d}_{slot}"}


def _ykksm(cells: Cells) -> Layout | None:
    if not 4 <= len(cells) <= 8:
        return None
    serial, public_id, private_id, key = cells[:4]
    fits = (
        serial.isascii()
        and serial.isdigit()
        and _MODHEX.fullmatch(public_id)
        and _PRIVATE.fullmatch(private_id)
        and _KEY.fullmatch(key)
    )
    if not fits:
        return None
    return (Field.SERIAL, Field.PUBLIC_ID, Field.PRIVATE_ID, Field.SEED, *(None,) * 4)


def _from_ykksm(texts: Texts) -> Texts:
    match texts.get(Field.PRIVATE_ID):
        case None:
            word = "static"
        case "0":
            word = "hotp"
        case _:
            word = "yubico"
    return {**texts, Field.TYPE: word}


LOG = Dialect(
    id="yubico-csv",
    title="Yubico CSV (traditional)",
    layout=_log,
    adapt=_from_log,
    marker="logging start",
    ignored=("LOGGING START", "#"),
    any_encoding=False,
)
YKKSM = Dialect(
    id="ykksm",
    title="Yubico CSV (ykksm)",
    layout=_ykksm,
    habits=Habits(digits=None),
    adapt=_from_ykksm,
    any_encoding=False,
)
DIALECTS = (LOG, YKKSM)

_PLAIN = "none: the keys stand in the clear"
_FEATURES = frozenset({Feature.HOTP, Feature.OTHER_KEYS})
_PUBLIC = FieldNote("public id", "what stands before its codes", "modhex")
_PRIVATE_NOTE = "what stands inside its codes, 6 octets"
_KEY_NOTE = FieldNote("secret key", "the AES key, or HOTP's seed", "hexadecimal")

FORMATS = (
    Format(
        id=LOG.id,
        title=LOG.title,
        makers="Yubico's personalisation tool",
        known_by='the first line "LOGGING START"',
        protection=_PLAIN,
        features=_FEATURES | {Feature.COUNTER},
        fields=(
            FieldNote("type", "Yubico OTP or OATH-HOTP; any other is refused by name"),
            FieldNote("slot", "which of the key's two slots; part of the serial"),
            _PUBLIC,
            FieldNote("private id", _PRIVATE_NOTE, "hexadecimal"),
            _KEY_NOTE,
            FieldNote("HOTP digits", "length of a code; not looked at for Yubico OTP"),
            FieldNote("moving factor", "the next counter of HOTP"),
        ),
        open=LOG.open,
        quirks=(
            (
                "It names no device. The serial is UBAM (Yubico OTP) or UBOM (HOTP), the public id "
                "as a number of at least 8 digits, and _ with the slot, as privacyIDEA has it."
            ),
            "Access codes are neither kept nor shown.",
        ),
        refused=("Static passwords and challenge-response, each row by itself.",),
    ),
    Format(
        id=YKKSM.id,
        title=YKKSM.title,
        makers="Yubico's key storage module",
        known_by="rows of serial, public id in modhex, private id and a key in hexadecimal",
        protection=_PLAIN,
        features=_FEATURES,
        fields=(
            FieldNote("serial", "the device's, a number, as it stands"),
            _PUBLIC,
            FieldNote("private id", f"{_PRIVATE_NOTE}; 0 for HOTP, empty for static passwords"),
            _KEY_NOTE,
        ),
        open=YKKSM.open,
        quirks=("How many digits an HOTP code has is not in the file: --digits must say it.",),
        refused=("Static passwords, each row by itself.",),
    ),
)
