"""What a module must not do, tried as a thief with the PIN would."""

import os
from ctypes import addressof, byref, c_ulong, create_string_buffer
from functools import partial
from typing import Final

from hsm import inside, reference, templates
from hsm.bench import Bench
from hsm.blobs import LACKING
from hsm.cryptoki import Mechanism
from hsm.mechanisms import Ckm
from hsm.model import Cipher
from hsm.session import Session
from hsm.templates import Cka, Ckk

_READABLE: Final = (
    templates.EXPOSED_SEED,
    templates.EXPOSED_BY_DEFAULT,
    templates.OPENED_SEED,  # opencryptoki makes even this readable
)


def show_secret(bench: Bench) -> bool:
    """Refuses to give out a sensitive value."""
    seed = bench.create(templates.fresh_seed, os.urandom(64))
    return bench.refuses(lambda: bench.session.attribute(seed, Cka.VALUE))


def wrap_the_unextractable(bench: Bench) -> bool:
    """Refuses to wrap a key that is marked as not extractable."""
    kek, _ = bench.generate_kek()
    key, _ = bench.generate_kek()
    return bench.refuses(lambda: bench.session.wrap(kek, key, bench.wrapping()))


def unwrap_readable(bench: Bench) -> bool:
    """Refuses, or unwraps into what cannot be read, whatever it is asked for."""
    kek, _ = bench.generate_kek()
    blob = bench.blob(kek, os.urandom(64))

    def read(template: templates.Template) -> bytes:
        seed = bench.session.unwrap(kek, blob, template, bench.wrapping())
        return bench.session.attribute(bench.keep(seed), Cka.VALUE)

    return all(bench.refuses(partial(read, each)) for each in _READABLE)


def use_kek(bench: Bench) -> bool:
    """Refuses to encrypt and to decrypt under a key that may only wrap."""
    kek, _ = bench.generate_kek()
    iv = create_string_buffer(16)
    cbc = byref(Mechanism(Ckm.AES_CBC, addressof(iv), 16))
    return all(
        bench.refuses(partial(_once, bench, by, how, kek))
        for how in (byref(Mechanism(Ckm.AES_ECB)), cbc)
        for by in ("encrypt", "decrypt")
    )


def _once(bench: Bench, by: str, mechanism: object, key: int) -> None:
    calls, session = bench.session.cryptoki, bench.session.handle
    output, length = create_string_buffer(32), c_ulong(32)
    if by == "encrypt":
        calls.encrypt_init(session, mechanism, key)
        calls.encrypt(session, bytes(16), 16, output, byref(length))
    else:
        calls.decrypt_init(session, mechanism, key)
        calls.decrypt(session, bytes(16), 16, output, byref(length))


def change_kek(bench: Bench) -> bool:
    """Refuses to give more uses to a key that is not modifiable."""
    kek, _ = bench.generate_kek()
    return bench.refuses(lambda: bench.session.change(kek, templates.DECRYPTING))


def open_changed(bench: Bench) -> bool:
    """Refuses a blob of which any octet was changed."""
    kek, _ = bench.generate_kek()
    blob = bench.blob(kek, os.urandom(64))
    return all(_refuses_blob(bench, kek, _changed(blob, place)) for place in range(len(blob)))


def _refuses_blob(bench: Bench, kek: int, blob: bytes) -> bool:
    try:
        bench.keep(bench.session.unwrap(kek, blob, wrapping=bench.wrapping()))
    except LACKING as refusal:
        bench.code = refusal.code
        return True
    return False


def _changed(blob: bytes, place: int) -> bytes:
    return blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :]


def pad_with_garbage(bench: Bench) -> bool:
    """Refuses a delivered value whose padding is none."""
    way = bench.session.once(inside.way)
    template = templates.DELIVERED_SEED if way is None else way.template
    known = reference.value(Cipher.AES_128_CBC)
    key = bench.create(lambda value: templates.transport_key(Ckk.AES, value), known.key)
    garbage = reference.garbage(known)
    iv = create_string_buffer(garbage[:16], 16)
    mechanism = byref(Mechanism(Ckm.AES_CBC_PAD, addressof(iv), 16))
    try:
        bench.keep(bench.session.unwrap_by(mechanism, key, garbage[16:], template))
    except LACKING as refusal:
        bench.code = refusal.code
        return True
    return False


def guards(session: Session) -> bool:
    """Whether a KEK takes a CKA_UNWRAP_TEMPLATE, and opens nothing as readable because of it."""
    bench = Bench(session)
    try:
        return bench.generate_kek()[1] and unwrap_readable(bench)
    except LACKING:
        return False
    finally:
        bench.clear()
