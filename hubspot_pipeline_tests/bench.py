"""What a first and an incremental sync cost, beside the floor: `make bench`.

A computed sandbox portal (no latency, no limits) in one process -> each measured step in a process of its own ->
records/s, CPU seconds (user + system), peak memory and calls. The floor fetches the same pages, parses them and
inserts them into the same columns, JSON included, and does nothing else.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hubspot_pipeline_tests.conftest import TOKEN

ROOT = Path(__file__).resolve().parent.parent


def _cpu() -> float:
    used = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in used)


def _measured(step: Callable[[], int], begun: float) -> dict[str, Any]:
    start_cpu, start = _cpu(), time.perf_counter()
    records = step()
    return {
        "records": records, "seconds": time.perf_counter() - start, "cpu": _cpu() - start_cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "start_cpu": begun,
    }  # fmt: skip


def _sync(data_dir: Path, url: str) -> dict[str, Any]:
    from hubspot_pipeline.warehouse.run import run
    from hubspot_pipeline_tests.runs import landed, settings

    given = settings(data_dir, url, small_portal=0)

    def step() -> int:
        result = landed(run(given))
        return sum(result.outcomes[name].rows_read for name in ("contacts", "companies", "deals"))

    return _measured(step, _cpu())


def _floor(data_dir: Path, url: str) -> dict[str, Any]:
    import duckdb
    import pyarrow as pa
    import requests

    from hubspot_pipeline import streams
    from hubspot_pipeline.extract import unnest, versions
    from hubspot_pipeline.warehouse.changes import LINK_SCHEMA
    from hubspot_pipeline.warehouse.names import assign

    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {TOKEN}"
    data_dir.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(str(data_dir / "floor.duckdb"))

    def insert(name: str, table: pa.Table) -> None:
        con.register("chunk", table)
        con.execute(f"CREATE TABLE IF NOT EXISTS {name} AS SELECT * FROM chunk LIMIT 0")
        con.execute(f"INSERT INTO {name} SELECT * FROM chunk")
        con.unregister("chunk")

    def records(stream: streams.Stream) -> list[str]:
        path = f"{url}/crm/properties/{streams.API_VERSION}/{stream.object}"
        names = sorted(p["name"] for p in session.get(path).json()["results"])
        columns = assign(names, {})
        params = {"properties": ",".join(names), "limit": "100", "archived": "false"}
        if stream.name == "deals":
            params |= {"propertiesWithHistory": ",".join(stream.history), "limit": "50"}
        ids: list[str] = []
        buffer: list[unnest.Record] = []
        after: str | None = None
        while True:
            start = {"after": after} if after else {}
            page = unnest.page(session.get(url + streams.objects_path(stream), params=params | start).content)
            buffer += page.results
            after = page.after
            if len(buffer) >= 5_000 or after is None:
                insert(stream.name, unnest.table(buffer, columns, None)[0])
                if stream.name == "deals":
                    insert(f"{stream.name}_history", versions.history_table(buffer, None))
                ids += [str(record.id) for record in buffer]
                buffer = []
            if after is None:
                return ids

    def links(stream: streams.Stream, ids: list[str]) -> None:
        for to_object in stream.pairs:
            path = f"{url}/crm/associations/{streams.API_VERSION}/{stream.object}/{to_object}/batch/read"
            for i in range(0, len(ids), 1_000):
                body = {"inputs": [{"id": id_} for id_ in ids[i : i + 1_000]]}
                page = unnest.links(session.post(path, json=body).content)
                rows = [
                    {"from_object": stream.object, "from_id": str(linked.from_.id), "to_object": to_object,
                     "to_id": str(target.toObjectId), "category": kind.category, "type_id": kind.typeId,
                     "label": kind.label}
                    for linked in page.results for target in linked.to for kind in target.associationTypes
                ]  # fmt: skip
                insert("associations", pa.Table.from_pylist(rows, LINK_SCHEMA))

    def step() -> int:
        total = 0
        for name in ("contacts", "companies", "deals"):
            stream = streams.DECLARED.by_name[name]
            ids = records(stream)
            links(stream, ids)
            total += len(ids)
        con.close()
        return total

    return _measured(step, _cpu())


def _marts(data_dir: Path, url: str) -> dict[str, Any]:
    from hubspot_pipeline.assets.execute import execute
    from hubspot_pipeline_tests.runs import settings

    def step() -> int:
        done = execute(settings(data_dir, url), job="marts")
        assert done.success, done.message
        return 0

    return _measured(step, _cpu())


STEPS = {"floor": _floor, "first": _sync, "incremental": _sync, "marts": _marts}


def _child(step: str, data_dir: Path, url: str) -> dict[str, Any]:
    command = [
        sys.executable,
        "-m",
        "hubspot_pipeline_tests.bench",
        "--step",
        step,
        "--data-dir",
        str(data_dir),
        "--url",
        url,
    ]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure every step and print one line each."""
    parser = argparse.ArgumentParser(prog="python -m hubspot_pipeline_tests.bench", description=__doc__)
    parser.add_argument("--contacts", type=int, default=20_000)
    parser.add_argument("--companies", type=int, default=5_000)
    parser.add_argument("--deals", type=int, default=10_000)
    parser.add_argument("--properties", type=int, default=60)
    parser.add_argument(
        "--changed", type=float, default=0.01, help="share of the records changed before the second sync"
    )
    parser.add_argument("--only", choices=STEPS, help="this step alone; e.g. first, with --contacts 500000")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--data-dir", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        print(json.dumps(STEPS[given.step](given.data_dir, given.url)))
        return
    _report(given)


def _report(given: argparse.Namespace) -> None:
    import requests

    from hubspot_pipeline.sandbox.bench import portal_process

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        location, _ = stack.enter_context(portal_process())
        url = f"http://{location}"

        def admin(method: str, path: str, body: Any = None) -> Any:
            answer = requests.request(method, f"{url}/_sandbox/{path}", json=body, timeout=600)
            answer.raise_for_status()
            return answer.json() if answer.content else None

        size = {name: getattr(given, name) for name in ("contacts", "companies", "deals", "properties")}
        admin("POST", "seed", {"bench": size})
        print(f"portal: {size}; CPU = user + system seconds of the measured process and its children\n")
        heads = {"records": 9, "seconds": 9, "rec/s": 9, "CPU": 8, "peak MB": 9, "calls": 7, "imports CPU": 13}
        print(f"{'step':<14}" + "".join(f"{head:>{width}}" for head, width in heads.items()))
        figures = {}
        for step in [given.only] if given.only else STEPS:
            if step == "incremental":
                _change(url, admin, given)
            admin("DELETE", "calls")
            found = figures[step] = _child(step, folder / ("floor" if step == "floor" else "data"), url)
            calls = admin("GET", "calls/count")["total"]
            rate = found["records"] / found["seconds"]
            print(f"{step:<14}{found['records']:>9,}{found['seconds']:>9.1f}{rate:>9,.0f}{found['cpu']:>8.1f}"
                  f"{found['peak_mb']:>9,.0f}{calls:>7,}{found['start_cpu']:>13.1f}")  # fmt: skip
        if given.only:
            return
        ratio = figures["first"]["cpu"] / figures["floor"]["cpu"]
        wall = figures["first"]["seconds"] / figures["floor"]["seconds"]
        print(f"\nfirst sync / floor: {ratio:.2f} in CPU, {wall:.2f} in time (aim: at most 3)")


def _change(url: str, admin: Callable[..., Any], given: argparse.Namespace) -> None:
    """Move the clock, then change a share of the records of each object."""
    admin("POST", "clock", {"advance_ms": 3_600_000})
    for name, title in (("contacts", "firstname"), ("companies", "name"), ("deals", "dealname")):
        ids = _some_ids(url, name, max(1, int(getattr(given, name) * given.changed)))
        change = {"op": "update", "object_type": name, "properties": {title: "Changed"}}
        admin("POST", "mutate", {"ops": [change | {"id": id_} for id_ in ids]})
    admin("POST", "clock", {"advance_ms": 3_600_000})


def _some_ids(url: str, name: str, count: int) -> list[str]:
    import requests

    ids: list[str] = []
    params: dict[str, str] = {"limit": "100"}
    while len(ids) < count:
        page = requests.get(f"{url}/crm/v3/objects/{name}", params, headers={"Authorization": f"Bearer {TOKEN}"}).json()
        ids += [record["id"] for record in page["results"]]
        params["after"] = page["paging"]["next"]["after"]
    return ids[:count]


if __name__ == "__main__":
    main()
