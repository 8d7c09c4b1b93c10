"""Processes that begin with Seedvault's modules loaded: forks of one that has done nothing else.

Loading takes an interpreter half a second, and under coverage a whole one; the tests run thousands
of commands. What a fork lacks is what an interpreter does before `main`: those tests that are about
it, about signals or memory, start a real one (`CommandLine.start`), and so do the demo and drills.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

from seedvault.__main__ import main

_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.support.every_module"])
_STREAMS = ("in", "out", "err")


def run(
    words: Sequence[str], stdin: str, environ: Mapping[str, str], timeout_s: float
) -> "subprocess.CompletedProcess[str]":
    """`seedvault WORDS` to its end.

    Raises:
        TimeoutExpired: it took longer, and was killed.
    """
    with tempfile.TemporaryDirectory(prefix="seedvault-streams-") as folder:
        streams = [Path(folder, name) for name in _STREAMS]
        streams[0].write_text(stdin, encoding="utf-8")
        process = _FORKS.Process(
            target=_command, args=(list(words), dict(environ), Path.cwd(), streams)
        )
        process.start()
        process.join(timeout_s)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(words), timeout_s)
        out, err = (stream.read_text(encoding="utf-8") for stream in streams[1:])
        return subprocess.CompletedProcess(words, process.exitcode, out, err)


def _command(
    words: list[str], environ: dict[str, str], place: Path, streams: Sequence[Path]
) -> None:
    """What the fork does, with a standard input, output and error of its own."""
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    os.chdir(place)
    for number, stream in enumerate(streams):
        opened = os.open(stream, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for the whole process
    sys.argv = ["seedvault", *words]
    main()
