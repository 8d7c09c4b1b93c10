"""PGP messages (RFC 9580), decrypted by Sequoia in a process of its own.

pysequoia gives a message's content as a whole, however large a few packed octets make it, and
holds the interpreter meanwhile. In a child it writes into a pipe, which is read as far as the
bounds go and no further; keys and content leave memory with the child, and a flaw in the parser of
what anyone may have sent meets no vault.
"""

import struct
import subprocess
import sys
from threading import Thread
from typing import IO, BinaryIO

from importers.containers import pgp_child
from importers.containers.memory import Sink
from importers.containers.unlocking import ContainerUnlock
from importers.errors import (
    ImporterError,
    KeyMissing,
    LimitExceeded,
    Malformed,
    Place,
    Unsupported,
    WrongKey,
)
from importers.source import CHUNK

COMMAND = (sys.executable, "-P", "-m", pgp_child.__name__)
_MESSAGE = b"-----BEGIN PGP MESSAGE"


def from_pgp(stream: BinaryIO, sink: Sink, unlock: ContainerUnlock, place: Place) -> None:
    """Decrypt a message. A signature inside it is not verified: whoever has the key may write."""
    head = stream.read(CHUNK).lstrip()
    if head.startswith(b"-----") and not head.startswith(_MESSAGE):
        raise Unsupported("PGP armour around something else than a message", place)
    stream.seek(0)
    if unlock.pgp_key is None and unlock.passphrase is None:
        raise KeyMissing(
            "the PGP message is encrypted, and neither key nor passphrase was given for it",
            place,
            "Give the PGP key that the maker encrypts for, or the container's passphrase.",
            passphrase=True,
        )
    with subprocess.Popen(  # noqa: S603 - this program's own interpreter and module
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        assert child.stdin is not None  # noqa: S101 - a pipe was asked for
        assert child.stdout is not None  # noqa: S101 - and here
        feeder = Thread(target=_feed, args=(child.stdin, stream, unlock))
        feeder.start()
        try:
            while octets := child.stdout.read(CHUNK):
                sink.write(octets)
        except BaseException:
            child.kill()
            raise
        finally:
            feeder.join()
    if child.returncode:
        raise _refusal(child.returncode, place)


def _feed(pipe: IO[bytes], stream: BinaryIO, unlock: ContainerUnlock) -> None:
    """Write what `pgp_child` reads: passphrase and key by their lengths, then the message."""
    try:
        with pipe:
            for secret in (unlock.passphrase, unlock.pgp_key):
                if secret is None:
                    pipe.write(struct.pack(">Q", 0))
                    continue
                with secret.expose() as octets:
                    pipe.write(struct.pack(">Q", len(octets)))
                    pipe.write(octets)
            while octets_of_message := stream.read(CHUNK):
                pipe.write(octets_of_message)
    except BrokenPipeError:
        pass  # the child has given up, and its exit status says why


def _refusal(status: int, place: Place) -> ImporterError:
    if status < 0:
        return LimitExceeded(
            f"decrypting the PGP message takes more than {pgp_child.PROCESSOR_S} s or "
            f"{pgp_child.MEMORY_OCTETS} octets of memory",
            place,
        )
    match status:
        case pgp_child.NO_KEY_FITS:
            return WrongKey("the key or passphrase given does not open the PGP message", place)
        case pgp_child.BAD_KEY:
            return WrongKey(
                "the PGP key given is no private key, or the passphrase does not open it", place
            )
    return Malformed("the PGP message is cut off, or was changed, or is none", place)
