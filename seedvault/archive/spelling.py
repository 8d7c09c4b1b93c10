"""The lines of a backup, one way to write each.

{"schema": "seedvault.backup/1", ...}        the header
{"table": "user", "columns": [...]}          a table
[1,"alice","alice",1763991397000]            its rows, octets in base64
...
{"end": {"user": 1, ...}}                    how many rows each table has
{"signature": "...", "key": "c1"}            over SHA-256 of every line before
"""

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from typing import Any, Final

from seedvault.domain.audit import ChainHead
from seedvault.domain.backup import TYPES, BackupHeader, Cell, Column, Kind, Row, Shape
from seedvault.domain.ceremony import SigningKey

SCHEMA: Final = "seedvault.backup/1"

_MOST: Final = 1 << 63
_words = json.JSONEncoder().encode
_cells = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def header_line(header: BackupHeader) -> bytes:
    """The first line."""
    fields = {
        "schema": SCHEMA,
        "revision": header.schema,
        "vault": header.vault_id,
        "epoch": header.epoch,
        "taken_at": header.taken_at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "keys": list(header.keys),
        "signed_by": {
            "key": header.signer.name,
            "public_key_sha256": header.signer.public_key_sha256,
        },
        "heads": [[head.chain, head.sequence, head.digest.hex()] for head in header.heads],
    }
    return _line(_words(fields))


def shape_line(shape: Shape) -> bytes:
    """The beginning of a table."""
    columns = [[column.name, column.kind.value] for column in shape.columns]
    return _line(_words({"table": shape.table, "columns": columns}))


def row_line(row: Row) -> bytes:
    """A row."""
    return _line(_cells([_spelt(cell) if type(cell) is bytes else cell for cell in row]))


def end_line(rows: dict[str, int]) -> bytes:
    """What every table came to."""
    return _line(_words({"end": rows}))


def signature_line(signature: bytes, key: str) -> bytes:
    """The last line."""
    return _line(_words({"signature": _spelt(signature), "key": key}))


def read_header(fields: dict[str, Any]) -> BackupHeader:
    """Raises ValueError, TypeError or LookupError for fields of anything else."""
    if fields["schema"] != SCHEMA:
        raise ValueError("another schema")
    signer = fields["signed_by"]
    return BackupHeader(
        _text(fields["revision"]),
        _text(fields["vault"]),
        _number(fields["epoch"]),
        datetime.fromisoformat(fields["taken_at"]).astimezone(UTC),
        tuple(map(_text, fields["keys"])),
        SigningKey(_text(signer["key"]), _text(signer["public_key_sha256"])),
        tuple(
            ChainHead(_number(chain), _number(sequence), bytes.fromhex(digest))
            for chain, sequence, digest in fields["heads"]
        ),
    )


def read_shape(fields: dict[str, Any]) -> Shape:
    """Raises as `read_header` does."""
    columns = tuple(Column(_text(name), Kind(kind)) for name, kind in fields["columns"])
    return Shape(_text(fields["table"]), columns)


def read_row(shape: Shape, cells: list[Any]) -> Row:
    """Raises as `read_header` does."""
    return tuple(
        _cell(column.kind, cell) for column, cell in zip(shape.columns, cells, strict=True)
    )


def read_signature(fields: dict[str, Any]) -> bytes:
    """Raises as `read_header` does."""
    return b64decode(_text(fields["signature"]), validate=True)


def _cell(kind: Kind, cell: Any) -> Cell:
    if cell is None:
        return None
    if kind is Kind.OCTETS:
        return b64decode(_text(cell), validate=True)
    if kind is Kind.TEXT:
        return _text(cell)
    if kind is Kind.INTEGER:
        return _number(cell)
    if type(cell) is not TYPES[kind]:
        raise TypeError("neither true nor false")
    return bool(cell)


def _text(value: Any) -> str:
    """Text that can be encoded: JSON can spell half of a surrogate pair."""
    if type(value) is not str or not (value.isascii() or value.encode()):
        raise TypeError("no text")
    return value


def _number(value: Any) -> int:
    if type(value) is not int or not -_MOST <= value < _MOST:
        raise TypeError("no number of 64 bits")
    return value


def _spelt(octets: bytes) -> str:
    return b64encode(octets).decode("ascii")


def _line(text: str) -> bytes:
    return text.encode("ascii") + b"\n"
