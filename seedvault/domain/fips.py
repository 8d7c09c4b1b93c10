"""What `require_fips` refuses, each with the clause that it rests on.

FIPS-minded, no validation: whether a module is validated, and runs as its certificate says, only
its custodian can know. HMAC-SHA-1 stays allowed: under keys of 112 bit or more it is acceptable
(SP 800-131A r2, section 10), and so is SHA-1 inside OAEP (section 9: all but signatures).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LEAST_SEED_OCTETS = 14
"""112 bit: SP 800-131A r2, section 10."""

_APPROVED_MACS = frozenset(
    {"HMAC-SHA1", "HMAC-SHA224", "HMAC-SHA256", "HMAC-SHA384", "HMAC-SHA512"}
)


@dataclass(frozen=True, slots=True)
class Unapproved:
    """One thing that is not done, and the clause."""

    what: str
    clause: str

    def __str__(self) -> str:
        return f"{self.what} ({self.clause})"


@dataclass(frozen=True, slots=True)
class Stretching:
    """How a passphrase became a key: "PBKDF2" with so many iterations, over a salt."""

    scheme: str
    iterations: int
    salt_octets: int
    key_octets: int


@dataclass(frozen=True, slots=True)
class Protected:
    """How a seed file's values are protected; ciphers are named as in AES-128-CBC.

    `cipher` None: the seeds stand in the clear. `value_mac` None: there are none.
    """

    cipher: str | None
    value_mac: str | None = None
    stretching: Stretching | None = None


@dataclass(frozen=True, slots=True)
class Handling:
    """What this vault would do with a file: by software in its own process, and on which terms."""

    by_software: bool = False
    container_opened: bool = False
    exportable: bool = False


@dataclass(frozen=True, slots=True)
class ModuleWords:
    """What a PKCS#11 module says of itself."""

    maker: str
    is_software: bool
    says_fips: bool


_CLEAR = Unapproved(
    "seeds in the clear are keys that enter outside of any module",
    "ISO/IEC 19790 section 7.9.5, FIPS 140-3 IG 9.5.A",
)
_TDEA = Unapproved(
    "3DES is withdrawn; what it protected before 2024 may still be processed, but no file shows "
    "when it was made",
    "SP 800-131A r2 sections 2 and 7",
)
_CAMELLIA = Unapproved("Camellia is no approved cipher", "SP 800-140C; SP 800-131A r2 section 2")
_RSA_1_5 = Unapproved(
    "RSA PKCS#1 v1.5 key transport is disallowed since 2024", "SP 800-131A r2 section 6"
)
_BY_SOFTWARE = Unapproved(
    "this module does not undo the file's cipher, and software in Seedvault's own process is no "
    "validated module",
    "FIPS 140-3, ISO/IEC 19790 section 7.2",
)
_UNWRAPPED_BLOBS = Unapproved(
    "this module has no key wrap, and AES-CBC-PAD is no approved way to wrap keys",
    "SP 800-38F section 3.1",
)
_CONTAINER = Unapproved(
    "an encrypted zip or PGP message is opened by software in Seedvault's own process",
    "FIPS 140-3, ISO/IEC 19790 section 7.2",
)
_EXPORTABLE = Unapproved(
    "copies for export are under AES-GCM with an IV made outside of the module",
    "SP 800-38D section 8.2, FIPS 140-3 IG C.H",
)


def of_file(file: Protected, handling: Handling) -> tuple[Unapproved, ...]:
    """Everything about a file that stands against taking it over; seeds are looked at later."""
    return (
        *_of_cipher(file.cipher),
        *_of_mac(file.value_mac),
        *(_of_stretching(file.stretching) if file.stretching else ()),
        *_where(
            (_BY_SOFTWARE, handling.by_software),
            (_CONTAINER, handling.container_opened),
            (_EXPORTABLE, handling.exportable),
        ),
    )


def of_module(module: ModuleWords) -> tuple[Unapproved, ...]:
    """Why a module will not do: only software can be told, hardware is taken at its word."""
    if module.is_software and not module.says_fips:
        what = f"{module.maker} keeps keys in software and does not say that it is in FIPS mode"
        return (Unapproved(what, "FIPS 140-3, ISO/IEC 19790 section 7.2"),)
    return ()


def of_blobs(blob_format: str | None) -> tuple[Unapproved, ...]:
    """Why seeds are not to be kept so; `blob_format` begins as in AES-CBC-PAD."""
    padded = blob_format is not None and blob_format.startswith("AES-CBC-PAD")
    return tuple(_where((_UNWRAPPED_BLOBS, padded)))


def of_transport_key(kind: str) -> tuple[Unapproved, ...]:
    """Why a maker's key is not brought in: `kind` such as AES-128.

    Whether it may enter in the clear, the module decides, as for a key file: at FIPS 140-3 level 3
    it refuses C_CreateObject itself.
    """
    return tuple(_where((_TDEA, kind == "3DES")))


def of_seed(octets: int) -> tuple[Unapproved, ...]:
    """Why a seed will not do as an HMAC key."""
    if octets < LEAST_SEED_OCTETS:
        what = f"a seed of {octets * 8} bit is an HMAC key of less than 112"
        return (Unapproved(what, "SP 800-131A r2 section 10"),)
    return ()


def listed(found: Iterable[Unapproved]) -> str:
    """All of it, a line each."""
    return "\n".join(f"  {each}" for each in found)


def _of_cipher(cipher: str | None) -> Iterator[Unapproved]:
    yield from _where(
        (_CLEAR, cipher is None),
        (_TDEA, cipher is not None and cipher.startswith("3DES")),
        (_CAMELLIA, cipher is not None and cipher.startswith("CAMELLIA")),
        (_RSA_1_5, cipher == "RSA-1-5"),
    )


def _of_mac(mac: str | None) -> Iterator[Unapproved]:
    if mac is not None and mac not in _APPROVED_MACS:
        yield Unapproved(f"value MACs by {mac}", "SP 800-131A r2 section 10")


def _of_stretching(used: Stretching) -> Iterator[Unapproved]:
    if used.scheme != "PBKDF2":
        yield Unapproved(f"a key by {used.scheme}, where only PBKDF2 is approved", "SP 800-132")
    if used.iterations < 1_000:
        yield Unapproved(
            f"PBKDF2 with {used.iterations} iterations, fewer than 1,000", "SP 800-132 section 5.2"
        )
    if used.salt_octets < 16:
        yield Unapproved(
            f"PBKDF2 with a salt of {used.salt_octets * 8} bit, less than 128",
            "SP 800-132 section 5.1",
        )
    if used.key_octets < 14:
        yield Unapproved(
            f"PBKDF2 for a key of {used.key_octets * 8} bit, less than 112", "SP 800-132 section 5"
        )


def _where(*pairs: tuple[Unapproved, bool]) -> Iterator[Unapproved]:
    yield from (unapproved for unapproved, applies in pairs if applies)
