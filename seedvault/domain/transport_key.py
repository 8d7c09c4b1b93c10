"""Transport keys: what makers encrypt seed files with; here those that live in the HSM."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from seedvault.domain.names import KeyLabel


class TransportKind(Enum):
    """What a transport key is; its code stands in commands and in the database."""

    AES_128 = ("aes-128", "AES-128")
    AES_192 = ("aes-192", "AES-192")
    AES_256 = ("aes-256", "AES-256")
    DES3 = ("3des", "3DES")
    RSA_2048 = ("rsa-2048", "RSA-2048")
    RSA_3072 = ("rsa-3072", "RSA-3072")
    RSA_4096 = ("rsa-4096", "RSA-4096")

    def __init__(self, code: str, words: str) -> None:
        self.code = code
        self.words = words

    @property
    def is_pair(self) -> bool:
        """Whether the maker has one half, and the HSM the other."""
        return self.code.startswith("rsa")

    @classmethod
    def coded(cls, code: str) -> "TransportKind":
        """The kind that `code` stands for. Raises ValueError where there is none."""
        for kind in cls:
            if kind.code == code:
                return kind
        raise ValueError(f"no transport key is {code!r}")


@dataclass(frozen=True, slots=True)
class StoredTransportKey:
    """A transport key as the database knows it, for ever: a label is given once.

    `check_value` is what people compare; `answer` is what the HSM gives to a known question.
    """

    label: KeyLabel
    kind: TransportKind
    origin: str
    check_value: str
    answer: str
    created_at: datetime
    created_by: str
    destroyed_at: datetime | None = None
