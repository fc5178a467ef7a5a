"""Where the token goes and where it never does, what an answer may do to this machine, and who can reach it."""

import errno
import gzip
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from hubspot_pipeline import hubspot
from hubspot_pipeline.api import download
from hubspot_pipeline.api.auth import INTROSPECT_PATH, REVOKE_PATH, TOKEN_PATH
from hubspot_pipeline.api.client import ATTEMPTS, TOKEN_INFO_PATH, Client, Meter
from hubspot_pipeline.assets.resource import HubSpotResource
from hubspot_pipeline.cli import parser
from hubspot_pipeline.errors import ConfigError, HubSpotError
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.settings import Credential, Secret, Settings
from hubspot_pipeline_tests.conftest import TOKEN, Sandbox
from hubspot_pipeline_tests.listening import Reply, listening
from hubspot_pipeline_tests.runs import ROOT

CONTACTS = "/crm/objects/2026-03/contacts"
PAGE = json.dumps({"results": [{"id": str(number), "properties": {"email": "e" * 400}} for number in range(100)]})
GZIP = {"Content-Encoding": "gzip"}


def client(url: str) -> Client:
    """A client of whatever listens there, that waits for nothing."""
    return Client(Settings(Path(), Path(), Credential(access_token=Secret(TOKEN)), url, backoff=0.0))


def rows(url: str) -> int:
    return len(client(url).get(CONTACTS, parse=unnest.page, meter=Meter()).results)


# --- where the token goes


ELSEWHERE = [
    "https://example.com", "http://api.hubapi.com", "https://hubapi.com", "https://evilhubapi.com",
    "https://api.hubapi.com.example.com", "https://api.hubapi.com@example.com", "https://example.com/.hubapi.com",
    "https://example.com\\.hubapi.com", "https://example.com#.hubapi.com", "https://example.com?.hubapi.com",
    "http://127.0.0.1@example.com", "http://localhost.example.com", "http://127.0.0.1:80@example.com", "http://10.0.0.7",
    "http://user:password@127.0.0.1", "ftp://localhost", "//api.hubapi.com", "api.hubapi.com", "http://127.0.0.1\n.x.com",
    "https://api.hubapi.com/a",
]  # fmt: skip


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_base_url_is_hubspots_or_this_machine_whoever_gives_it(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBSPOT_BASE_URL", url)
    with pytest.raises(ConfigError, match="HUBSPOT_BASE_URL") as refused:
        Settings.load()
    assert "password" not in str(refused.value)
    monkeypatch.delenv("HUBSPOT_BASE_URL")
    with pytest.raises(ConfigError, match="HUBSPOT_BASE_URL"):
        HubSpotResource(base_url=url).settings()
    with pytest.raises(Exception, match="HUBSPOT_BASE_URL"):
        hubspot(access_token=TOKEN, base_url=url)


@pytest.mark.parametrize(
    "url", ["https://api.hubapi.com/", "https://api-eu1.hubapi.com:443", "http://127.0.0.1:8765", "http://[::1]:80"]
)
def test_hubspots_addresses_and_this_machines_are_taken(url: str) -> None:
    assert Settings.load(env={"HUBSPOT_BASE_URL": url}).base_url == url.rstrip("/")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_takes_the_token_nowhere(status: int) -> None:
    with listening(lambda path: Reply()) as other:
        away = Reply(status=status, headers={"Location": f"{other.url}/there"})
        with listening(lambda path: away) as portal:
            one, meter = client(portal.url), Meter()
            for call in (
                lambda: one.get(CONTACTS, parse=unnest.page, meter=meter),
                lambda: one.post(f"{CONTACTS}/search", {}, parse=unnest.page, meter=meter),
                lambda: one.post(TOKEN_INFO_PATH, {"tokenKey": TOKEN}, parse=unnest.rows, meter=meter),
            ):
                with pytest.raises(HubSpotError, match="a redirect"):
                    call()
            for path in (TOKEN_PATH, INTROSPECT_PATH, REVOKE_PATH):
                assert one.post_form(path, {"client_secret": "secret"}) == (status, {})
        assert len(portal.requests) == 6
    assert other.requests == []


def test_a_next_link_of_another_host_is_not_followed() -> None:
    with listening(lambda path: Reply()) as other:
        link = f"{other.url}{CONTACTS}?after=2"
        page = json.dumps({"results": [], "paging": {"next": {"after": "2", "link": link}}}).encode()
        with listening(lambda path: Reply(page)) as portal:
            found = client(portal.url).get(CONTACTS, parse=unnest.page, meter=Meter())
    assert found.after == "2"
    assert other.requests == []


def test_the_token_goes_along_with_no_file(tmp_path: Path) -> None:
    with listening(lambda path: Reply(b"content")) as cdn:
        moved = Reply(status=302, headers={"Location": f"{cdn.url}/file"})
        with listening(lambda path: moved) as portal:
            client(portal.url).download(f"{portal.url}/signed", tmp_path / "file", meter=Meter())
    assert (tmp_path / "file").read_bytes() == b"content"
    for _, _, headers in portal.requests + cdn.requests:
        assert "authorization" not in headers
        assert TOKEN not in str(headers)
    assert len(cdn.requests) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl here to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-keyout", str(key), "-out", str(certificate), "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost"]  # fmt: skip
    subprocess.run(made, check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with listening(lambda path: Reply(PAGE.encode()), tls) as portal:
        with pytest.raises(HubSpotError, match="has no certificate this machine trusts"):
            rows(portal.url)
        assert portal.requests == []
        # whoever trusts it reads it, so the certificate is what kept the others out
        assert requests.get(portal.url, verify=str(certificate), timeout=10).status_code == 200


# --- what an answer may do


BOMBED = """
import json, resource, sys
from pathlib import Path
from hubspot_pipeline.api.client import TOKEN_PATH, Client, HubSpotError, Meter, Settings
from hubspot_pipeline.settings import Credential, Secret
one = Client(Settings(Path(), Path(), Credential(access_token=Secret("pat-1")), sys.argv[1], backoff=0.0))
before, said = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, []
for call in (lambda: one.get("/crm/owners", parse=len, meter=Meter()), lambda: one.post_form(TOKEN_PATH, {})):
    try:
        said.append(call())
    except HubSpotError as error:
        said.append(str(error))
print(json.dumps([*said, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before]))
"""
"""Two calls by a process that tells how much memory they took at their most, in kilobytes."""


@pytest.mark.parametrize("length", [True, False], ids=["whole", "chunked"])
def test_an_answer_that_unpacks_without_end_is_given_up(length: bool) -> None:
    bomb = gzip.compress(bytes(64 << 20), 1) * 16
    assert len(bomb) < 5 << 20
    with listening(lambda path: Reply(bomb, headers=GZIP, length=length)) as portal:
        done = subprocess.run([sys.executable, "-c", BOMBED, portal.url], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]
    first, second, kilobytes = json.loads(done.stdout)
    assert "GET /crm/owners: the answer is larger than 256 MB" in first
    assert f"POST {TOKEN_PATH}: the answer is larger than 256 MB" in second
    assert kilobytes < 400 << 10
    assert len(portal.requests) == 2, "it would be as large when asked for again"


def test_an_answer_nested_without_end_is_an_error() -> None:
    deep = b'{"results":[{"id":"1","properties":' + b'{"a":' * 100_000
    for content in (deep, b'{"results":' + b"[" * 100_000):
        with listening(lambda path, body=content: Reply(body)) as portal:  # type: ignore[misc]
            for parse in (unnest.page, unnest.rows):
                with pytest.raises(HubSpotError, match=f"GET {CONTACTS}"):
                    client(portal.url).get(CONTACTS, parse=parse, meter=Meter())


def test_a_refusal_nested_without_end_is_the_refusal() -> None:
    refusal = Reply(b"[" * 100_000, status=400)
    with listening(lambda path: refusal) as portal, pytest.raises(HubSpotError, match="answered 400"):
        rows(portal.url)


@pytest.mark.parametrize("length", [True, False], ids=["whole", "chunked"])
@pytest.mark.parametrize("encoding", ["identity", "gzip", "deflate"])
def test_a_page_is_read_however_it_is_packed(encoding: str, length: bool) -> None:
    packed = {"identity": PAGE.encode(), "gzip": gzip.compress(PAGE.encode()), "deflate": zlib.compress(PAGE.encode())}
    reply = Reply(packed[encoding], headers={"Content-Encoding": encoding}, length=length)
    with listening(lambda path: reply) as portal:
        one, meter = client(portal.url), Meter()
        for _ in range(3):
            assert len(one.get(CONTACTS, parse=unnest.page, meter=meter).results) == 100
    assert (meter.calls, meter.retries, meter.bytes) == (3, 0, 3 * len(PAGE))


@pytest.mark.parametrize("cut", ["short of its length", "in the middle of its packing", "no packing at all"])
def test_a_packed_answer_that_is_not_whole_is_asked_for_again(cut: str) -> None:
    whole = gzip.compress(PAGE.encode())
    broken = {
        "short of its length": Reply(whole[:90], headers=GZIP, length=len(whole)),
        "in the middle of its packing": Reply(whole[:90], headers=GZIP),
        "no packing at all": Reply(PAGE.encode(), headers=GZIP),
    }[cut]
    replies = [broken, Reply(whole, headers=GZIP)]
    with listening(lambda path: replies.pop(0)) as portal:
        assert rows(portal.url) == 100
    with listening(lambda path: broken) as portal, pytest.raises(HubSpotError, match=f"tried {ATTEMPTS} times"):
        rows(portal.url)
    assert len(portal.requests) == ATTEMPTS


def test_a_file_is_kept_up_to_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MOST_BYTES", 10 << 20)
    large = Reply(gzip.compress(bytes(11 << 20), 1), headers=GZIP)
    with listening(lambda path: large) as portal, pytest.raises(HubSpotError, match="was not kept"):
        client(portal.url).download(portal.url, tmp_path / "file", meter=Meter())
    assert list(tmp_path.iterdir()) == []


# --- who can reach this machine


def test_the_sandbox_portal_is_there_for_this_machine_alone(sandbox: Sandbox) -> None:
    with socket.socket() as other:
        # loopback is a whole network: an address of it that is not 127.0.0.1 stands for any other interface
        assert other.connect_ex(("127.0.0.2", urlsplit(sandbox.url).port or 0)) == errno.ECONNREFUSED


def test_the_ui_is_there_for_this_machine_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    monkeypatch.setattr(os, "execve", lambda *given: started.append(given))
    monkeypatch.chdir(ROOT)
    arguments = parser().parse_args(["ui", "--port", "0"])
    with pytest.MonkeyPatch.context() as here:
        here.setattr(os, "chdir", lambda path: None)
        arguments.act(Settings(ROOT, tmp_path), arguments)
    ((_, command, _),) = started
    assert command[command.index("-h") + 1] == "127.0.0.1"


def test_nothing_that_the_documents_start_listens_to_other_machines() -> None:
    said = {name: (ROOT / name).read_text() for name in ("README.md", "Makefile", "docs/sandbox.md", "SECURITY.md")}
    hosts = {host for text in said.values() for host in re.findall(r"dagster\S* [^\n]*-h (\S+)", text)}
    assert hosts == {"127.0.0.1"}
    assert [name for name, text in said.items() if "0.0.0.0" in text] == []
