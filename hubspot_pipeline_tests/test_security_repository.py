"""What is committed: no secrets, no dangerous calls, audited dependencies, a model of security that is tested."""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hubspot_pipeline_tests.audit import LOCK, audit
from hubspot_pipeline_tests.conftest import TOKEN
from hubspot_pipeline_tests.listening import Heard, Reply, listening
from hubspot_pipeline_tests.runs import ROOT

SECRET_LIKE = re.compile(
    rb"pat-(?:na|eu|ap)\d-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    rb"|-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}|gh[pousr]_[0-9A-Za-z]{36}"
    rb"|HUBSPOT_(?:ACCESS_TOKEN|CLIENT_SECRET|REFRESH_TOKEN|HASH_KEY)[ \t]*=[ \t]*[0-9A-Za-z][^\s.]{11,}"
)
INVENTED = {TOKEN.encode(), b"pat-na1-00000000-0000-4000-8000-000000000000"}
"""Tokens that open the sandbox portal of this machine and nothing else."""
LOADERS = {"pickle", "marshal", "shelve", "dill", "jsonpickle"}
RUNNERS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load",
           "yaml.full_load", "yaml.load_all"}  # fmt: skip
WORDS = {"shell=True", "verify=False", "Loader=yaml.Loader", "Loader=yaml.UnsafeLoader"}


def _git(*words: str) -> list[str]:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode > 1:
        pytest.skip("this is no git checkout")
    return done.stdout.split("\0" if "-z" in words else "\n")


def _committed() -> list[Path]:
    return [ROOT / name for name in _git("ls-files", "-z") if name and (ROOT / name).is_file()]


def test_no_secret_is_committed() -> None:
    found = {
        (str(path.relative_to(ROOT)), hit)
        for path in _committed()
        for hit in SECRET_LIKE.findall(path.read_bytes())
        if hit not in INVENTED
    }
    assert found == set()


@pytest.mark.parametrize("text", [
    b"pat-eu1-" + b"01234567-89ab-cdef-0123-456789abcdef", b"-----BEGIN " + b"EC PRIVATE KEY-----",
    b"HUBSPOT_CLIENT_" + b"SECRET=01234567-89ab-cdef",
])  # fmt: skip
def test_the_look_for_secrets_sees_one(text: bytes) -> None:
    assert SECRET_LIKE.search(text)


def test_what_holds_secrets_or_data_is_ignored_and_what_people_edit_is_not() -> None:
    kept_out = [".env", "data/warehouse.duckdb", "data/live/credentials.json", "data/dagster_home/dagster.yaml",
                "dbt_project/target/manifest.json", "dbt_project/logs/dbt.log"]  # fmt: skip
    assert [name for name in _git("check-ignore", *kept_out, "hubspot.yaml", ".env.example") if name] == kept_out
    names = {path.name for path in _committed()}
    assert not {name for name in names if name == ".env" or name.endswith((".duckdb", ".db", ".pem", ".pickle"))}


def test_nothing_foreign_is_unpacked_into_objects_or_run() -> None:
    found = [(path.name, what) for path in (ROOT / "hubspot_pipeline").rglob("*.py") for what in _dangerous(path)]
    assert found == []


@pytest.mark.parametrize("text", [
    "import pickle", "from marshal import loads", "x = eval('1')", "yaml.load(text)", "run('ls', shell=True)",
    "get(url, verify=False)", "session.verify = local", "context.check_hostname = 0",
])  # fmt: skip
def test_the_look_for_dangerous_calls_sees_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "one.py").write_text(text)
    assert list(_dangerous(tmp_path / "one.py"))


def _dangerous(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from LOADERS & {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            yield from LOADERS & {(node.module or "").partition(".")[0]}
        elif isinstance(node, ast.Call):
            yield from RUNNERS & {ast.unparse(node.func)}
            yield from WORDS & {f"{word.arg}={ast.unparse(word.value)}" for word in node.keywords}
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield from {"verify", "check_hostname", "verify_mode"} & {node.attr}


# --- dependencies


LOCKED = "first==1.0 --hash=sha256:{0}\nsecond==2.0 --hash=sha256:{0}\n".format("0" * 64)
FLAW = {"id": "PYSEC-1-1", "summary": "a flaw", "affected": [{
    "package": {"name": "second", "ecosystem": "PyPI"},
    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.1"}]}],
}]}  # fmt: skip


@contextmanager
def _database(*flaws: object) -> Iterator[Heard]:
    """A vulnerability database that knows flaws of the second package it is asked about."""
    replies = [Reply(b"{}"), Reply(json.dumps({"vulns": flaws} if flaws else {}).encode())]
    with listening(lambda path: replies.pop(0)) as heard:
        yield heard


def _lock(tmp_path: Path) -> Path:
    (tmp_path / "lock").write_text(LOCKED)
    return tmp_path / "lock"


def test_a_known_vulnerability_ends_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with _database(FLAW) as database:
        assert audit(_lock(tmp_path), ["--osv-url", database.url]) == 1
    said = capsys.readouterr().out
    assert "second 2.0: PYSEC-1-1, mended by 2.1" in said
    assert "2 pinned packages audited, 1 with known vulnerabilities." in said


def test_packages_without_a_known_vulnerability_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with _database() as database:
        assert audit(_lock(tmp_path), ["--osv-url", database.url]) == 0
    assert "2 pinned packages audited, 0 with known" in capsys.readouterr().out
    assert len(database.requests) == 2


def test_without_a_network_the_check_says_so_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(_lock(tmp_path), ["--osv-url", "http://127.0.0.1:9/"]) == 0
    assert "NOT AUDITED" in capsys.readouterr().out
    assert audit(_lock(tmp_path), ["--osv-url", "http://127.0.0.1:9/"], patience=0.01) == 0
    assert "NOT AUDITED: the vulnerability database could not be asked (it took more" in capsys.readouterr().out


def test_every_pinned_package_is_audited_when_the_rest_is_checked() -> None:
    pinned = {name: set(re.findall(r"^([a-z0-9_.-]+==[^ ;\\]+)", (ROOT / name).read_text(), re.MULTILINE))
              for name in ("requirements.lock", "requirements-dev.lock")}  # fmt: skip
    assert LOCK.name == "requirements-dev.lock"
    assert pinned["requirements.lock"] <= pinned["requirements-dev.lock"]
    check = (ROOT / "Makefile").read_text().split("\ncheck:", 1)[1].split("\n\n", 1)[0]
    assert "python -m hubspot_pipeline_tests.audit" in check


# --- the document


def test_every_claim_about_security_names_its_test() -> None:
    lines = (ROOT / "SECURITY.md").read_text().splitlines()
    claims = [line for line in lines if line.startswith("| ") and not line.startswith("| claim")]
    assert len(claims) > 15
    assert [line for line in claims if "`test_" not in line.split(" | ")[-1]] == []
