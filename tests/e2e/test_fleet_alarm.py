"""Guessing at many tokens, a try each, is noticed by whoever asks for the status."""

from pathlib import Path

from seedvault.cli.exits import Exit
from tests.support.cli import CommandLine
from tests.support.seed_files import deliver, hotp_code, serial


def test_failures_over_all_tokens_raise_the_alarm(seedvault: CommandLine, tmp_path: Path) -> None:
    seedvault.ok("batch", "import", *deliver(tmp_path / "m.pskcxml", totp=0, hotp=3).arguments)
    seedvault.ok("user", "add", "alice")
    for number in range(3):
        seedvault.ok("token", "assign", serial(number), "alice")
        guessed = seedvault("token", "verify", serial(number), hotp_code(number, 500))
        assert guessed.code == Exit.DECIDED_NO
    seedvault.ok("token", "verify", serial(0), hotp_code(0, 0))
    quiet = seedvault.ok("status", "--json").document
    assert quiet["alarm"] is None
    assert quiet["last_hour"] == {"accepted": 1, "failed": 3, "lucky_hits": 9e-06}

    with (seedvault.home / "seedvault.toml").open("a", encoding="utf-8") as settings:
        settings.write("[alarm]\nfailures_per_hour = 2\n")
    alarmed = seedvault("status", "--json")
    assert alarmed.code == Exit.DECIDED_NO
    assert alarmed.document["alarm"] == "3 failures in the last hour, over 2"
    told = seedvault("status")
    assert told.code == Exit.DECIDED_NO
    assert "1 accepted, 3 failed, of which 9e-06 guesses would be right by chance" in told.out
    assert "audit list --kind code.rejected" in told.err
