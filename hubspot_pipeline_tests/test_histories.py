"""Two short random histories: at rest the warehouse equals the portal. More of them: the simulator's own command."""

from pathlib import Path

import pytest

from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.simulator import play


@pytest.mark.parametrize("seed", [1, 5])
def test_a_random_history_ends_with_warehouse_and_portal_equal(sandbox: Sandbox, tmp_path: Path, seed: int) -> None:
    assert play(seed, sandbox, tmp_path, rounds=2) == []
