"""gzip, and zip with AES (WinZip's AE-1 and AE-2)."""

import struct
import zlib
from io import SEEK_END
from typing import Any, BinaryIO

from importers.containers.memory import Sink
from importers.containers.unlocking import ContainerUnlock
from importers.errors import (
    IntegrityFailure,
    KeyMissing,
    LimitExceeded,
    Malformed,
    Place,
    Unsupported,
    WrongKey,
)
from importers.source import CHUNK

_GZIP_WINDOW = 31  # zlib's way to say: a gzip header, and any window
_GZIP_MEMBERS = 10_000  # of 64 KiB each, as block-wise packers write them, in the largest content
_DIRECTORY_OCTETS = 64 << 10  # of a zip's directory: some 500 members, where one is wanted
_END, _END_SIZE, _LONGEST_COMMENT = b"PK\x05\x06", 22, 0xFFFF
_ZIP64_LOCATOR, _ZIP64_LOCATOR_SIZE = b"PK\x06\x07", 20
_STORED, _DEFLATED = 0, 8  # the others need memory that the archive itself may choose
_ENCRYPTED = 1
_NAMED = 5  # members that a refusal names
_NAME_SHOWN = 60

# What pyzipper lets through of a broken archive, found by fuzzing.
_PYZIPPER_STUMBLES = (
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    ValueError,
    struct.error,
    zlib.error,
)


def from_gzip(stream: BinaryIO, sink: Sink, _unlock: ContainerUnlock, place: Place) -> None:
    """Unpack a gzip file of one or more members, which count as one (RFC 1952 section 2.2).

    By zlib itself: Python's GzipFile reads a member's name octet by octet, however long it is.
    """
    members, rest = 1, b""
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    try:
        while octets := rest or stream.read(CHUNK):
            if unpacker.eof:
                members += 1
                unpacker = zlib.decompressobj(_GZIP_WINDOW)
            if members > _GZIP_MEMBERS:
                raise LimitExceeded(f"the archive has more than {_GZIP_MEMBERS} members", place)
            sink.write(unpacker.decompress(octets, CHUNK))
            rest = unpacker.unconsumed_tail or unpacker.unused_data
        while not unpacker.eof and (octets := unpacker.decompress(b"", CHUNK)):
            sink.write(octets)
    except zlib.error:
        raise Malformed("the gzip archive was changed, or junk follows it", place) from None
    if not unpacker.eof:
        raise Malformed("the gzip archive is cut off", place)


def from_zip(stream: BinaryIO, sink: Sink, unlock: ContainerUnlock, place: Place) -> None:
    """Unpack the only member of a zip file; folders and what macOS adds are not looked at."""
    # Only here: pyzipper loads a second cryptographic library, for AES-CTR.
    import pyzipper  # type: ignore[import-untyped]  # noqa: PLC0415 - it ships no types

    _check_directory(stream, place)
    try:
        with pyzipper.AESZipFile(stream) as archive:
            member = _only_member(archive.infolist(), place)
            password = _password(member, unlock, place)
            with archive.open(member, pwd=password) as unpacked:
                while octets := unpacked.read(CHUNK):
                    sink.write(octets)
    except pyzipper.BadZipFile as flaw:
        if "HMAC" in str(flaw):
            raise IntegrityFailure("the zip archive was changed", place) from None
        raise _broken(place) from None
    except RuntimeError:
        reason = "the passphrase does not open the zip archive"
        raise WrongKey(reason, place) from None
    except _PYZIPPER_STUMBLES:
        raise _broken(place) from None


def _broken(place: Place) -> Malformed:
    return Malformed("the zip archive is cut off, or was changed", place)


def _check_directory(stream: BinaryIO, place: Place) -> None:
    """Refuse a directory that would fill the memory before its first member is looked at."""
    size = stream.seek(0, SEEK_END)
    start = max(0, size - _END_SIZE - _LONGEST_COMMENT - _ZIP64_LOCATOR_SIZE)
    stream.seek(start)
    tail = stream.read()
    at = tail.rfind(_END)
    if at < 0 or at + _END_SIZE > len(tail):
        raise _broken(place)
    if tail[:at][-_ZIP64_LOCATOR_SIZE:].startswith(_ZIP64_LOCATOR):
        raise Unsupported("zip64 archives are not read here", place)
    (octets,) = struct.unpack_from("<L", tail, at + 12)
    if octets > _DIRECTORY_OCTETS:
        raise LimitExceeded("the zip archive lists far more than one file", place)
    stream.seek(0)


def _only_member(members: list[Any], place: Place) -> Any:
    files = [
        each
        for each in members
        if not each.filename.endswith("/") and not each.filename.startswith("__MACOSX/")
    ]
    if not files:
        raise Malformed("the zip archive holds no file", place)
    if len(files) > 1:
        names = ", ".join(ascii(each.filename[:_NAME_SHOWN]) for each in files[:_NAMED])
        more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
        raise Unsupported(
            f"the zip archive holds {len(files)} files: {names}{more}",
            place,
            "Unpack it, and import one file after the other.",
        )
    if files[0].compress_type not in {_STORED, _DEFLATED}:
        raise Unsupported("the zip archive is packed by another method than deflate", place)
    return files[0]


def _password(member: Any, unlock: ContainerUnlock, place: Place) -> bytes | None:
    if not member.flag_bits & _ENCRYPTED:
        return None
    if not member.wz_aes_version:
        raise Unsupported(
            "the zip archive is encrypted by ZipCrypto, which was broken in 1994",
            place,
            "Ask for AES; or unpack it yourself, if its content is protected on its own.",
        )
    if unlock.passphrase is None:
        raise KeyMissing(
            "the zip archive is encrypted under a passphrase, and none was given for it",
            place,
            "Give the container's passphrase.",
            passphrase=True,
        )
    with unlock.passphrase.expose() as octets:
        return bytes(octets)
