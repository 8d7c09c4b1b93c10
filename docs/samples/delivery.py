"""What the sample delivery holds. Every octet of it is public: nothing here protects anything."""

from pathlib import Path

from importers import Cipher, MacAlgorithm
from tests.support.pskc_maker import Hotp, Order, Tokens, published_octets

KEY = published_octets("transport key", Cipher.AES_256_CBC.key_octets)
HERE = Path(__file__).parent
SEED_FILE = HERE / "thales-display-cards.pskcxml"
KEY_FILE = HERE / "thales-display-cards.key"

ORDER = Order(
    tokens=(
        Tokens(500, first_serial=10_000_001, model="OTP Display Card"),
        Tokens(5, Hotp(), first_serial=20_000_001, model="OTP 110"),
    ),
    key=KEY,
    key_name="Sample transport key 2026-11",
    cipher=Cipher.AES_256_CBC,
    mac=MacAlgorithm.HMAC_SHA256,
)
