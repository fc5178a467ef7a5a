"""The admin API under /_sandbox: reset, seed, clock, knobs, changes, faults, dump, call log.

JSON over HTTP, no token -> the sandbox turned

docs/sandbox.md lists every call, operation, kind and knob.
"""

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from hubspot_pipeline.sandbox.account import NotFoundHere
from hubspot_pipeline.sandbox.answers import Answer, json_answer
from hubspot_pipeline.sandbox.config import Config
from hubspot_pipeline.sandbox.encoding import Json, encode
from hubspot_pipeline.sandbox.instants import instant
from hubspot_pipeline.sandbox.portal import Portal
from hubspot_pipeline.sandbox.sandbox import Sandbox

OPERATIONS = (
    "create", "update", "archive", "restore", "merge", "gdpr_delete", "forget", "associate", "disassociate",
    "define_property", "archive_property", "define_group", "define_pipeline", "drop_pipeline", "define_schema",
    "drop_schema", "define_label", "drop_label", "add_owner", "archive_owner", "add_team", "add_user", "fill",
    "add_list", "update_list", "delete_list", "restore_list", "add_member", "remove_member", "put", "drop",
    "connect_schema", "disconnect_schema", "rename_label", "drop_group", "update_owner", "update_team", "drop_team",
    "update_user", "drop_user",
)  # fmt: skip
_KEPT = ("config", "tokens", "oauth")
"""Calls that change what a portal's own journal does not know."""
_OBJECT = {"object": "object_type"}


class Admin:
    """Handlers of the admin API."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._routes: dict[tuple[str, str], Callable[[Json, Json], Any]] = {
            ("POST", "reset"): self._reset, ("POST", "seed"): self._seed,
            ("GET", "clock"): self._clock, ("POST", "clock"): self._clock,
            ("GET", "config"): self._config, ("POST", "config"): self._config,
            ("POST", "mutate"): self._mutate, ("POST", "tokens"): self._tokens, ("POST", "oauth"): self._oauth,
            ("GET", "calls"): self._calls, ("DELETE", "calls"): self._clear_calls, ("GET", "calls/count"): self._count,
            ("POST", "faults"): self._faults, ("DELETE", "faults"): self._clear_faults,
            ("POST", "hooks"): self._hooks, ("DELETE", "hooks"): self._clear_hooks,
        }  # fmt: skip

    def answer(self, method: str, path: str, query: bytes, raw: bytes) -> Answer:
        """Serves one admin call; a wrong argument gives 400 with what was wrong."""
        name = path.removeprefix("/_sandbox").strip("/")
        if (method, name) == ("GET", "dump"):
            return self._dump(parse_qs(query.decode()))
        handler = self._routes.get((method, name))
        if handler is None:
            return json_answer({"message": f"no {method} /_sandbox/{name}"}, 404)
        try:
            given = json.loads(raw) if raw else {}
            parameters = {key: values[-1] for key, values in parse_qs(query.decode()).items()}
            result = handler(given, parameters)
            if name in _KEPT and given:
                self.sandbox.remember(name, json.loads(raw))
                self.sandbox.keep_clock()  # filling a portal sets it
            return json_answer(result)
        except (ValueError, KeyError, TypeError, NotFoundHere) as error:
            return json_answer({"message": f"{type(error).__name__}: {error}"}, 400)

    def _dump(self, parameters: dict[str, list[str]]) -> Answer:
        """NDJSON of the portal, whole or only the `kinds` asked for."""
        kinds = {kind for value in parameters.get("kinds", ()) for kind in value.split(",")}
        rows = (row for row in self.sandbox.portal.dump() if not kinds or row["kind"] in kinds)
        return Answer(200, b"".join(encode(row) + b"\n" for row in rows), content_type="application/x-ndjson")

    def again(self, name: str, given: Json) -> None:
        """Repeats a call that was kept in the state file."""
        self._routes[("POST", name)](given, {})

    def _reset(self, given: Json, _: Json) -> Json:
        old = self.sandbox.portal
        portal = Portal(**given)
        portal.journal = old.journal
        if portal.journal is not None:
            portal.journal.restart()
            portal.journal.write("__init__", given)
        self.sandbox.start(portal, Config())
        return {"portal_id": portal.portal_id}

    def _seed(self, given: Json, _: Json) -> Json:
        """A generated portal, an imported one or a computed one for measuring, on top of what is there."""
        portal = self.sandbox.portal
        if "bench" in given:
            wanted = {"contacts": 20_000, "companies": 5_000, "deals": 10_000, "properties": 60} | given["bench"]
            portal.fill(**wanted)
        elif "load" in given:
            from hubspot_pipeline.sandbox import importer

            importer.load(portal, Path(given["load"]))
        else:
            from hubspot_pipeline.sandbox import seed

            seed.generate(portal, **given)
        return {name: len(shelf.live) for name, shelf in portal.shelves.items()}

    def _clock(self, given: Json, _: Json) -> Json:
        clock = self.sandbox.portal.clock
        if "now" in given:
            now = instant(given["now"])
            if now is None:
                raise ValueError(f"now {given['now']!r} is neither milliseconds nor ISO-8601")
            clock.set(now)
        if "advance_ms" in given:
            clock.advance(int(given["advance_ms"]))
        if "frozen" in given:
            (clock.freeze if given["frozen"] else clock.run)()
        if given:
            self.sandbox.keep_clock()
        return {"now": clock.now(), "frozen": clock.frozen}

    def _config(self, given: Json, _: Json) -> Json:
        if given:
            self.sandbox.configure(given)
        return dict(vars(self.sandbox.config))

    def _mutate(self, given: Json, _: Json) -> Json:
        return {"results": [self.operate(op) for op in given["ops"]]}

    def operate(self, op: Json) -> Any:
        """Runs one operation: the name of a `Portal` method and its arguments; `object` stands for `object_type`."""
        name = op["op"]
        if name not in OPERATIONS:
            raise ValueError(f"operation {name!r} is none of {', '.join(OPERATIONS)}")
        method = getattr(self.sandbox.portal, name)
        arguments = {_OBJECT.get(key, key): value for key, value in op.items() if key != "op"}
        for key in ("at",):
            if isinstance(arguments.get(key), str):
                arguments[key] = instant(arguments[key])
        known = inspect.signature(method).parameters
        unknown = sorted(set(arguments) - set(known))
        if unknown:
            raise ValueError(f"{name} takes {', '.join(known)}, not {', '.join(unknown)}")
        for key in ("id", "primary_id", "merged_id", "from_id", "to_id", "list_id", "record_id", "user_id"):
            if isinstance(arguments.get(key), int):
                arguments[key] = str(arguments[key])
        return method(**arguments)

    def _tokens(self, given: Json, _: Json) -> Json:
        self.sandbox.access.set_token(given)
        return {"token": given["token"]}

    def _oauth(self, given: Json, _: Json) -> Json:
        self.sandbox.access.set_client(given)
        return {"client_id": given["client_id"]}

    def _calls(self, _: Json, parameters: Json) -> Json:
        since = int(parameters.get("since", 0))
        return {"calls": [call for call in self.sandbox.calls if call["n"] > since], "total": self.sandbox.call_count}

    def _clear_calls(self, _: Json, __: Json) -> Json:
        self.sandbox.calls.clear()
        self.sandbox.call_count = 0
        return {"total": 0}

    def _count(self, _: Json, __: Json) -> Json:
        return self.sandbox.counts()

    def _faults(self, given: Json, _: Json) -> Json:
        self.sandbox.faults.add(given["faults"])
        return {"faults": len(self.sandbox.faults.faults)}

    def _clear_faults(self, _: Json, __: Json) -> Json:
        self.sandbox.faults.faults.clear()
        return {"faults": 0}

    def _hooks(self, given: Json, _: Json) -> Json:
        self.sandbox.faults.hook(given["hooks"])
        return {"hooks": len(self.sandbox.faults.hooks)}

    def _clear_hooks(self, _: Json, __: Json) -> Json:
        self.sandbox.faults.hooks.clear()
        return {"hooks": 0}
