"""Reads PSKC of draft-hoyer-01 as ActivIdentity writes it: HOTP, AES-CBC or in the clear.

Its MACs cover the plain seed, so they cannot be checked without one in memory: what it encrypts is
not authenticated, and read only where the operator allows that.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import chain

from importers import lexical
from importers.cipher import Mode
from importers.errors import ImporterError, IntegrityFailure, LimitExceeded, Malformed, Unsupported
from importers.header import Header, Plain, TransportKey, UnderPreSharedKey
from importers.instructions import Instructions
from importers.model import (
    MAX_COUNTER,
    MAX_DIGITS,
    MAX_SEED,
    MIN_DIGITS,
    Digest,
    EncryptedSeed,
    HotpParameters,
    PlainSeed,
    Provenance,
    SeedRecord,
    WarningCode,
)
from importers.pskc import algorithms
from importers.pskc import draft_grammar as grammar
from importers.pskc.protection import PreSharedLock, transport_key
from importers.pskc.serials import Serials
from importers.seed_file import Refused, SeedFile
from importers.source import Source
from importers.unlock import Unlock
from importers.values import plain_lengths
from importers.xml import Capture, Root, Walker

_PLAIN = frozenset({None, "NONE"})


def open_draft(
    source: Source, _root: Root, unlock: Unlock | None, instructions: Instructions
) -> SeedFile:
    """Read up to the end of the first device, and open the container."""
    walker = Walker(source, grammar.DOCUMENT, grammar.SERIAL_NO, lenient=False)
    captures = walker.captures()
    first = next(captures, None)
    container = walker.container
    if first is None:
        raise Malformed("there is no Device", container.place(grammar.KEY_CONTAINER))
    version = container.attribute(grammar.KEY_CONTAINER, "Version", "version") or "1.0"
    if version.strip().partition(".")[0] != "1":
        raise Unsupported("only version 1 is read here", container.place(grammar.KEY_CONTAINER))
    key = _transport_key(container, unlock, instructions)
    if source.leading_blank:
        container.warnings[WarningCode.LEADING_BLANK] += 1
    protection = Plain() if key is None else UnderPreSharedKey(key.cipher, None)
    header = Header("draft PSKC (ActivIdentity)", protection, None, tuple(container.warnings))
    devices = chain([first], captures)
    reading = DraftReading(source, container, devices, _Reader(container, key, instructions))
    return SeedFile(header, key, reading, skip_bad=instructions.skip_bad)


def _transport_key(
    container: Capture, unlock: Unlock | None, instructions: Instructions
) -> TransportKey | None:
    uri = container.attribute(grammar.ENCRYPTION_METHOD, "Algorithm", "algorithm")
    place = container.place(grammar.ENCRYPTION_METHOD)
    if uri in _PLAIN:
        if unlock is not None:
            raise IntegrityFailure("a key was given, but nothing in this file is encrypted", place)
        return None
    cipher = algorithms.CIPHERS.get(uri or "")
    if cipher is None or cipher.algorithm != "AES" or cipher.mode is not Mode.CBC:
        raise Unsupported(f"the cipher {algorithms.shown(uri)} is not read here in drafts", place)
    if not instructions.allow_unauthenticated:
        raise IntegrityFailure(
            "this draft's MACs cover the plain seeds, so that they cannot be checked here",
            place,
            "Ask for PSKC 1.0. Only if the way it came to you is proof enough, allow values that "
            "are not authenticated.",
        )
    container.warnings[WarningCode.VALUES_UNAUTHENTICATED] += 1
    return transport_key(
        next(PreSharedLock(UnderPreSharedKey(cipher, None), place).keys(unlock)), cipher
    )


class DraftReading:
    """The devices of one container, one after the other."""

    signed = False

    def __init__(
        self, source: Source, container: Capture, devices: Iterator[Capture], reader: "_Reader"
    ) -> None:
        self._source = source
        self._devices = devices
        self._reader = reader
        self.warnings = Counter(container.warnings)

    @property
    def position(self) -> int:
        """Octets of the file read so far."""
        return self._source.position

    def records(self) -> Iterator[SeedRecord | Refused]:
        """Each key."""
        for index, device in enumerate(self._devices):
            if index >= self._source.limits.records:
                raise LimitExceeded(f"more than {index} keys", device.place(grammar.DEVICE))
            outcome = self._outcome(device, index)
            self.warnings.update(device.warnings)
            if outcome is not None:
                yield outcome

    def _outcome(self, device: Capture, index: int) -> SeedRecord | Refused | None:
        if device.fault is not None:
            return Refused(device.fault)
        if not device.has(grammar.KEY):
            device.warnings[WarningCode.PACKAGE_WITHOUT_KEY] += 1
            return None
        try:
            return self._reader.read(device, index)
        except ImporterError as error:
            return Refused(error)


class _Reader:
    """Turns devices into records."""

    def __init__(
        self, container: Capture, key: TransportKey | None, instructions: Instructions
    ) -> None:
        self._key = key
        self._iv = b"" if key is None else _iv(container, key)
        self._min_seed = instructions.min_seed
        self._serials = Serials(grammar.SERIAL_NO, grammar.KEY)

    def read(self, device: Capture, index: int) -> SeedRecord:
        """The record of one key."""
        key_id = _key_id(device)
        parameters = _hotp(device)
        record = grammar.KEY if device.forked else grammar.DEVICE
        ends = [
            end
            for rule in (grammar.DEVICE_EXPIRY, grammar.EXPIRY_DATE)
            if (end := device.parsed(rule, lexical.draft_date)) is not None
        ]
        return SeedRecord(
            serial=self._serials.serial(device, key_id),
            parameters=parameters,
            seed=self._seed(device),
            manufacturer=device.parsed(grammar.MANUFACTURER, lexical.line),
            model=device.parsed(grammar.MODEL, lexical.line),
            issue_no=device.parsed(grammar.ISSUE_NO, lexical.line),
            key_id=key_id,
            issuer=device.parsed(grammar.ISSUER, lexical.line),
            friendly_name=device.parsed(grammar.FRIENDLY_NAME, lexical.line),
            not_before=device.parsed(grammar.START_DATE, lexical.draft_date),
            not_after=min(ends, default=None),
            provenance=Provenance(device.line(record), index, warnings=tuple(device.warnings)),
        )

    def _seed(self, device: Capture) -> PlainSeed | EncryptedSeed:
        place = device.place(grammar.SECRET)
        octets = device.parsed(grammar.SECRET, lexical.octets)
        if octets is None:
            raise Malformed("the key has no Data of the name SECRET", place)
        lengths = range(len(octets), len(octets) + 1)
        if self._key is not None:
            octets = self._iv + octets  # one IV for all values
            lengths = plain_lengths(self._key.cipher, len(octets))
        if not lengths or lengths[-1] < self._min_seed or lengths[0] > MAX_SEED:
            reason = f"the seed is not {self._min_seed} to {MAX_SEED} octets long"
            raise Malformed(reason, place)
        return PlainSeed(octets) if self._key is None else EncryptedSeed(octets, self._key.cipher)


def _iv(container: Capture, key: TransportKey) -> bytes:
    iv = container.parsed(grammar.IV, lexical.octets)
    if iv is None or len(iv) != key.cipher.block_octets:
        raise Malformed("EncryptionMethod has no IV of one block", container.place(grammar.IV))
    return iv


def _key_id(device: Capture) -> str | None:
    key_id = device.attribute(grammar.KEY, "KeyId")
    try:
        return None if key_id is None else lexical.line(key_id)
    except ValueError as flaw:
        raise Malformed(f"KeyId cannot be read: {flaw}", device.place(grammar.KEY)) from None


def _hotp(device: Capture) -> HotpParameters:
    uri = device.attribute(grammar.KEY, "KeyAlgorithm") or ""
    if uri.replace("#", ":").rpartition(":")[2].casefold() != "hotp":
        raise Unsupported(
            f"the algorithm {algorithms.shown(uri)} is not read here in drafts",
            device.place(grammar.KEY),
            "Ask for HOTP tokens, or for PSKC 1.0.",
        )
    if (device.attribute(grammar.USAGE, "OTP", "otp") or "").strip() not in {"true", "1"}:
        raise Unsupported("Usage does not permit OTP", device.place(grammar.USAGE))
    counter = device.parsed(grammar.COUNTER, lambda text: lexical.number(text, 0, MAX_COUNTER))
    if counter is None:
        raise Malformed("the key has no Data of the name COUNTER", device.place(grammar.COUNTER))
    return HotpParameters(Digest.SHA1, _digits(device), counter)


def _digits(device: Capture) -> int:
    rule = grammar.RESPONSE_FORMAT
    if device.attribute(rule, "Format", "format") != "DECIMAL":
        raise Unsupported("codes that are not DECIMAL", device.place(rule))
    try:
        length = device.attribute(rule, "Length", "length") or ""
        return lexical.integer(length, MIN_DIGITS, MAX_DIGITS)
    except ValueError as flaw:
        raise Malformed(f"Length cannot be read: {flaw}", device.place(rule)) from None
