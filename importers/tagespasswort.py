"""LinOTP's Tagespasswort: a serial, white space, a secret, and nothing else."""

from importers.assembly import Habits
from importers.columns import BLANKS, Cells, Dialect, Layout
from importers.entry import Field
from importers.format import Feature, FieldNote, Format
from importers.instructions import Encoding

_OTHERS = frozenset(",;:")


def _layout(cells: Cells) -> Layout | None:
    if len(cells) != 2 or any(_OTHERS.intersection(cell) for cell in cells):
        return None
    return (Field.SERIAL, Field.SEED)


TAGESPASSWORT = Dialect(
    id="tagespasswort",
    title="LinOTP Tagespasswort",
    layout=_layout,
    habits=Habits(kind=None, digits=None, step_s=None),
    delimiters=(BLANKS,),
    encodings=(Encoding.HEX, Encoding.BASE32),
)
FORMAT = Format(
    id=TAGESPASSWORT.id,
    title=TAGESPASSWORT.title,
    makers="LinOTP's import",
    known_by="rows of two columns that white space parts",
    protection="none: the seeds stand in the clear",
    features=frozenset({Feature.HOTP, Feature.TOTP}),
    fields=(
        FieldNote("serial", "what stands on the token"),
        FieldNote("secret", "the seed", "hexadecimal or base32, all alike"),
    ),
    open=TAGESPASSWORT.open,
    quirks=("Nothing says how a code is made: --type, --digits and --step must.",),
    refused=("Passwords of the day, which are no OATH codes: no --type fits them.",),
)
