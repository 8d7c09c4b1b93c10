"""SafeWord Authenticator Records (.dat): LDIF-like blocks, how a code is made in one line of each.

A token that runs by time counts from the year 2000, not from 1970: LinOTP shifts by as much.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from importers.assembly import Assembler, Habits
from importers.entries import Entries, no_key, open_entries
from importers.entry import Entry, Field
from importers.errors import LimitExceeded, Malformed, Place, UnknownFormat, Unsupported
from importers.format import Feature, FieldNote, Format
from importers.instructions import Instructions
from importers.model import WarningCode
from importers.seed_file import Refused, SeedFile
from importers.source import Source
from importers.text import Line, head_lines, lines
from importers.unlock import Unlock

_TITLE = "SafeWord Authenticator Records"
_MARKER = re.compile(r"#\s*=+\s*safeword authenticator records\b", re.ASCII | re.IGNORECASE)
_COMMENT = re.compile(r"(?:^|[ \t])#.*")
_PAIR = re.compile(r"([A-Za-z][A-Za-z0-9]{0,39})=(.*)", re.ASCII)
_ENCRYPTED = re.compile(r"\(\s*(?:aes|des)\s*:", re.ASCII | re.IGNORECASE)
_EPOCH_2000_S = 946_684_800  # 2000-01-01T00:00:00Z
_MODES = {"e": "hotp", "t": "totp"}
_ATTRIBUTES = frozenset(
    {
        "dn",
        "objectclass",
        "sccauthenticatorid",
        "scctokentype",
        "scctokendata",
        "sccsignature",
        "casemodel",
        "model",
        "productiondate",
        "productname",
        "prtoductname",  # so misspelt in real files
    }
)
_TOKEN_DATA = {
    "scckey": Field.SEED,
    "sccmode": Field.TYPE,
    "sccpwlen": Field.DIGITS,
    "scctick": Field.STEP,
    "sccseq": Field.COUNTER,
    "crypto": Field.HASH,
}
# Kept by nobody: when it was programmed, by which version, and what the case looks like.
_PASSED_OVER = frozenset(
    {"sccprtime", "sccver", "casemodel", "model", "productiondate", "productname", "prtoductname"}
)
_LABELS = {
    Field.SERIAL: "sccAuthenticatorId",
    Field.TYPE: "sccTokenData/sccMode",
    Field.SEED: "sccTokenData/sccKey",
    Field.DIGITS: "sccTokenData/sccPwLen",
    Field.STEP: "sccTokenData/sccTick",
    Field.COUNTER: "sccTokenData/sccSeq",
    Field.HASH: "sccTokenData/crypto",
    Field.MODEL: "sccTokenType",
}


@dataclass(slots=True)
class _Block:
    """The attributes of one token, by name in small letters."""

    line: int
    values: dict[str, str] = field(default_factory=dict, repr=False)
    unknown: bool = False


def marks(source: Source) -> bool:
    """Whether the file is SafeWord's: by its first line, or by its tokens' attribute."""
    return any(_MARKER.match(line.text) or _token_data(line) for line in head_lines(source))


def open_safeword(source: Source, unlock: Unlock | None, instructions: Instructions) -> SeedFile:
    """The file, read up to its first token."""
    no_key(source, unlock)
    if not marks(source):
        raise UnknownFormat("it holds no SafeWord authenticator records", Place(source.name))
    habits = Habits(kind=None, digits=None, step_s=None, t0_s=_EPOCH_2000_S)
    return open_entries(source, _TITLE, _entries(source), Assembler(habits, instructions))


def _token_data(line: Line) -> bool:
    return line.text.casefold().startswith("scctokendata:")


def _entries(source: Source) -> Entries:
    for block in _blocks(source):
        place = Place(source.name, block.line)
        if any(_ENCRYPTED.search(value) for value in block.values.values()) or (
            block.values.get("objectclass", "").casefold() == "sccdesauthenticator"
        ):
            raise Unsupported(
                "a SafeWord server's own export: its seeds are under that server's key",
                place,
                "Ask the maker of the tokens for the file they came with.",
            )
        try:
            yield _entry(block, source.name)
        except ValueError as flaw:
            yield Refused(Malformed(str(flaw), place))


def _entry(block: _Block, name: str) -> Entry:
    """What one block tells. Raises ValueError where it contradicts itself."""
    texts, unknown = _told(block.values.get("scctokendata", ""))
    texts[Field.SERIAL] = _serial(block.values)
    texts[Field.MODEL] = block.values.get("scctokentype", "")
    mode = texts.get(Field.TYPE, "").strip().casefold()
    if mode not in _MODES:
        raise ValueError("sccMode is neither E (event) nor T (time)")
    texts[Field.TYPE] = _MODES[mode]
    if mode == "t" and texts.pop(Field.COUNTER, "0").strip("0 "):
        raise ValueError("sccSeq counts, and sccMode says that the token runs by time")
    entry = Entry(name, block.line, texts, _LABELS)
    if block.values.get("sccsignature"):
        entry.warnings[WarningCode.SIGNATURE_NOT_VERIFIED] += 1
    if unknown or block.unknown:
        entry.warnings[WarningCode.UNKNOWN_ELEMENT] += 1
    return entry


def _serial(values: dict[str, str]) -> str:
    serial = values.get("sccauthenticatorid", "")
    attribute, _, named = values.get("dn", "").partition(",")[0].partition("=")
    if attribute.strip().casefold() == "sccauthenticatorid" and named.strip() != serial:
        raise ValueError("dn and sccAuthenticatorId name two serials")
    return serial


def _told(token_data: str) -> tuple[dict[Field, str], bool]:
    """The pairs of sccTokenData, and whether one was not understood."""
    texts: dict[Field, str] = {}
    unknown = False
    for pair in filter(None, map(str.strip, token_data.split(";"))):
        match = _PAIR.fullmatch(pair)
        if match is None:
            raise ValueError("sccTokenData is not a list of names and values")
        key = match[1].casefold()
        what = _TOKEN_DATA.get(key)
        if what is None:
            unknown = unknown or key not in _PASSED_OVER
        elif what in texts:
            raise ValueError(f"sccTokenData has two values for the {what.value}")
        else:
            texts[what] = match[2]
    return texts, unknown


def _blocks(source: Source) -> Iterator[_Block]:
    """The attributes between two blank lines; the last block may lack one after it."""
    block: _Block | None = None
    for line in _attributes(source):
        if not line.text:
            if block is not None:
                yield block
            block = None
            continue
        block = block or _Block(line.number)
        _add(block, line, source)
    if block is not None:
        yield block


def _add(block: _Block, line: Line, source: Source) -> None:
    name, colon, value = line.text.partition(":")
    name = name.strip().casefold()
    if not colon or value.startswith((":", "<")):
        reason = "not an attribute and its text, as in sccAuthenticatorId: RAINER02"
        raise Malformed(reason, Place(source.name, line.number))
    if name not in _ATTRIBUTES:
        block.unknown = True
        return
    if name == "objectclass":  # it may stand there several times
        if value.strip().casefold() == "sccdesauthenticator":
            block.values[name] = value.strip()
        return
    if name in block.values:
        raise Malformed("the attribute stands there twice", Place(source.name, line.number, name))
    block.values[name] = value.strip()


def _attributes(source: Source) -> Iterator[Line]:
    """Lines without comments, what LDIF folded onto further lines put together (RFC 2849)."""
    held: Line | None = None
    for line in lines(source):
        text = _COMMENT.sub("", line.text)
        if line.text.strip() and not text.strip():
            continue  # a comment parts nothing
        if held is not None and held.text and text.startswith(" ") and text.strip():
            held = Line(held.number, held.text + text[1:].rstrip())
            if len(held.text) > source.limits.value_octets:
                raise LimitExceeded("the attribute is too long", Place(source.name, held.number))
            continue
        if held is not None:
            yield held
        held = Line(line.number, text.strip())
    if held is not None:
        yield held


FORMAT = Format(
    id="safeword-dat",
    title=_TITLE,
    makers="SafeNet, Aladdin, Gemalto, Thales (eToken PASS and others)",
    known_by="its first line, or an attribute sccTokenData",
    protection="none: the seeds stand in the clear",
    features=frozenset({Feature.HOTP, Feature.TOTP, Feature.SHA2, Feature.COUNTER, Feature.SIGNED}),
    fields=(
        FieldNote("sccAuthenticatorId", "the serial"),
        FieldNote("sccTokenType", "the model"),
        FieldNote("sccKey", "the seed", "hexadecimal"),
        FieldNote("sccMode", "E runs by events (HOTP), T by time (TOTP)"),
        FieldNote("sccPwLen", "length of a code"),
        FieldNote("sccTick", "time step of mode T", "seconds"),
        FieldNote("sccSeq", "the next counter of mode E; 0 where it is absent"),
        FieldNote("crypto", "HmacSHA256 and the like; SHA-1 where it is absent"),
        FieldNote("sccSignature", "noted, and not verified: the issuer's key is not public"),
    ),
    open=open_safeword,
    quirks=(
        "Mode T counts time steps from 2000-01-01, not from 1970.",
        "A last block without a blank line after it, names in any case, comments within lines.",
        "An attribute without a blank after its colon.",
        "Attributes that nobody here knows are passed over with a warning.",
    ),
    refused=(
        "A SafeWord server's own export: its keys, (aes:...) or (des:...), are under the server's.",
        "Two serials, two keys, or a counter in a token that runs by time.",
    ),
)
