"""Breaks a file as transport, editors and attackers do."""

import re
from collections.abc import Callable, Sequence
from random import Random

HOSTILE = (
    b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"&a;", b"&#0;",
    b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?xml version='1.0' encoding='UTF-7'?>", b"<", b"/>",
    b'"', b"'", b",", b";", b"\t", b"\r", b"\n\n", b"=cmd|' /C calc'!A0", b"-1", b"+1", b"1e9",
    b"0x10", b"9" * 40, b"18446744073709551616", b"\xd9\xa1", b"1_000", b"NaN", b"0", b"10",
    "\u202e\u200b".encode(), "é".encode(), "\U0001f511".encode(), b"\xc3\x28", b"====", b"AAAA",
    b"MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", b"3132333435363738393031323334353637383930",
    b"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", b"2026-13-45T99:99:99Z", b"31/02/2026", b"xmlns=''",
    b"{", b"}", b"[", b"null", b"#", b"# version: 2", b"urn:ietf:params:xml:ns:keyprov:pskc:totp",
)  # fmt: skip
_NUMBER = re.compile(rb"\d+")
_WORD = re.compile(rb"[A-Za-z0-9_:#./+=-]{2,60}")
_LONGEST = 2 << 20  # octets that a mutant may grow to


class Mutator:
    """Makes mutants, always the same ones for one seed."""

    def __init__(self, random: Random, words: Sequence[bytes]) -> None:
        self._random = random
        self._words = words
        self._ways: tuple[Callable[[bytes], bytes], ...] = (
            self._cut, self._drop, self._double, self._insert, self._insert, self._flip,
            self._replace_word, self._replace_word, self._replace_word, self._replace_number,
            self._replace_number, self._repeat, self._shuffle_lines, self._recode,
        )  # fmt: skip

    def mutant(self, octets: bytes, other: bytes) -> bytes:
        """The file after one to four changes; `other` lends pieces."""
        for _ in range(self._random.choice((1, 1, 1, 2, 2, 3, 4))):
            if self._random.random() < 0.1:
                octets = self._splice(octets, other)
            else:
                octets = self._random.choice(self._ways)(octets)
        return octets[:_LONGEST]

    def _word(self) -> bytes:
        return self._random.choice(HOSTILE if self._random.random() < 0.6 else self._words)

    def _span(self, octets: bytes) -> tuple[int, int]:
        start = self._random.randint(0, len(octets))
        return start, min(len(octets), start + self._random.choice((1, 4, 30, 200, 3000)))

    def _cut(self, octets: bytes) -> bytes:
        return octets[: self._random.randint(0, len(octets))]

    def _drop(self, octets: bytes) -> bytes:
        start, end = self._span(octets)
        return octets[:start] + octets[end:]

    def _double(self, octets: bytes) -> bytes:
        start, end = self._span(octets)
        return octets[:end] + octets[start:]

    def _insert(self, octets: bytes) -> bytes:
        at = self._random.randint(0, len(octets))
        return octets[:at] + self._word() + octets[at:]

    def _flip(self, octets: bytes) -> bytes:
        changed = bytearray(octets)
        for _ in range(self._random.choice((1, 1, 2, 8))):
            if changed:
                changed[self._random.randrange(len(changed))] ^= 1 << self._random.randrange(8)
        return bytes(changed)

    def _replace_word(self, octets: bytes) -> bytes:
        return self._replaced(octets, _WORD, self._word())

    def _replace_number(self, octets: bytes) -> bytes:
        edges = (0, 1, 5, 9, 10, 11, 120, 121, 2**31, 2**63 - 1, 2**63, 2**64)
        return self._replaced(octets, _NUMBER, str(self._random.choice(edges)).encode())

    def _replaced(self, octets: bytes, pattern: re.Pattern[bytes], by: bytes) -> bytes:
        found = pattern.search(octets, self._random.randint(0, len(octets)))
        return octets if found is None else octets[: found.start()] + by + octets[found.end() :]

    def _repeat(self, octets: bytes) -> bytes:
        start, end = self._span(octets)
        times = self._random.choice((40, 400, 4000))
        return octets[:start] + octets[start:end][:500] * times + octets[start:]

    def _shuffle_lines(self, octets: bytes) -> bytes:
        lines = octets.splitlines(keepends=True)
        if lines:
            lines.insert(
                self._random.randrange(len(lines)), lines.pop(self._random.randrange(len(lines)))
            )
        return b"".join(lines)

    def _recode(self, octets: bytes) -> bytes:
        encoding = self._random.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "cp500"))
        return octets.decode("latin-1").encode(encoding, "replace")

    def _splice(self, octets: bytes, other: bytes) -> bytes:
        start, end = self._span(other)
        at = self._random.randint(0, len(octets))
        return octets[:at] + other[start:end] + octets[at:]
