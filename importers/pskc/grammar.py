"""PSKC 1.0's elements (RFC 6030 section 11 and the schemas it borrows from), one rule a place.

Bottom up: a rule names the rules within it. What is REFUSED here is legal and not read yet.
"""

from dataclasses import dataclass

from importers.rules import Again, Kind, Rule, document

PSKC = "urn:ietf:params:xml:ns:keyprov:pskc"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_XENC = "http://www.w3.org/2001/04/xmlenc#"
_XENC11 = "http://www.w3.org/2009/xmlenc11#"
_PKCS5 = "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5"


def _group(*within: Rule, name: str, attributes: str = "", ns: str = PSKC) -> Rule:
    return Rule((f"{ns} {name}",), Kind.GROUP, within, frozenset(attributes.split()))


def _text(name: str, ns: str = PSKC, again: Again = Again.MALFORMED) -> Rule:
    return Rule((f"{ns} {name}",), Kind.TEXT, again=again)


def _refused(*names: str, ns: str = PSKC) -> tuple[Rule, ...]:
    return tuple(Rule((f"{ns} {name}",), Kind.REFUSED) for name in names)


def _extensions() -> Rule:
    return Rule((f"{PSKC} Extensions",), Kind.SKIPPED, again=Again.SKIPPED)


@dataclass(frozen=True, slots=True)
class EncryptedData:
    """An xenc:EncryptedDataType: the element, its method and its octets in base64.

    `digest` and `mask` are OAEP's parameters (XML Encryption 1.1 section 5.5.2).
    """

    element: Rule
    method: Rule
    digest: Rule
    mask: Rule
    cipher_value: Rule


def _encrypted(name: str) -> EncryptedData:
    digest = _group(name="DigestMethod", attributes="Algorithm", ns=_DS)
    mask = _group(name="MGF", attributes="Algorithm", ns=_XENC11)
    method = _group(
        *_refused("KeySize", "OAEPparams", ns=_XENC),
        digest,
        mask,
        name="EncryptionMethod",
        attributes="Algorithm",
        ns=_XENC,
    )
    cipher_value = _text("CipherValue", _XENC)
    cipher_data = _group(
        cipher_value, *_refused("CipherReference", ns=_XENC), name="CipherData", ns=_XENC
    )
    element = _group(
        method,
        *_refused("KeyInfo", ns=_DS),
        cipher_data,
        *_refused("EncryptionProperties", ns=_XENC),
        name=name,
        attributes="Id Type MimeType Encoding",
    )
    return EncryptedData(element, method, digest, mask, cipher_value)


# --- EncryptionKey: a key's name, how to derive it from a passphrase, or a certificate -------


def _pbkdf2(kind: Kind, name: str, *within: Rule, attributes: str = "") -> Rule:
    # Four namespaces are seen for PBKDF2's parameters (RFC 6030 figure 7 itself mixes two); the
    # fifth is the one that the RFC's text names.
    names = (
        f"{_PKCS5}v2-0# {name}",
        f"{_PKCS5}# {name}",
        f"{_XENC11} {name}",
        f"{PSKC} {name}",
        name,
    )
    return Rule(names, kind, within, frozenset(attributes.split()))


SALT = _pbkdf2(Kind.TEXT, "Specified")
ITERATION_COUNT = _pbkdf2(Kind.TEXT, "IterationCount")
KEY_LENGTH = _pbkdf2(Kind.TEXT, "KeyLength")
PRF = _pbkdf2(Kind.GROUP, "PRF", attributes="Algorithm")
_PBKDF2_PARAMS = _pbkdf2(
    Kind.GROUP,
    "PBKDF2-params",
    _pbkdf2(Kind.GROUP, "Salt", SALT, _pbkdf2(Kind.REFUSED, "OtherSource")),
    ITERATION_COUNT,
    KEY_LENGTH,
    PRF,
)
KEY_DERIVATION_METHOD = _group(
    _PBKDF2_PARAMS, name="KeyDerivationMethod", attributes="Algorithm", ns=_XENC11
)
MASTER_KEY_NAME = _text("MasterKeyName", _XENC11)
DERIVED_KEY_NAME = _text("DerivedKeyName", _XENC11)
DERIVED_KEY = _group(
    KEY_DERIVATION_METHOD,
    Rule((f"{_XENC} ReferenceList",), Kind.SKIPPED),
    DERIVED_KEY_NAME,
    MASTER_KEY_NAME,
    name="DerivedKey",
    attributes="Recipient Id Type",
    ns=_XENC11,
)
X509_ISSUER = _text("X509IssuerName", _DS)
X509_SERIAL = _text("X509SerialNumber", _DS)
X509_KEY_ID = _text("X509SKI", _DS)
X509_SUBJECT = _text("X509SubjectName", _DS)
X509_CERTIFICATE = _text("X509Certificate", _DS)
X509_DATA = _group(
    _group(X509_ISSUER, X509_SERIAL, name="X509IssuerSerial", ns=_DS),
    X509_KEY_ID,
    X509_SUBJECT,
    X509_CERTIFICATE,
    Rule((f"{_DS} X509CRL",), Kind.SKIPPED, again=Again.SKIPPED),
    name="X509Data",
    ns=_DS,
)
KEY_NAME = _text("KeyName", _DS)
ENCRYPTION_KEY = _group(
    KEY_NAME,
    DERIVED_KEY,
    X509_DATA,
    *_refused("KeyValue", "RetrievalMethod", "PGPData", "SPKIData", "MgmtData", ns=_DS),
    *_refused("EncryptedKey", "AgreementMethod", ns=_XENC),
    name="EncryptionKey",
    attributes="Id",
)

# --- MACMethod -------------------------------------------------------------------------------

MAC_KEY = _encrypted("MACKey")
MAC_KEY_REFERENCE = _text("MACKeyReference")
MAC_METHOD = _group(MAC_KEY.element, MAC_KEY_REFERENCE, name="MACMethod", attributes="Algorithm")

# --- DeviceInfo and CryptoModuleInfo ---------------------------------------------------------

MANUFACTURER = _text("Manufacturer")
SERIAL_NO = _text("SerialNo")
MODEL = _text("Model")
ISSUE_NO = _text("IssueNo")
DEVICE_BINDING = _text("DeviceBinding")
START_DATE = _text("StartDate")
EXPIRY_DATE = _text("ExpiryDate")
DEVICE_USER_ID = _text("UserId")
_DEVICE_INFO = _group(
    MANUFACTURER,
    SERIAL_NO,
    MODEL,
    ISSUE_NO,
    DEVICE_BINDING,
    START_DATE,
    EXPIRY_DATE,
    DEVICE_USER_ID,
    _extensions(),
    name="DeviceInfo",
)
CRYPTO_MODULE_ID = _text("Id")
_CRYPTO_MODULE_INFO = _group(CRYPTO_MODULE_ID, _extensions(), name="CryptoModuleInfo")

# --- Key -------------------------------------------------------------------------------------

SUITE = _text("Suite")
# CheckDigit and Format stand in the RFC's text, CheckDigits and Encoding in its schema.
RESPONSE_FORMAT = _group(
    name="ResponseFormat", attributes="Encoding Format Length CheckDigits CheckDigit"
)
CHALLENGE_FORMAT = _group(
    name="ChallengeFormat", attributes="Encoding Format Min Max CheckDigits CheckDigit"
)
ALGORITHM_PARAMETERS = _group(
    SUITE, CHALLENGE_FORMAT, RESPONSE_FORMAT, _extensions(), name="AlgorithmParameters"
)


@dataclass(frozen=True, slots=True)
class Value:
    """One value of Data: the element, and in it what is plain or encrypted and authenticated."""

    element: Rule
    plain: Rule
    encrypted: EncryptedData
    mac: Rule


def _value(name: str) -> Value:
    plain, encrypted, mac = _text("PlainValue"), _encrypted("EncryptedValue"), _text("ValueMAC")
    return Value(_group(plain, encrypted.element, mac, name=name), plain, encrypted, mac)


SECRET = _value("Secret")
PLAIN_VALUE, ENCRYPTED_VALUE, VALUE_MAC = SECRET.plain, SECRET.encrypted, SECRET.mac
COUNTER = _value("Counter")
TIME = _value("Time")
TIME_INTERVAL = _value("TimeInterval")
TIME_DRIFT = _value("TimeDrift")
_DATA = _group(
    SECRET.element,
    COUNTER.element,
    TIME.element,
    TIME_INTERVAL.element,
    TIME_DRIFT.element,
    _extensions(),
    name="Data",
)

# RFC 6030 section 5: a policy that is not understood forbids every use of the key, so what is not
# known in it is noted. Extensions are among that.


def _policy(name: str, kind: Kind, *within: Rule, attributes: str = "") -> Rule:
    again = Again.READ if kind is Kind.LIST else Again.MALFORMED
    known = frozenset(attributes.split())
    return Rule((f"{PSKC} {name}",), kind, within, known, again, noting=True)


POLICY_START_DATE = _policy("StartDate", Kind.TEXT)
POLICY_EXPIRY_DATE = _policy("ExpiryDate", Kind.TEXT)
PIN_POLICY = _policy(
    "PINPolicy",
    Kind.GROUP,
    attributes="PINKeyId PINUsageMode MaxFailedAttempts MinLength MaxLength PINEncoding",
)
KEY_USAGE = _policy("KeyUsage", Kind.LIST)
NUMBER_OF_TRANSACTIONS = _policy("NumberOfTransactions", Kind.TEXT)
POLICY = _policy(
    "Policy",
    Kind.GROUP,
    POLICY_START_DATE,
    POLICY_EXPIRY_DATE,
    PIN_POLICY,
    KEY_USAGE,
    NUMBER_OF_TRANSACTIONS,
)

ISSUER = _text("Issuer")
FRIENDLY_NAME = _text("FriendlyName", again=Again.WARNED)
KEY_USER_ID = _text("UserId")
KEY = Rule(
    (f"{PSKC} Key",),
    Kind.GROUP,
    (
        ISSUER,
        ALGORITHM_PARAMETERS,
        *_refused("KeyProfileId", "KeyReference"),
        FRIENDLY_NAME,
        _DATA,
        KEY_USER_ID,
        POLICY,
        _extensions(),
    ),
    attributes=frozenset({"Id", "id", "Algorithm"}),
    again=Again.RECORD,
)

# --- KeyContainer ----------------------------------------------------------------------------

# RFC 6030 prints Signature in its own namespace; libpskc's schema takes xmldsig's.
SIGNATURE = Rule((f"{_DS} Signature", f"{PSKC} Signature"), Kind.SKIPPED)
KEY_PACKAGE = Rule(
    (f"{PSKC} KeyPackage",),
    Kind.RECORD,
    (_DEVICE_INFO, _CRYPTO_MODULE_INFO, KEY, _extensions()),
    attributes=frozenset({"Id", "id"}),
)
_EXTENSIONS = _extensions()
ROOT = f"{PSKC} KeyContainer"
KEY_CONTAINER = Rule(
    (ROOT,),
    Kind.GROUP,
    (ENCRYPTION_KEY, MAC_METHOD, KEY_PACKAGE, SIGNATURE, _EXTENSIONS),
    frozenset({"Version", "Id", "id"}),
)
DOCUMENT = document(KEY_CONTAINER)

# Once a key package was read, how the file is protected can no longer change.
_AFTER = Rule((ROOT,), Kind.GROUP, (KEY_PACKAGE, SIGNATURE, _EXTENSIONS))
_AFTER.parent = DOCUMENT
KEY_PACKAGE.then = _AFTER
