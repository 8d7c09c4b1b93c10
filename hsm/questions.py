"""The questions that are put to a module, in order, and what either answer means."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from hsm import inside, known_answers, negatives
from hsm.bench import Bench
from hsm.findings import Topic, Weakness
from hsm.link import LentSession
from hsm.model import BlobFormat, Cipher, Digest
from hsm.wrapping import ORDER, Wrapping


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and what it means when the answer is `yes` or `no`.

    `needed` names what a vault lacks without a yes, `weakness` what it would have to live with.
    Of what is `optional`, a vendor's own way, nothing is said where the module has it not.
    `explain` may tell more closely what a no means; only what `applies` is asked.
    """

    topic: Topic
    name: str
    ask: Callable[[Bench], bool]
    yes: str
    no: str
    needed: str = ""
    weakness: Weakness | None = None
    optional: bool = False
    explain: Callable[[Bench], str] | None = None
    applies: Callable[[LentSession], bool] = lambda _session: True


_DIGESTS: Final = {Digest.SHA1: "SHA-1", Digest.SHA256: "SHA-256", Digest.SHA512: "SHA-512"}
_SHORT_KEYS: Final = {Digest.SHA1: 10, Digest.SHA256: 20, Digest.SHA512: 20}
_FORMATS: Final = {
    BlobFormat.AES_KW: "AES key wrap",
    BlobFormat.AES_KWP: "padded AES key wrap",
    BlobFormat.AES_CBC_PAD: "AES-CBC-PAD",
}


def _long_key(digest: Digest) -> Question:
    return Question(
        Topic.COMPUTES,
        f"HMAC-{_DIGESTS[digest]}",
        partial(known_answers.hmac_is_right, digest, 64),
        "codes are computed inside",
        "codes cannot be computed inside",
        needed=f"HMAC-{_DIGESTS[digest]}",
    )


def _short_key(digest: Digest) -> Question:
    octets = _SHORT_KEYS[digest]
    return Question(
        Topic.COMPUTES,
        f"HMAC-{_DIGESTS[digest]} under {octets} octets",
        partial(known_answers.hmac_is_right, digest, octets),
        "seeds may be shorter than the digest",
        "seeds are lengthened by zeros, which changes no code",
    )


def _wrap(wrapping: Wrapping) -> Question:
    of = "" if wrapping.names == "PKCS#11" else f" ({wrapping.names})"
    return Question(
        Topic.WRAPS,
        f"{_FORMATS[wrapping.format]}, {wrapping.number:#x}{of}",
        partial(known_answers.wraps, wrapping),
        "seeds can be kept so",
        "seeds are not kept so",
        optional=bool(of),
        explain=partial(known_answers.dialect, wrapping),
    )


def _decrypt(cipher: Cipher, no: str, needed: str = "") -> Question:
    ask = known_answers.decrypts_rsa if cipher.algorithm == "RSA" else known_answers.decrypts
    name = str(cipher).replace("-1-5", " PKCS#1 v1.5")
    return Question(
        Topic.DECRYPTS, name, partial(ask, cipher), "files under it can be imported", no, needed
    )


_BY_SOFTWARE: Final = "done by software: the transport key is then in this process"
_REFUSED: Final = "files under it are refused"

ECDSA: Final = Question(
    Topic.COMPUTES,
    "ECDSA signatures on P-256",
    known_answers.signs_ecdsa,
    "records of ceremonies are signed so",
    "records of ceremonies are signed by RSA",
)
RSA: Final = Question(
    Topic.COMPUTES,
    "RSA signatures with SHA-256",
    known_answers.signs_rsa,
    "records of ceremonies can be signed so",
    "records of ceremonies are signed by ECDSA",
)

_TAKING_OVER: Final = (
    Question(
        Topic.INSIDE,
        "appends zeros to a key",
        known_answers.appends,
        "seeds are lengthened inside",
        "seeds are wrapped at their own length, if at all inside",
    ),
    Question(
        Topic.INSIDE,
        "takes over AES-CBC values",
        partial(known_answers.takes_over, Cipher.AES_256_CBC),
        "tier A: seeds under AES-CBC and a value MAC never leave it",
        "tier B: seeds pass through one locked page of this process",
    ),
    Question(
        Topic.INSIDE,
        "takes over 3DES-CBC values",
        partial(known_answers.takes_over, Cipher.DES3_CBC),
        "the same for 3DES",
        "3DES passes through the locked page",
    ),
)

_REFUSALS: Final = (
    Question(
        Topic.REFUSES,
        "to show a sensitive value",
        negatives.show_secret,
        "nobody reads a key",
        "whoever has the PIN reads every key",
        needed="a module that keeps sensitive values",
    ),
    Question(
        Topic.REFUSES,
        "to wrap the unextractable",
        negatives.wrap_the_unextractable,
        "no key leaves it",
        "keys leave it",
        weakness=Weakness.WRAPS_ANYTHING,
    ),
    Question(
        Topic.REFUSES,
        "to unwrap a seed as readable",
        negatives.unwrap_readable,
        "what the KEK opens stays inside",
        "what the KEK opens can be read",
        weakness=Weakness.UNWRAPS_READABLE,
    ),
    Question(
        Topic.REFUSES,
        "to encrypt or decrypt by a KEK",
        negatives.use_kek,
        "the KEK wraps and unwraps only",
        "the KEK opens blobs as data",
        weakness=Weakness.KEK_DECRYPTS,
    ),
    Question(
        Topic.REFUSES,
        "to change an unchangeable key",
        negatives.change_kek,
        "keys keep the uses they were made with",
        "keys can be given more uses",
        weakness=Weakness.CHANGES_KEYS,
    ),
    Question(
        Topic.REFUSES,
        "to open a changed blob",
        negatives.open_changed,
        "a changed blob is noticed by the module",
        "only the row's seal tells that a blob was changed",
        weakness=Weakness.OPENS_CHANGED,
    ),
    Question(
        Topic.REFUSES,
        "garbage in a value's padding",
        negatives.pad_with_garbage,
        "it checks padding",
        "values are given to it only after their MAC was checked",
        applies=lambda session: session.once(inside.way) is not None,
    ),
)

KEEPS_DATA: Final = Question(
    Topic.KEEPS,
    "data objects",
    known_answers.keeps_data,
    "an older copy of the database, in the place of a restored one, is noticed",
    "nothing here tells an older copy of the database from a restored one",
)

QUESTIONS: Final = (
    *map(_long_key, Digest),
    *map(_short_key, Digest),
    ECDSA,
    RSA,
    *map(_wrap, ORDER),
    _decrypt(Cipher.AES_256_CBC, "no file under it, the usual cipher, can be imported", "AES-CBC"),
    _decrypt(Cipher.AES_256_GCM, _BY_SOFTWARE),
    _decrypt(Cipher.DES3_CBC, _BY_SOFTWARE),
    _decrypt(Cipher.RSA_1_5, _REFUSED),
    _decrypt(Cipher.RSA_OAEP_SHA1, _REFUSED),
    _decrypt(Cipher.RSA_OAEP_SHA256, _REFUSED),
    *_TAKING_OVER,
    KEEPS_DATA,
    *_REFUSALS,
)
