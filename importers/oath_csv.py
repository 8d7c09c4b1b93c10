"""Rows of serial, seed and sometimes more, without a heading: what other servers take in.

There is no standard for them. Each server reads its own columns, and most files fit several: then
the operator must say which one a file was made for.
"""

from types import MappingProxyType

from importers.assembly import Habits, is_unread
from importers.columns import Cells, Dialect, Layout
from importers.entry import Field
from importers.format import Feature, FieldNote, Format
from importers.model import Digest

_SERIAL = FieldNote("serial", "what stands on the token")
_KEY = FieldNote("key", "the seed", "hexadecimal; another encoding only if the operator says so")
_HOTP = frozenset({Feature.HOTP, Feature.COUNTER})
_BOTH = _HOTP | {Feature.TOTP}
_PLAIN = "none: the seeds stand in the clear"
_LOOK_ALIKE = "No heading and no mark: rows that fit other dialects too need --format."
_TOLERATED = (
    "A comma, semicolon or tab parts the columns; lines that start with # are comments.",
    "Serials that a spreadsheet rounded (1.23E+11) are refused; lost leading zeros cannot be seen.",
)
# Refused by name when their row is read: they need nothing of its further columns.
_REST: Layout = (None,) * 6


def _word(cells: Cells) -> str | None:
    """The type in the third column, in small letters; None where there is no third column."""
    return cells[2].casefold() if len(cells) > 2 else None


def _typed(cells: Cells, hotp: Layout, totp: Layout, ocra: Layout = ()) -> Layout | None:
    """Two columns, then the type and what follows it."""
    start: Layout = (Field.SERIAL, Field.SEED, Field.TYPE)
    word = _word(cells)
    if len(cells) < 2 or not cells[0] or not cells[1]:
        return None
    rest: Layout | None
    match word:
        case None | "hotp":
            rest = hotp
        case "totp":
            rest = totp
        case "ocra" | "ocra2" if ocra:
            rest = ocra
        case _:
            rest = _REST if is_unread(word) else None
    if rest is None or len(cells) > len(start) + len(rest):
        return None
    return start + rest


def _linotp(cells: Cells) -> Layout | None:
    if _word(cells) == "ocra":  # LinOTP's own word is ocra2
        return None
    totp = (Field.DIGITS, Field.STEP, Field.HASH)
    return _typed(cells, (Field.DIGITS,), totp, (Field.SUITE,))


def _privacyidea(cells: Cells) -> Layout | None:
    if _word(cells) == "ocra2":
        return None
    return _typed(
        cells,
        (Field.DIGITS, Field.COUNTER),
        (Field.DIGITS, Field.STEP),
        (Field.SUITE,),
    )


def _privacyidea_v2(cells: Cells) -> Layout | None:
    rest = _privacyidea(cells[3:])
    return None if rest is None else (Field.USER, None, Field.REALM, *rest)


def _netiq(cells: Cells) -> Layout | None:
    return _typed(cells, (Field.DIGITS,), (Field.DIGITS, Field.STEP))


def _multiotp(cells: Cells) -> Layout | None:
    if len(cells) not in {5, 6} or not (cells[0] and cells[3]):
        return None
    start: Layout = (Field.SERIAL, Field.MANUFACTURER, Field.TYPE, Field.SEED)
    fits = _word(cells) in {"hotp", "totp"} or is_unread(cells[2])
    return (*start, Field.DIGITS, Field.FACTOR) if fits else None


def _two(cells: Cells) -> Layout | None:
    return (Field.SERIAL, Field.SEED) if len(cells) == 2 and all(cells) else None


def _with_factor(cells: Cells) -> Layout | None:
    """A third column that is a counter or a time step, as the form was filled in."""
    if not 2 <= len(cells) <= 3 or not (cells[0] and cells[1]):
        return None
    if len(cells) == 3 and not (cells[2].isascii() and cells[2].isdigit() and len(cells[2]) < 20):
        return None
    return (Field.SERIAL, Field.SEED, Field.FACTOR)[: len(cells)]


def _with_counter(cells: Cells) -> Layout | None:
    layout = _with_factor(cells)
    return None if layout is None else (Field.SERIAL, Field.SEED, Field.COUNTER)[: len(cells)]


LINOTP = Dialect(
    id="linotp",
    title="LinOTP CSV",
    layout=_linotp,
    type_at=2,
    habits=Habits(digests=MappingProxyType({32: Digest.SHA256, 64: Digest.SHA512})),
)
PRIVACYIDEA = Dialect(id="privacyidea", title="privacyIDEA CSV", layout=_privacyidea, type_at=2)
PRIVACYIDEA_V2 = Dialect(
    id="privacyidea-v2",
    title="privacyIDEA CSV version 2",
    layout=_privacyidea_v2,
    serial_at=3,
    type_at=5,
    marker="# version: 2",
)
NETIQ = Dialect(id="netiq", title="NetIQ CSV", layout=_netiq, type_at=2)
MULTIOTP = Dialect(
    id="multiotp",
    title="multiOTP CSV",
    layout=_multiotp,
    type_at=2,
    habits=Habits(kind=None, digits=None, step_s=None),
)
DUO = Dialect(
    id="duo",
    title="Duo CSV",
    layout=_with_factor,
    habits=Habits(kind=None, digits=None, step_s=None),
)
PINGID = Dialect(
    id="pingid",
    title="PingID CSV",
    layout=_with_counter,
    habits=Habits(kind=None, step_s=None),
)
IBM = Dialect(id="ibm", title="IBM CSV", layout=_two)

_TYPE = FieldNote("type", "hotp, totp or a word that is refused by name; hotp where it is absent")
_DIGITS = FieldNote("digits", "length of a code; 6 where it is absent")
_STEP = FieldNote("step", "time step of TOTP; 30 where it is absent", "seconds")
_COUNTER_OR_STEP = FieldNote("counter or step", "next counter of HOTP; of TOTP the step", "seconds")
_MOTP = "mOTP tokens and lists of TANs, by name, each token by itself."
_LONG = "A seed of 32 or 64 octets hints at SHA-256 or SHA-512: --hash must say it."

DIALECTS = (LINOTP, PRIVACYIDEA, PRIVACYIDEA_V2, NETIQ, MULTIOTP, DUO, PINGID, IBM)
FORMATS = (
    Format(
        id=LINOTP.id,
        title=LINOTP.title,
        makers="LinOTP's import, and makers who deliver for it",
        known_by=f"serial, key[, type[, digits or suite[, step[, hash]]]]. {_LOOK_ALIKE}",
        protection=_PLAIN,
        features=_BOTH | {Feature.OCRA, Feature.SHA2},
        fields=(
            _SERIAL,
            _KEY,
            FieldNote("type", "hotp, totp or ocra2; hotp where it is absent"),
            FieldNote("digits or suite", "length of a code, or OCRA's suite (RFC 6287)"),
            _STEP,
            FieldNote("hash", "sha1, sha256 or sha512; by the seed's length where absent"),
        ),
        open=LINOTP.open,
        quirks=(*_TOLERATED, "A seed of 32 octets means SHA-256, one of 64 SHA-512."),
        refused=(_MOTP,),
    ),
    Format(
        id=PRIVACYIDEA.id,
        title=PRIVACYIDEA.title,
        makers="privacyIDEA's import, and makers who deliver for it",
        known_by=f"serial, key[, type[, digits[, counter or step]]]. {_LOOK_ALIKE}",
        protection=_PLAIN,
        features=_BOTH | {Feature.OCRA},
        fields=(
            _SERIAL,
            _KEY,
            _TYPE,
            _DIGITS,
            _COUNTER_OR_STEP,
        ),
        open=PRIVACYIDEA.open,
        quirks=(*_TOLERATED, _LONG),
        refused=(_MOTP,),
    ),
    Format(
        id=PRIVACYIDEA_V2.id,
        title=PRIVACYIDEA_V2.title,
        makers="privacyIDEA's import",
        known_by='the first line "# version: 2"; then user, resolver, realm before serial, key',
        protection=_PLAIN,
        features=_BOTH | {Feature.OCRA, Feature.USERS},
        fields=(
            FieldNote("user", "whom the token is for: proposed, and not bound"),
            FieldNote("resolver", "where privacyIDEA looks users up; not kept"),
            FieldNote("realm", "kept after the user's name and an @"),
            _SERIAL,
            _KEY,
            _TYPE,
            _DIGITS,
            _COUNTER_OR_STEP,
        ),
        open=PRIVACYIDEA_V2.open,
        quirks=(*_TOLERATED, _LONG),
        refused=(_MOTP,),
    ),
    Format(
        id=NETIQ.id,
        title=NETIQ.title,
        makers="NetIQ Advanced Authentication's import",
        known_by=f"serial, seed[, type[, digits[, step]]]. {_LOOK_ALIKE}",
        protection=_PLAIN,
        features=_BOTH,
        fields=(_SERIAL, _KEY, _TYPE, _DIGITS, _STEP),
        open=NETIQ.open,
        quirks=(*_TOLERATED, _LONG),
    ),
    Format(
        id=MULTIOTP.id,
        title=MULTIOTP.title,
        makers="multiOTP's import",
        known_by="serial; manufacturer; algorithm; seed; digits; counter or step",
        protection=_PLAIN,
        features=_BOTH,
        fields=(
            _SERIAL,
            FieldNote("manufacturer", "who made the token"),
            FieldNote("algorithm", "HOTP or TOTP; mOTP is refused by name"),
            _KEY,
            FieldNote("digits", "length of a code"),
            _COUNTER_OR_STEP,
        ),
        open=MULTIOTP.open,
        quirks=(*_TOLERATED, _LONG),
        refused=(_MOTP,),
    ),
    Format(
        id=DUO.id,
        title=DUO.title,
        makers="Duo's import of hardware tokens",
        known_by=f"serial, secret[, counter or step]. {_LOOK_ALIKE}",
        protection=_PLAIN,
        features=_BOTH,
        fields=(
            _SERIAL,
            _KEY,
            _COUNTER_OR_STEP,
        ),
        open=DUO.open,
        quirks=(
            *_TOLERATED,
            "Duo's form asks for type and digits: say them by --type, --digits and --step.",
            _LONG,
        ),
        refused=("YubiKeys' rows (serial, private id, AES key): they lack the public id.",),
    ),
    Format(
        id=PINGID.id,
        title=PINGID.title,
        makers="PingID's import of hardware tokens",
        known_by=f"serial, secret[, counter]. {_LOOK_ALIKE}",
        protection=_PLAIN,
        features=_BOTH,
        fields=(_SERIAL, _KEY, FieldNote("counter", "next counter of HOTP")),
        open=PINGID.open,
        quirks=(
            *_TOLERATED,
            "PingID's form asks for type and refresh: say them by --type and --step.",
            _LONG,
        ),
    ),
    Format(
        id=IBM.id,
        title=IBM.title,
        makers="IBM's import of HOTP tokens",
        known_by=f"serial, seed. {_LOOK_ALIKE}",
        protection=_PLAIN,
        features=_HOTP,
        fields=(_SERIAL, _KEY),
        open=IBM.open,
        quirks=(*_TOLERATED, "HOTP of 6 digits from counter 0 on."),
    ),
)
