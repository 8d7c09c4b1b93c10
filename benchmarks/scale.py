"""1,000,000 tokens in the vault beside 10,000: what people and programs wait for."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import Enum
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import hsm
from benchmarks.desk import Desk, bind, serial_of
from benchmarks.report import Figure
from benchmarks.workshop import workshop
from seedvault import config, wiring
from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.batch import Source, Tier
from seedvault.domain.oath import Digest, TotpParameters
from seedvault.domain.token import Device, InStock, Progress
from seedvault.service.ports import (
    Arrival,
    Fingerprint,
    NewToken,
    TakenSeed,
    TokenFilter,
    WrappedSeed,
)
from tests.support.pskc_maker import published_seed

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_SMALL, _LARGE = 10_000, 1_000_000
_BOUND = 50
_CALLS = 400
_CHUNK = 1_000
_SLOWEST = 1.3
_PAGE = 50


class Question(Enum):
    """What is asked of a vault."""

    VERIFY = "verify, committed"
    SHOW = "token show"
    LIST = "token list --batch, from the middle"


def run() -> Iterator[Figure]:
    """Both vaults asked in turn, so that a machine that slows down slows both."""
    with workshop() as folder, ExitStack() as held:
        small, large = (
            held.enter_context(_served(folder / str(tokens), tokens)) for tokens in (_SMALL, _LARGE)
        )
        for question in Question:
            spent: tuple[list[float], list[float]] = ([], [])
            for _ in range(_CALLS):
                for vault, seconds in zip((small, large), spent, strict=True):
                    vault.send(question)
                    seconds.append(vault.recv())
            at_ten_thousand, at_a_million = map(median, spent)
            ratio = at_a_million / at_ten_thousand
            yield Figure(
                f"{question.value}, {_LARGE:,} tokens",
                f"{1e6 * at_a_million:,.0f} us",
                ratio,
                f"{_SMALL:,} tokens",
                f"at most {_SLOWEST}",
                ratio <= _SLOWEST,
            )


@contextmanager
def _served(home: Path, tokens: int) -> "Iterator[Connection[Question | None, float]]":
    """A vault in a process of its own: SoftHSM has one store a process."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, home, tokens))
    process.start()
    try:
        yield here
    finally:
        here.send(None)
        process.join()


def _serve(asked: "Connection[float, Question | None]", home: Path, tokens: int) -> None:
    """Answer each question with the seconds that it took."""
    settings = config.load(home)
    wiring.initialise(settings, "benchmark")
    with wiring.Application(settings) as application:
        vault = _Vault(application, tokens)
        while question := asked.recv():
            asked.send(vault.ask(question))


class _Vault:
    """A vault of so many tokens, in one batch."""

    def __init__(self, application: wiring.Application, tokens: int) -> None:
        stock(application, tokens)
        bind(application, _BOUND)
        self._application = application
        self._desk = Desk(application, _BOUND)
        self._middle = serial_of(tokens // 2)

    def ask(self, question: Question) -> float:
        """The seconds that one answer took."""
        answers = {
            Question.VERIFY: self._desk.next_code(),
            Question.SHOW: lambda: self._application.inquire_token(self._middle),
            Question.LIST: self._page,
        }
        begun = perf_counter()
        answers[question]()
        return perf_counter() - begun

    def _page(self) -> None:
        wanted = TokenFilter(batch=1, after=self._middle, limit=_PAGE)
        assert len(self._application.vault.listed(wanted)) == _PAGE


def stock(application: wiring.Application, tokens: int) -> None:
    """Tokens with wrapped seeds and seals of their own, without a file to read them from."""
    vault, now = application.vault, wiring.system_clock()
    source = Source("benchmark", bytes(32), "made here", "none")
    with vault.stage(source, Tier.NARROW, "benchmark", now) as staging:
        for first in range(0, tokens, _CHUNK):
            numbers = range(first, min(first + _CHUNK, tokens))
            staging.add([Arrival(_new(application, n), n + 1) for n in numbers])
        staging.publish(AuditEvent(EventKind.BATCH_IMPORTED, now, "benchmark"))


def _new(application: wiring.Application, number: int) -> NewToken:
    keys = application.keys
    serial = serial_of(number)
    taken = keys.keystore.wrap(bytearray(published_seed(serial.verbatim)), hsm.Digest.SHA1)  # type: ignore[attr-defined]  # the adapter's own
    key = taken.key
    wrapped = WrappedSeed(int(key.format), key.kek_id, key.length, key.blob)
    token = InStock(
        Device(serial, TotpParameters(Digest.SHA1, 6, 30)), Progress(0, wiring.system_clock())
    )
    fingerprint = Fingerprint(taken.fingerprint, "f1")
    return NewToken(token, TakenSeed(wrapped, fingerprint), keys.seal(token, wrapped, 0))
