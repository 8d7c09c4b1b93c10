"""What PSKC is, for whoever chooses a reader or reads about it."""

from importers.errors import Place, UnknownFormat
from importers.format import Feature, FieldNote, Format
from importers.instructions import Instructions
from importers.pskc import draft_grammar, grammar
from importers.pskc.draft import open_draft
from importers.pskc.reader import open_pskc
from importers.seed_file import SeedFile
from importers.source import Source
from importers.unlock import Unlock
from importers.xml import peek_root

# By the document's root element.
READERS = {grammar.ROOT: open_pskc, **dict.fromkeys(draft_grammar.ROOTS, open_draft)}


def _open(source: Source, unlock: Unlock | None, instructions: Instructions) -> SeedFile:
    root = peek_root(source)
    reader = None if root is None else READERS.get(root.name)
    if root is None or reader is None:
        raise UnknownFormat("its root element is not PSKC's", Place(source.name))
    return reader(source, root, unlock, instructions)


_FIELDS = (
    FieldNote("SerialNo", "the serial, required", "at most 64 characters that can be seen"),
    FieldNote("Manufacturer, Model, IssueNo, DeviceBinding", "the device, as free text"),
    FieldNote("StartDate, ExpiryDate", "when it is valid, both inclusive", "xs:dateTime, UTC"),
    FieldNote("DeviceInfo/UserId, Key/UserId", "whom it is for: proposed, never bound by it"),
    FieldNote("CryptoModuleInfo/Id, Issuer, FriendlyName", "read, not kept by the vault"),
    FieldNote("Key@Id", "the key's own name; SERIAL:2 or SERIAL#2 is a device's second key"),
    FieldNote("Key@Algorithm", "HOTP, TOTP, OCRA, PIN or YubiKey AES", "a URI's last part"),
    FieldNote("Suite", "the hash; SHA-1 where absent", "SHA1, HMAC-SHA256, an RFC 6287 suite"),
    FieldNote("ResponseFormat", "digits of a code", "DECIMAL, Length 6 to 9"),
    FieldNote("ChallengeFormat", "what an OCRA challenge is made of", "Encoding, Min, Max"),
    FieldNote("Secret", "the seed", "base64 of 16 to 128 octets"),
    FieldNote("Counter", "the next counter; 0 where absent", "0 to 2^63 - 1"),
    FieldNote("Time", "where the token's time starts; 0 where absent", "time steps, not seconds"),
    FieldNote("TimeInterval", "the time step, required for TOTP", "seconds, 1 to 120"),
    FieldNote("TimeDrift", "how far its clock is off, negative when slow", "time steps"),
    FieldNote("Policy/KeyUsage", "what the key may do; several are a union", "OTP, CR, ..."),
    FieldNote("Policy/NumberOfTransactions", "how often it may be used", "times"),
    FieldNote("Policy/PINPolicy", "which PIN goes with it, and where", "attributes"),
    FieldNote(
        "Policy/StartDate, ExpiryDate", "further bounds to the device's dates", "xs:dateTime"
    ),
)

PSKC = Format(
    id="pskc",
    title="Portable Symmetric Key Container, PSKC 1.0 (RFC 6030)",
    makers="Thales, Yubico, Nagra and others",
    known_by=(
        f"the XML root element KeyContainer in the namespace {grammar.PSKC}, or a draft's: "
        f"{' and '.join(draft_grammar.NAMESPACES)}"
    ),
    protection=(
        "seeds under a pre-shared key, a passphrase (PBKDF2) or a certificate's RSA key, in AES, "
        "3DES or Camellia: CBC with a value MAC each, GCM, or key wrap; or in the clear. A value "
        "MAC covers the value alone: serials and parameters are taken on trust unless the file is "
        "signed"
    ),
    features=frozenset(Feature),
    fields=_FIELDS,
    open=_open,
    quirks=(
        "any prefix; UTF-8, ISO-8859-1, and UTF-16 with its mark; leading blanks with a warning",
        "Id or id, Encoding or Format, CheckDigits or CheckDigit",
        "an algorithm is known by the last part of its URI, as drafts and makers spell it",
        "numbers in digits or 8 big-endian octets; encrypted ones with a value MAC of their own",
        "a comment inside a value is passed over, and the text around it joined",
        "a device's further key needs an Id such as SERIAL:2 or SERIAL#2, which is its serial",
        "a PIN keeps its device's serial; other keys' policies name its Id",
        "a policy that is not understood keeps the key and forbids its use, by path",
        "a YubiKey's public and private id stand in Key/UserId as CN and UID",
        "versions above 1.0: what is unknown is ignored with a warning, except in policies",
        "a PlainValue that looks hexadecimal is read as base64, with a warning",
        "a date without a zone is taken as UTC, with a warning",
        "a KeyPackage without a Key describes a device only: nothing to import",
    ),
    refused=(
        "drafts that encrypt, unless unauthenticated values are allowed: their MACs cover seeds",
        "drafts but draft-hoyer-01 as ActivIdentity writes it; in it, all but HOTP and AES-CBC",
        "a DOCTYPE, before anything in it is read; any other encoding",
        "an element, attribute or text where none belongs; an element that stands there twice",
        "an encrypted value without its value MAC; a plain seed in a file that encrypts",
        "numbers with an underscore or in another script's digits; base64 that is not canonical",
        "check digits, codes that are not decimal, a TOTP step over 120 seconds",
        "KeyProfileId and KeyReference: what they stand for is not in the file",
        "static passwords, RSA SecurID, ActivIdentity 3DES and every unknown algorithm",
        "with --skip-bad, a file of which ten value MACs are wrong and none is right, or over 1 %",
    ),
)
