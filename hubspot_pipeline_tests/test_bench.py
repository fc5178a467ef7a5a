"""The benchmark's own steps run, so that `make bench` does not rot between releases."""

from pathlib import Path

from hubspot_pipeline_tests.bench import STEPS
from hubspot_pipeline_tests.conftest import Sandbox


def test_floor_and_sync_read_the_same_records(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.post("seed", {"bench": {"contacts": 120, "companies": 30, "deals": 60, "properties": 5}})
    floor = STEPS["floor"](tmp_path / "floor", sandbox.url)
    first = STEPS["first"](tmp_path / "data", sandbox.url)
    assert floor["records"] == first["records"] == 210
