"""The drill of threads and processes, short."""

from tests.drills import threads
from tests.drills.threads import Load

SHORT = Load(seconds=3, processes=4, threads=4, objects=12_000, destroyed_max=3_000)


def test_processes_and_threads_share_a_token_that_is_restarted_all_the_while() -> None:
    figures = threads.run(SHORT)

    assert figures.good, threads.table(SHORT, figures)
    assert figures.restarts
    assert set(figures.done) == {"mac", "seal", "wrap", "import_encrypted", "recycle"}
    assert figures.bounded_kb < figures.unbounded_kb
