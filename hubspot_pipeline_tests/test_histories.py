"""Ten random histories: at rest the warehouse equals the portal and the log of its events. More: `make soak`."""

from pathlib import Path

import pytest

from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.simulator import play


@pytest.mark.parametrize("seed", range(1, 11))
def test_a_random_history_ends_with_warehouse_portal_and_event_log_equal(
    sandbox: Sandbox, tmp_path: Path, seed: int
) -> None:
    played = play(seed, sandbox, tmp_path, rounds=4 if seed == 1 else 2, marts=seed == 1)
    assert played.syncs <= 8
    assert played.found == [], "\n".join([f"seed {seed}", *played.log, *played.found[:40]])


@pytest.mark.slow
def test_a_history_can_be_cut_short(sandbox: Sandbox, tmp_path: Path) -> None:
    cut = play(3, sandbox, tmp_path, rounds=1, until=4, marts=False)
    assert (cut.found, cut.events) == ([], 4)
