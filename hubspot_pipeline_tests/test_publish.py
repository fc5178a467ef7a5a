"""What people open: replaced in one step, whatever others do with it meanwhile."""

import os
import shutil
from pathlib import Path

import duckdb
import pytest

from hubspot_pipeline import query
from hubspot_pipeline.errors import ConfigError, LoadError, WarehouseBusy
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse import store
from hubspot_pipeline.warehouse.publish import previous, publish, restore
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.reading import fill
from hubspot_pipeline_tests.runs import ROOT, landed, settings, small_disk


@pytest.fixture
def given(tmp_path: Path) -> Settings:
    """A working file with one row that says 1."""
    made = Settings(ROOT, tmp_path)
    store.create(made)
    _write(made, 1)
    return made


def _write(given: Settings, number: int) -> None:
    with store.open_store(given) as con:
        con.execute("CREATE OR REPLACE TABLE hubspot.t AS SELECT ? AS n", [number])


def test_a_reader_keeps_its_snapshot_while_the_file_is_replaced(given: Settings) -> None:
    publish(given)
    with duckdb.connect(str(given.published), read_only=True) as reader:
        assert reader.execute("SELECT n FROM hubspot.t").fetchall() == [(1,)]
        _write(given, 2)
        assert publish(given)
        assert reader.execute("SELECT n FROM hubspot.t").fetchall() == [(1,)]
    assert query("SELECT n FROM hubspot.t", given)["n"].tolist() == [2]


def test_nothing_changed_publishes_nothing(given: Settings) -> None:
    assert publish(given, changed=False)  # there is no file yet
    stamp = given.published.stat().st_mtime_ns
    assert not publish(given, changed=False)
    assert given.published.stat().st_mtime_ns == stamp


def test_what_a_run_that_was_killed_has_left_unpublished_is_published_by_one_that_changes_nothing(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    fill(sandbox, [1])
    given = settings(tmp_path, sandbox.url)
    landed(run(given, streams=["contacts"]))
    publish(given)
    fill(sandbox, [2])
    landed(run(given, streams=["contacts"]))  # as if killed here
    for expected in (True, False):
        quiet = landed(run(given, streams=["contacts"]))
        assert (quiet.changed, publish(given, quiet.changed)) == (False, expected)
    assert query("SELECT count(*) AS n FROM hubspot.contacts", given)["n"].tolist() == [2]


def test_a_stray_wal_is_set_aside_and_the_new_file_opens(given: Settings) -> None:
    publish(given)
    wal = given.published.with_name("warehouse.duckdb.wal")
    shutil.copyfile(given.published, given.data_dir / "other.duckdb")
    stranger = duckdb.connect(str(given.data_dir / "other.duckdb"))
    stranger.execute("CREATE TABLE hubspot.mine (a INTEGER)")
    shutil.copyfile(given.data_dir / "other.duckdb.wal", wal)
    stranger.close()
    _write(given, 3)
    with pytest.warns(UserWarning, match="set aside"):
        publish(given)
    assert not wal.exists()
    assert list(given.data_dir.glob("warehouse.duckdb.wal.*.aside"))
    assert query("SELECT n FROM hubspot.t", given)["n"].tolist() == [3]


def test_the_published_file_cannot_be_written_by_a_reader(given: Settings) -> None:
    publish(given)
    assert given.published.stat().st_mode & 0o777 == 0o444
    for sql in (
        "CREATE TABLE x (a INTEGER)",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/hostname')",
        "ATTACH '/tmp/x.duckdb'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
    ):
        with pytest.raises(duckdb.Error, match=r"read-only|disabled|running"):
            query(sql, given)


def test_older_duckdb_tools_open_it(given: Settings) -> None:
    publish(given)
    header = given.published.read_bytes()[:64]
    # bytes 12-20: storage version; 64 is 0.10 to 1.1, 65 is 1.2, which every later 1.x reads
    assert int.from_bytes(header[12:20], "little") == 65


def test_a_full_disk_leaves_what_people_read(given: Settings, tmp_path: Path) -> None:
    publish(given)
    _write(given, 2)
    with pytest.raises(LoadError, match="GB are needed"):
        store.require_space(tmp_path, 10**18)
    with small_disk(100_000), pytest.raises(LoadError, match=r"could not be replaced.*What people read is unchanged"):
        publish(given)
    assert query("SELECT n FROM hubspot.t", given)["n"].tolist() == [1]
    assert {path.name for path in tmp_path.iterdir()} == {"warehouse.duckdb", ".load"}
    publish(given)
    assert query("SELECT n FROM hubspot.t", given)["n"].tolist() == [2]


def test_restore_swaps_the_file_before_back_in(given: Settings) -> None:
    with pytest.raises(ConfigError, match="nothing was published"):
        restore(given)
    publish(given)
    _write(given, 2)
    publish(given)
    assert previous(given).exists()
    restore(given)
    assert query("SELECT n FROM hubspot.t", given)["n"].tolist() == [1]
    restore(given)
    assert query("SELECT n FROM hubspot.t", given)["n"].tolist() == [2]


@pytest.fixture
def twice(given: Settings) -> Settings:
    """Published twice: what people read says 2, the file before it 1."""
    publish(given)
    _write(given, 2)
    publish(given)
    return given


def _numbers(given: Settings) -> list[int]:
    """What the published file and the one before it say; fails the test where anything else lies beside them."""
    names = [name for name in (given.published.name, previous(given).name) if (given.data_dir / name).exists()]
    assert {path.name for path in given.data_dir.iterdir()} == {*names, ".load"}
    found = []
    for name in names:
        with duckdb.connect(str(given.data_dir / name), read_only=True) as con:
            found += [n for (n,) in con.execute("SELECT n FROM hubspot.t").fetchall()]
    return found


def test_restore_brings_the_file_before_where_the_published_one_is_missing(twice: Settings) -> None:
    twice.published.unlink()
    restore(twice)
    assert _numbers(twice) == [1]


def test_a_restore_that_was_killed_between_two_of_its_steps_is_ended_by_the_next_and_by_a_publication(
    twice: Settings, tmp_path: Path
) -> None:
    aside = tmp_path / "warehouse.swapping"
    twice.published.replace(aside)
    restore(twice)
    assert _numbers(twice) == [1, 2]
    twice.published.replace(aside)
    previous(twice).replace(twice.published)  # and killed one step later
    restore(twice)
    assert _numbers(twice) == [2, 1]
    twice.published.replace(aside)
    _write(twice, 3)
    publish(twice)
    assert _numbers(twice) == [3, 2]


def test_restore_leaves_the_files_alone_while_a_run_works(twice: Settings) -> None:
    with store.locked(twice), pytest.raises(WarehouseBusy, match="wait until it ends"):
        restore(twice)
    assert _numbers(twice) == [2, 1]


def test_a_lost_working_file_is_made_from_the_published_one(given: Settings) -> None:
    publish(given)
    shutil.rmtree(given.working.parent)
    store.create(given)
    with store.open_store(given) as con:
        assert con.execute("SELECT n FROM hubspot.t").fetchall() == [(1,)]
    assert os.access(given.working, os.W_OK)


def test_query_before_anything_is_published_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="make demo"):
        query("SELECT 1", Settings(ROOT, tmp_path))
