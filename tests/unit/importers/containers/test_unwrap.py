"""A container is taken off on request, within bounds, and in memory only."""

import gzip
import time
import zipfile
import zlib
from contextlib import suppress
from io import BytesIO

import pytest
import pyzipper  # type: ignore[import-untyped]  # ships no types

from importers import (
    Bounds,
    ContainerUnlock,
    ImporterError,
    IntegrityFailure,
    KeyMissing,
    LimitExceeded,
    Malformed,
    Passphrase,
    UnknownFormat,
    Unsupported,
    Wrapper,
    WrongKey,
    open_seed_file,
    unwrap,
    wrapper_of,
)
from importers.containers.memory import memory_file
from tests.unit.importers.reading import figure

CONTENT = figure(3).encode()
BOMB = bytes(8 << 20)
SIGNED_DATA = bytes.fromhex("06092a864886f70d010702a0")
ENVELOPED_DATA = bytes.fromhex("06092a864886f70d010703a0")
MAIL = (
    b"From: maker@example.com\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nMIAG\r\n"
)
WORDS = Passphrase("correct horse")


def unwrapped(
    octets: bytes, unlock: ContainerUnlock | None = None, bounds: Bounds | None = None
) -> bytes:
    with unwrap(
        BytesIO(octets), "batch.zip", unlock or ContainerUnlock(), bounds or Bounds()
    ) as file:
        assert file.seekable()
        return file.read()


def refused(
    octets: bytes, unlock: ContainerUnlock | None = None, bounds: Bounds | None = None
) -> ImporterError:
    with pytest.raises(ImporterError) as caught:
        unwrapped(octets, unlock, bounds)
    return caught.value


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, octets in members:
            archive.writestr(name, octets)
    return target.getvalue()


def encrypted_zip(octets: bytes, encryption: int = pyzipper.WZ_AES) -> bytes:
    target = BytesIO()
    with (
        pyzipper.AESZipFile(
            target, "w", compression=pyzipper.ZIP_DEFLATED, encryption=encryption
        ) as archive,
        WORDS.expose() as words,
    ):
        archive.setpassword(bytes(words))
        archive.writestr("batch.pskc", octets)
    return target.getvalue()


# --- what is unwrapped -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "octets",
    [gzip.compress(CONTENT), gzip.compress(CONTENT[:9]) + gzip.compress(CONTENT[9:])],
    ids=["one", "in two members"],
)
def test_gzip_is_unwrapped(octets: bytes) -> None:
    assert unwrapped(octets) == CONTENT


def test_gzip_of_many_pieces_is_unwrapped() -> None:
    content = b"".join(str(number).encode() for number in range(300_000))
    assert unwrapped(gzip.compress(content)) == content


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_only_member_of_a_zip_is_unwrapped(method: int) -> None:
    assert unwrapped(zipped(("batch.pskc", CONTENT), method=method)) == CONTENT


def test_an_encrypted_zip_is_unwrapped_by_its_passphrase() -> None:
    assert unwrapped(encrypted_zip(CONTENT), ContainerUnlock(WORDS)) == CONTENT


def test_folders_and_what_macos_adds_are_not_looked_at() -> None:
    archive = zipped(
        ("batch/", b""), ("batch/batch.pskc", CONTENT), ("__MACOSX/batch/._batch.pskc", b"x")
    )
    assert unwrapped(archive) == CONTENT


def test_two_containers_in_each_other_are_unwrapped() -> None:
    assert unwrapped(gzip.compress(zipped(("batch.pskc", CONTENT)))) == CONTENT


def test_what_is_unwrapped_is_read_as_a_seed_file() -> None:
    with unwrap(BytesIO(gzip.compress(CONTENT)), "batch.gz") as file:
        assert len(list(open_seed_file(file, None, name="batch.gz"))) == 1


def test_an_empty_file_may_be_wrapped() -> None:
    assert unwrapped(gzip.compress(b"")) == b""


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\x", "/abs", "a\x00b", "é" * 200])
def test_the_name_of_a_member_is_no_path(name: str) -> None:
    assert unwrapped(zipped((name, CONTENT))) == CONTENT


def test_where_there_are_no_anonymous_files_a_buffer_is_used_and_wiped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr("os.memfd_create", raising=False)
    with suppress(BufferError), memory_file() as file:
        assert isinstance(file, BytesIO)
        file.write(CONTENT)
        still_seen = file.getbuffer()  # which is why it cannot be closed here
    assert bytes(still_seen) == bytes(len(CONTENT))


@pytest.mark.parametrize(
    ("head", "wrapper"),
    [
        (b"\x1f\x8b\x08", Wrapper.GZIP),
        (b"PK\x03\x04", Wrapper.ZIP),
        (b"\n-----BEGIN PGP MESSAGE-----", Wrapper.PGP),
        (b"\x85\x01\x0c\x03", Wrapper.PGP),
        (b"\xc1\x5e\x03", Wrapper.PGP),
        (b"\xc1\xc0\x4c\x06", Wrapper.PGP),
        (b"\x8c\x0d\x04", Wrapper.PGP),
        (b"\xc3\x1e\x06", Wrapper.PGP),
        (b"0\x82\x10\x00" + SIGNED_DATA, Wrapper.CMS),
        (b"0\x83\x01\x00\x00" + ENVELOPED_DATA, Wrapper.CMS),
        (b"0\x80" + ENVELOPED_DATA, Wrapper.CMS),
        (b"-----BEGIN PKCS7-----", Wrapper.CMS),
        (b"-----BEGIN CMS-----", Wrapper.CMS),
        (MAIL, Wrapper.CMS),
        (b"0\x82\x10\x00\x02\x01\x00", None),
        (b"A1,application/pkcs7-mime", None),
        (b"<?xml", None),
        ("é,serial".encode(), None),
        ("Ā".encode("utf-16"), None),
        (b"", None),
    ],
)
def test_a_container_is_known_by_its_first_octets(head: bytes, wrapper: Wrapper | None) -> None:
    assert wrapper_of(head) is wrapper


# --- what is refused -------------------------------------------------------------------------


def test_what_is_no_container_is_refused() -> None:
    assert type(refused(CONTENT)) is UnknownFormat


def test_three_containers_in_each_other_are_refused() -> None:
    thrice = gzip.compress(gzip.compress(gzip.compress(CONTENT)))
    assert type(refused(thrice)) is Unsupported


@pytest.mark.parametrize("bomb", [gzip.compress(BOMB), zipped(("bomb", BOMB))])
def test_what_is_packed_too_well_is_refused(bomb: bytes) -> None:
    assert type(refused(bomb)) is LimitExceeded


def test_a_bomb_inside_a_container_is_refused() -> None:
    assert type(refused(gzip.compress(gzip.compress(BOMB)))) is LimitExceeded


def test_a_container_longer_than_its_bound_is_refused() -> None:
    assert "longer than 10" in refused(gzip.compress(CONTENT), bounds=Bounds(octets=10)).reason


def test_content_longer_than_its_bound_is_refused() -> None:
    octets = gzip.compress(CONTENT)
    error = refused(octets, bounds=Bounds(octets=len(octets)))
    assert type(error) is LimitExceeded


@pytest.mark.parametrize("octets", [gzip.compress(CONTENT), zipped(("a", CONTENT))])
@pytest.mark.parametrize("keep", [5, 0.3, 0.9, -1])
def test_a_container_cut_off_is_refused(octets: bytes, keep: float) -> None:
    cut = octets[: int(keep * len(octets)) if 0 < keep < 1 else int(keep)]
    assert type(refused(cut)) is Malformed


def test_a_gzip_archive_of_very_many_members_is_refused() -> None:
    assert "members" in refused(gzip.compress(b"") * 10_001).reason


def test_a_gzip_name_that_does_not_end_costs_no_time() -> None:
    started = time.perf_counter()
    assert type(refused(b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * (32 << 20))) is Malformed
    assert time.perf_counter() - started < 2


def test_junk_after_a_gzip_archive_is_refused() -> None:
    assert type(refused(gzip.compress(CONTENT) + b"junk")) is Malformed


def test_a_zip_whose_content_was_changed_is_refused() -> None:
    octets = bytearray(zipped(("a", CONTENT), method=zipfile.ZIP_STORED))
    octets[100] ^= 1
    assert type(refused(bytes(octets))) is Malformed


def test_an_encrypted_zip_that_was_changed_is_refused() -> None:
    octets = bytearray(encrypted_zip(CONTENT))
    octets[len(octets) // 2] ^= 1
    assert type(refused(bytes(octets), ContainerUnlock(WORDS))) in {IntegrityFailure, Malformed}


def test_a_zip_of_several_files_is_refused_and_they_are_named() -> None:
    error = refused(zipped(*((f"part{number}.pskc", CONTENT) for number in range(7))))
    assert type(error) is Unsupported
    assert "7 files" in error.reason
    assert "'part0.pskc'" in error.reason
    assert "and 2 more" in error.reason


def test_names_are_shown_in_ascii() -> None:
    reason = refused(zipped(("a\u202eb", b""), ("c\x1b[31m", b""))).reason
    assert reason.isprintable()
    assert reason.isascii()


def test_a_zip_without_a_file_is_refused() -> None:
    assert type(refused(zipped(("batch/", b"")))) is Malformed


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods_are_refused(method: int) -> None:
    assert "deflate" in refused(zipped(("a", CONTENT), method=method)).reason


def test_an_encrypted_zip_asks_for_its_passphrase() -> None:
    error = refused(encrypted_zip(CONTENT))
    assert isinstance(error, KeyMissing)
    assert error.passphrase


def test_a_wrong_passphrase_is_told() -> None:
    error = refused(encrypted_zip(CONTENT), ContainerUnlock(Passphrase("wrong")))
    assert type(error) is WrongKey


def test_zipcrypto_is_refused_by_name() -> None:
    octets = bytearray(zipped(("a", CONTENT)))
    directory = octets.index(b"PK\x01\x02")
    octets[6] |= 1
    octets[directory + 8] |= 1
    error = refused(bytes(octets), ContainerUnlock(WORDS))
    assert type(error) is Unsupported
    assert "ZipCrypto" in error.reason


def test_a_directory_of_very_many_members_is_not_read() -> None:
    error = refused(zipped(*((f"{number:060}", b"") for number in range(700))))
    assert type(error) is LimitExceeded


def test_zip64_is_refused() -> None:
    octets = zipped(("a", CONTENT))
    at = octets.rindex(b"PK\x05\x06")
    assert "zip64" in refused(octets[:at] + b"PK\x06\x07" + bytes(16) + octets[at:]).reason


def test_an_archive_changed_anywhere_is_refused_or_read() -> None:
    good = zipped(("a", CONTENT[:80]))
    for at in range(4, len(good)):
        for value in (0, 0xFF, good[at] ^ 1):
            changed = good[:at] + bytes([value]) + good[at + 1 :]
            try:
                assert unwrapped(changed) == CONTENT[:80]
            except ImporterError:
                continue


def test_a_raw_deflate_stream_is_no_container() -> None:
    assert type(refused(zlib.compress(CONTENT))) is UnknownFormat


@pytest.mark.parametrize("octets", [b"0\x82\x10\x00" + ENVELOPED_DATA, MAIL])
def test_a_cms_message_is_refused_by_name(octets: bytes) -> None:
    with pytest.raises(Unsupported, match="a CMS") as caught, unwrap(BytesIO(octets), "batch.p7m"):
        pass
    assert "openssl cms" in caught.value.remedy
    with pytest.raises(Unsupported, match="this is a CMS") as caught:
        open_seed_file(BytesIO(octets), None, name="batch.p7m")
    assert "openssl cms" in caught.value.remedy


def test_a_wrapped_file_is_refused_with_the_way_to_unwrap_it() -> None:
    with pytest.raises(Unsupported, match="this is a zip archive") as caught:
        open_seed_file(BytesIO(b"PK\x03\x04"), None, name="batch.zip")
    assert caught.value.remedy == "Import it with --unwrap, or unwrap it yourself."
