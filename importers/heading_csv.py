"""CSV under a heading that names its columns: Microsoft Entra ID's, and Deepnet's after it."""

from importers.columns import Cells, Dialect, Layout
from importers.entry import Field
from importers.format import Feature, FieldNote, Format
from importers.instructions import Encoding

# Without blanks and in small letters: "time interval" and "timeinterval" were both seen.
_COLUMNS = {
    "upn": Field.USER,
    "serialnumber": Field.SERIAL,
    "secretkey": Field.SEED,
    "timeinterval": Field.STEP,
    "manufacturer": Field.MANUFACTURER,
    "model": Field.MODEL,
}
_REQUIRED = {Field.SERIAL, Field.SEED, Field.STEP}


def _named(cells: Cells) -> Layout | None:
    """The columns of a heading; None where it is none, or names one twice."""
    layout = tuple(_COLUMNS.get("".join(cell.casefold().split())) for cell in cells)
    known = [what for what in layout if what is not None]
    return layout if set(known) >= _REQUIRED and len(set(known)) == len(layout) else None


def _without_users(cells: Cells) -> Layout | None:
    layout = _named(cells)
    return None if layout is None or Field.USER in layout else layout


ENTRA = Dialect(
    id="entra-csv",
    title="Microsoft Entra ID CSV",
    heading=_named,
    # Entra ID takes no others by CSV: SHA-1 and 6 digits.
    says=((Field.TYPE, "totp"), (Field.HASH, "sha1"), (Field.DIGITS, "6")),
    encodings=(Encoding.BASE32,),
    any_encoding=False,
)
DEEPNET = Dialect(
    id="deepnet-csv",
    title="Deepnet CSV",
    heading=_without_users,
    says=((Field.TYPE, "totp"),),
    encodings=(Encoding.HEX, Encoding.BASE32),
)
# In this order: what fits both is told apart by the column upn, which Deepnet's does not have.
DIALECTS = (DEEPNET, ENTRA)

_SERIAL = FieldNote("serial number", "what stands on the token")
_STEP = FieldNote("time interval", "time step of TOTP", "seconds")
_MAKER = (FieldNote("manufacturer", "who made the token"), FieldNote("model", "its model"))
_HEADING = "Blanks and case in the heading do not count."

FORMATS = (
    Format(
        id=ENTRA.id,
        title=ENTRA.title,
        makers="makers who deliver for Microsoft Entra ID",
        known_by="a heading with the columns upn, serial number, secret key and time interval",
        protection="none: the seeds stand in the clear",
        features=frozenset({Feature.TOTP, Feature.USERS}),
        fields=(
            FieldNote("upn", "whom the token is for: proposed, and not bound"),
            _SERIAL,
            FieldNote("secret key", "the seed", "base32, padded or not"),
            _STEP,
            *_MAKER,
        ),
        open=ENTRA.open,
        quirks=(
            _HEADING,
            "Always SHA-1 and 6 digits.",
            "0, 1 and 8 are no base32: Microsoft's own sample holds a 1, and is refused.",
            "Without upn it is taken for deepnet-csv unless --format says entra-csv.",
        ),
    ),
    Format(
        id=DEEPNET.id,
        title=DEEPNET.title,
        makers="Deepnet (SafeID)",
        known_by="a heading with serial number, secret key and time interval, and without upn",
        protection="none: the seeds stand in the clear",
        features=frozenset({Feature.TOTP}),
        fields=(
            _SERIAL,
            FieldNote("secret key", "the seed", "hexadecimal or base32, all alike"),
            _STEP,
            *_MAKER,
        ),
        open=DEEPNET.open,
        quirks=(
            _HEADING,
            "Hexadecimal or base32 is decided for the whole file; where both fit, by --encoding.",
        ),
    ),
)
