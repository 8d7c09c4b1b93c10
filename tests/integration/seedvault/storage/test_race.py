"""The referee: of all processes that decided over one version, exactly one commits."""

import multiprocessing
from pathlib import Path

from seedvault.domain.audit import check_chain
from seedvault.storage import SqlVault
from tests.support.databases import every_isolation
from tests.support.storage_workers import race
from tests.support.tokens import HOTP, new_token, serial
from tests.support.vaults import add_user, bind, event, held_token, import_tokens

PROCESSES, ROUNDS = 8, 25


@every_isolation
def test_of_eight_processes_over_one_version_exactly_one_commits(
    vault: SqlVault, tmp_path: Path
) -> None:
    import_tokens(vault, [new_token(1, HOTP)])
    add_user(vault)
    bind(vault, serial(1))
    spawn = multiprocessing.get_context("spawn")
    barrier, results = spawn.Barrier(PROCESSES, timeout=120), spawn.SimpleQueue()
    racers = [
        spawn.Process(target=race, args=(tmp_path, barrier, ROUNDS, results))
        for _ in range(PROCESSES)
    ]
    for racer in racers:
        racer.start()
    won = [factor for _ in racers for factor in results.get()]
    for racer in racers:
        racer.join()
    assert sorted(won) == list(range(ROUNDS))
    assert held_token(vault, serial(1)).token.progress.next_factor == ROUNDS
    assert _chain_is_whole(vault, event(serial(1)).chain)


def _chain_is_whole(vault: SqlVault, chain: int) -> bool:
    heads = {head.chain: head for head in vault.heads()}
    return list(check_chain(chain, vault.chain(chain), heads.get(chain))) == []
