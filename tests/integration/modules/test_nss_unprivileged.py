"""NSS by way of p11-kit, in a child that is not root: root's configuration is never read."""

import os
import re

import pytest

from tests.support.modules import ONLY, run_as_nobody

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or ONLY in os.environ, reason="not root: the suite on NSS runs right here"
)


@needs_root
def test_the_whole_suite_holds_on_nss() -> None:
    child = run_as_nobody("nss", "-q", "tests/integration/modules", "-k", "not unprivileged")

    summary = child.stdout.splitlines()[-1]
    assert child.returncode == 0, child.stdout + child.stderr
    assert re.match(r"\d+ passed", summary), summary
    assert "skipped" not in summary
