"""Public keys on their way to somebody: a PEM file, and what is read over the phone."""

import base64
import hashlib
import os
import textwrap
from errno import EACCES, ENOENT
from pathlib import Path

from seedvault.domain.errors import NOTHING_CHANGED, Conflict, StorageUnavailable


def pem(der: bytes) -> bytes:
    """SubjectPublicKeyInfo in PEM (RFC 7468 section 13)."""
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode("ascii"), 64))
    return f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n".encode("ascii")


def fingerprint(der: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(der).hexdigest()


def spoken(digest: str) -> str:
    """A fingerprint in groups of four, two lines of eight: so that nobody loses the place."""
    groups = textwrap.wrap(digest, 4)
    return "\n".join(" ".join(groups[start : start + 8]) for start in range(0, len(groups), 8))


def check_place(file: Path) -> None:
    """Before anything is done whose outcome goes there.

    Raises Conflict where there is a file already, StorageUnavailable where none can be made.
    """
    if os.path.lexists(file):
        raise Conflict(f"{file}: there is a file already", remedy="Name a new one.")
    folder = file.absolute().parent
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        code = EACCES if folder.is_dir() else ENOENT
        raise StorageUnavailable(
            f"{file} cannot be written: {os.strerror(code)}: {folder}",
            unchanged=NOTHING_CHANGED,
            remedy="Name a file in a folder that is there and writable.",
        )


def write_public_key(file: Path, der: bytes, unchanged: str) -> None:
    """A new file. Raises StorageUnavailable, saying what was or was `unchanged`."""
    try:
        with file.open("xb") as stream:
            stream.write(pem(der))
    except OSError as error:
        raise StorageUnavailable(
            f"{file} cannot be written: {error.strerror}",
            unchanged=unchanged,
            remedy="Write it elsewhere: seedvault key transport export LABEL FILE",
        ) from error
