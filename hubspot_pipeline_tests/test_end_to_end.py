"""What a newcomer does: the demo, then a sync while somebody reads; and the real data set's known figures."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from hubspot_pipeline import query
from hubspot_pipeline.assets.execute import execute
from hubspot_pipeline.sandbox import Portal, importer, serve
from hubspot_pipeline.settings import Settings
from hubspot_pipeline_tests.oracle import differences
from hubspot_pipeline_tests.runs import ROOT, settings

REAL = ROOT.parent / "shared" / "data" / "crm_sales_opportunities"


def _command(data_dir: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`hubspot-pipeline` as a newcomer starts it: no environment activated, no credential set."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("HUBSPOT_", "DAGSTER_", "DBT_"))}
    env |= {"HUBSPOT_DATA_DIR": str(data_dir), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "hubspot_pipeline.cli", *words]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=400)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data folder in which `make demo` ran."""
    folder = tmp_path_factory.mktemp("demo")
    done = _command(folder, "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "marts.customers" in done.stdout
    return Settings(ROOT, folder)


def test_the_demo_ends_in_marts_that_can_be_asked(demo: Settings) -> None:
    for mart in ("customers", "people", "deals"):
        assert query(f"SELECT count(*) AS n FROM marts.{mart}", demo)["n"][0] > 0
    status = _command(demo.data_dir, "status")
    assert status.returncode == 0
    assert "contacts" in status.stdout
    assert "succeeded" in status.stdout


def test_a_run_succeeds_while_somebody_reads_and_the_reader_sees_one_snapshot(demo: Settings) -> None:
    with duckdb.connect(str(demo.published), read_only=True) as reader:
        before = reader.execute("SELECT count(*), max(finished_at) FROM hubspot.sync_runs").fetchall()
        done = _command(demo.data_dir, "sync", "contacts", "deals", "--no-marts")
        assert done.returncode == 0, done.stderr
        assert reader.execute("SELECT count(*), max(finished_at) FROM hubspot.sync_runs").fetchall() == before


def test_wrong_words_end_with_2_and_say_what_to_do(demo: Settings, tmp_path: Path) -> None:
    done = _command(demo.data_dir, "sync", "contact")
    assert (done.returncode, "contacts" in done.stderr) == (2, True)
    done = _command(tmp_path, "sync")
    assert (done.returncode, "HUBSPOT_ACCESS_TOKEN" in done.stderr) == (2, True)
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".load" / "warehouse.duckdb").exists()


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Settings]]:
    """The sales data set, loaded into a sandbox portal, synced and modelled."""
    if not REAL.is_dir():
        pytest.skip(f"the sales data set is not beside this repository ({REAL.name})")
    portal = Portal()
    importer.load(portal, REAL)
    with serve(portal, rate_limit=0) as server:
        given = settings(tmp_path_factory.mktemp("real"), server.url)
        done = execute(given)
        assert done.success, done.message
        yield server.url, given


def test_the_real_data_set_gives_its_known_figures(real: tuple[str, Settings]) -> None:
    deals = query(
        """
        SELECT count(*) AS deals, count(*) FILTER (is_won) AS won, count(*) FILTER (is_lost) AS lost,
               sum(amount) FILTER (is_won) AS revenue, avg(sales_cycle_days) FILTER (is_won) AS mean_cycle,
               median(sales_cycle_days) FILTER (is_won) AS median_cycle,
               count(*) FILTER (primary_company_id IS NULL) AS without_company
        FROM marts.deals
        """,
        real[1],
    ).iloc[0]
    assert (deals.deals, deals.won, deals.lost, deals.without_company) == (8_800, 4_238, 2_473, 1_425)
    assert float(deals.revenue) == 10_005_534
    assert round(100 * deals.won / (deals.won + deals.lost), 2) == 63.15
    assert (round(deals.mean_cycle, 1), deals.median_cycle) == (51.8, 57)


def test_the_real_data_set_names_its_best_owner_and_product(real: tuple[str, Settings]) -> None:
    best = query(
        "SELECT owner_name, sum(amount) AS won FROM marts.deals WHERE is_won GROUP BY 1 ORDER BY 2 DESC", real[1]
    )
    assert (best.owner_name[0], float(best.won[0])) == ("Darcel Schlecht", 1_153_214)
    product = query(
        """
        SELECT p.properties_name AS product, sum(d.amount) AS won
        FROM marts.deals AS d
        JOIN hubspot.associations AS a
          ON a.from_object = 'deals' AND a.from_id = d.deal_id AND a.to_object = 'line_items'
        JOIN hubspot.line_items AS l ON l.id = a.to_id
        JOIN hubspot.products AS p ON p.id = l.properties_hs_product_id
        WHERE d.is_won GROUP BY 1 ORDER BY 2 DESC
        """,
        real[1],
    )
    assert (product["product"][0], float(product.won[0])) == ("GTX Pro", 3_510_578)


def test_nothing_of_the_real_data_set_is_dropped_for_dirt(real: tuple[str, Settings]) -> None:
    url, given = real
    assert differences(url, given.working) == []
    assert query("SELECT count(*) AS n FROM hubspot.rejects", given)["n"][0] == 0
