"""A package that is handed over and not stored, or not whole: no cursor that went with it counts, and a run says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dlt
import duckdb
import pytest

from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.runs import rows
from hubspot_pipeline_tests.test_cursor import at, create, given, names, read

__all__ = ["given"]


class Killed(BaseException):
    """Ends a run as a signal would: nothing of it is tidied up."""


@contextmanager
def ending(monkeypatch: pytest.MonkeyPatch, stage: str) -> Iterator[None]:
    """A run ends where dlt would do this."""

    def end(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(dlt.Pipeline, stage, end)
        patched.setattr(dlt.Pipeline, "abort_packages", lambda self: None)
        with pytest.raises(Killed):
            yield


@pytest.mark.parametrize("stage", ["normalize", "load"])
def test_a_cursor_whose_package_was_not_loaded_does_not_count(
    sandbox: Sandbox, given: Settings, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    create(sandbox, "first")
    at(sandbox, 300)
    read(given)
    create(sandbox, "behind the look-back of the newest", 600)
    create(sandbox, "newest", 900)
    at(sandbox, 1200)
    with ending(monkeypatch, stage):
        run(given, streams=["contacts"])
    at(sandbox, 1500)
    read(given)
    assert names(given) == {"first", "behind the look-back of the newest", "newest"}


SPOILT = {
    "a row is missing": "DELETE FROM hubspot.contacts WHERE properties_firstname = 'new'",
    "the load is not recorded": "UPDATE hubspot._dlt_loads SET status = 1 WHERE load_id = (SELECT max(load_id) FROM "
                                "hubspot._dlt_loads)",
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILT)
def test_a_load_that_did_not_land_fails_its_stream_however_green_dlt_is(
    sandbox: Sandbox, given: Settings, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    create(sandbox, "old")
    read(given)
    at(sandbox, 60)
    create(sandbox, "new", 59)
    load = dlt.Pipeline.load

    def spoilt(pipeline: Any, *more: Any, **given_: Any) -> Any:
        info = load(pipeline, *more, **given_)
        with duckdb.connect(str(given.working)) as con:
            con.execute(SPOILT[what])
        return info

    with monkeypatch.context() as patched:
        patched.setattr(dlt.Pipeline, "load", spoilt)
        result = run(given, streams=["contacts"])
    assert [one.stream for one in result.failed] == ["contacts"]
    assert result.exit_code == 1
    assert "the next run reads" in result.failed[0].message
    at(sandbox, 120)
    read(given)
    assert names(given) == {"old", "new"}
    assert rows(given, "SELECT count(*) FROM hubspot.contacts") == [(2,)]
