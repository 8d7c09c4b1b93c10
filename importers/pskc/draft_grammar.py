"""The elements of draft-hoyer-01, as ActivIdentity writes them: one rule a place.

Attributes are seen in either case. Data is told apart by its attribute Name.
"""

from importers.rules import Again, Kind, Rule, document

NAMESPACES = (
    "urn:ietf:params:xml:ns:keyprov:container",
    "urn:ietf:params:xml:ns:keyprov:container:1.0",
)


def _names(local: str) -> tuple[str, ...]:
    return tuple(f"{namespace} {local}" for namespace in NAMESPACES)


def _group(name: str, *within: Rule, attributes: str = "") -> Rule:
    return Rule(_names(name), Kind.GROUP, within, frozenset(attributes.split()))


def _text(name: str) -> Rule:
    return Rule(_names(name), Kind.TEXT)


def _value(name: str) -> tuple[Rule, Rule]:
    """The Data of one name, and its value."""
    value = _text("Value")
    # Over the plain value, by the key that encrypts it: nothing here can check it.
    digest = _text("ValueDigest")
    known = frozenset({"Name"})
    return Rule((*_names("Data"), name), Kind.GROUP, (value, digest), known), value


IV = _text("IV")
ENCRYPTION_METHOD = _group("EncryptionMethod", IV, attributes="Algorithm algorithm")
_DIGEST_METHOD = _group("DigestMethod", attributes="Algorithm algorithm")

MANUFACTURER = _text("Manufacturer")
SERIAL_NO = _text("SerialNo")
MODEL = _text("Model")
ISSUE_NO = _text("IssueNo")
DEVICE_EXPIRY = _text("Expiry")
_DEVICE_ID = _group("DeviceId", MANUFACTURER, SERIAL_NO, MODEL, ISSUE_NO, DEVICE_EXPIRY)

RESPONSE_FORMAT = _group("ResponseFormat", attributes="Format format Length length")
USAGE = _group("Usage", RESPONSE_FORMAT, attributes="OTP otp CR cr")
_SECRET, SECRET = _value("SECRET")
_COUNTER, COUNTER = _value("COUNTER")
ISSUER = _text("Issuer")
FRIENDLY_NAME = Rule(_names("FriendlyName"), Kind.TEXT, again=Again.WARNED)
START_DATE = _text("StartDate")
EXPIRY_DATE = _text("ExpiryDate")
KEY = Rule(
    _names("Key"),
    Kind.GROUP,
    (
        ISSUER,
        USAGE,
        FRIENDLY_NAME,
        Rule(_names("Data"), Kind.NAMED, (_SECRET, _COUNTER)),
        START_DATE,
        EXPIRY_DATE,
    ),
    frozenset({"KeyAlgorithm", "KeyId"}),
    Again.RECORD,
)
DEVICE = Rule(_names("Device"), Kind.RECORD, (_DEVICE_ID, KEY))
ROOTS = _names("KeyContainer")
KEY_CONTAINER = Rule(
    ROOTS,
    Kind.GROUP,
    (ENCRYPTION_METHOD, _DIGEST_METHOD, DEVICE),
    frozenset({"Version", "version"}),
)
DOCUMENT = document(KEY_CONTAINER)

# Once a device was read, how the file is protected can no longer change.
_AFTER = Rule(ROOTS, Kind.GROUP, (DEVICE,))
_AFTER.parent = DOCUMENT
DEVICE.then = _AFTER
