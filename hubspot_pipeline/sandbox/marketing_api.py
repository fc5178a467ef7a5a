"""Forms, their submissions, marketing e-mails, marketing campaigns over HTTP.

`Call` on /marketing or /form-integrations -> items as pages
"""

from functools import partial
from typing import Any

from hubspot_pipeline.sandbox.answers import Answer, invalid, json_answer, not_found
from hubspot_pipeline.sandbox.encoding import Json, encode
from hubspot_pipeline.sandbox.endpoints import Endpoint, offered, on, scoped
from hubspot_pipeline.sandbox.instants import instant
from hubspot_pipeline.sandbox.objects import envelope
from hubspot_pipeline.sandbox.pages import by_id, cut, paged
from hubspot_pipeline.sandbox.paths import DATED, Route
from hubspot_pipeline.sandbox.sandbox import Call

FORM_TYPES = ("hubspot", "captured", "flow", "blog_comment")
FORMS_MOST, SUBMISSIONS_MOST, EMAILS_MOST, EMAILS_PAGE, CAMPAIGNS_MOST = 100, 50, 300, 100, 100
EMAIL_SCOPES = ("content", "marketing.email.read", "marketing.email.write")
CAMPAIGN_SCOPES = ("marketing.campaigns.read",)


def endpoint(method: str, route: Route) -> Endpoint | None:
    """Everything below /marketing and /form-integrations that reads."""
    match route.parts:
        case ("marketing", "forms", *tail) if (route.version == "v3" or route.is_beta) and len(tail) < 2:
            read = partial(form, id=tail[0]) if tail else forms
            return on(method, scoped(("forms",), offered("forms", read)), "GET")
        case ("form-integrations", "submissions", "forms", id) if route.version == "v1":
            return on(method, scoped(("forms",), offered("forms", partial(submissions, id=id))), "GET")
        case ("marketing", "emails", *tail) if route.version in ("v3", *DATED) and len(tail) < 2:
            read = partial(email, id=tail[0]) if tail else emails
            return on(method, scoped(EMAIL_SCOPES, offered("marketing_emails", read)), "GET")
        case ("marketing", "campaigns", *tail) if route.version in ("v3", *DATED):
            return _campaigns(method, tuple(tail))
    return None


def _campaigns(method: str, tail: tuple[str, ...]) -> Endpoint | None:
    match tail:
        case ():
            return on(method, scoped(CAMPAIGN_SCOPES, offered("campaigns", campaigns)), "GET")
        case ("batch", "read"):
            return on(method, scoped(CAMPAIGN_SCOPES, offered("campaigns", campaign_batch)), "POST")
        case (id,):
            return on(method, scoped(CAMPAIGN_SCOPES, offered("campaigns", partial(campaign, id=id))), "GET")
        case (id, "assets", _):
            return on(method, scoped(CAMPAIGN_SCOPES, offered("campaigns", partial(assets, id=id))), "GET")
    return None


def found(call: Call, kind: str, id: str) -> Json:
    """An item that is not archived, or 404."""
    one = call.portal.items[kind].get(id)
    if one is None or one.get("archived", False) is not call.flag("archived"):
        raise not_found()
    return one


def forms(call: Call) -> Answer:
    """GET: only HubSpot's own forms unless `formTypes` asks for others."""
    types = call.words("formTypes") or ["hubspot"]
    if not set(types) <= {*FORM_TYPES, "all"}:
        raise invalid(f"formTypes must be of {', '.join(FORM_TYPES)}, all")
    wanted = set(FORM_TYPES) if "all" in types else set(types)
    archived = call.flag("archived")
    rows = [one for one in call.portal.items["form"].values()
            if one["formType"] in wanted and one["archived"] is archived]  # fmt: skip
    return json_answer(paged(call, rows, by_id, call.whole("limit", 20, FORMS_MOST)))


def form(call: Call, id: str) -> Answer:
    return json_answer(found(call, "form", id))


def submissions(call: Call, id: str) -> Answer:
    """GET: newest first, no filter; an archived form still answers, an unknown one does not."""
    if id not in call.portal.items["form"]:
        raise not_found()
    rows = [one for one in call.portal.items["form_submission"].values() if one["formId"] == id]
    page = paged(
        call, rows, lambda one: (-one["submittedAt"], one["conversionId"]), call.whole("limit", 20, SUBMISSIONS_MOST)
    )
    page["results"] = [call.portal.shown("form_submission", one) for one in page["results"]]
    return json_answer(page)


def _moment(call: Call, name: str) -> int | None:
    text = call.text(name)
    if not text:
        return None
    ms = instant(text)
    if ms is None:
        raise invalid(f"{name} must be a date-time, got {text!r}")
    return ms


def _within(call: Call, one: Json) -> bool:
    """Whether an e-mail passes the created/updated/published filters; their bounds are not in it."""
    for field, name in (("createdAt", "created"), ("updatedAt", "updated"), ("publishDate", "published")):
        at = instant(one[field]) if one.get(field) else None
        after, before = _moment(call, f"{name}After"), _moment(call, f"{name}Before")
        if after is not None and (at is None or at <= after):
            return False
        if before is not None and (at is None or at >= before):
            return False
    return True


def emails(call: Call) -> Answer:
    """GET: filters by time, `total`, statistics on request; a page has at most 100 whatever the limit."""
    limit = min(call.whole("limit", 10, EMAILS_MOST), EMAILS_PAGE)
    archived, stats = call.flag("archived"), call.flag("includeStats")
    rows = [one for one in call.portal.items["marketing_email"].values()
            if one["archived"] is archived and _within(call, one)]  # fmt: skip
    if call.text("isPublished"):
        rows = [one for one in rows if one["isPublished"] is call.flag("isPublished")]
    if call.text("type"):
        rows = [one for one in rows if one["type"] in call.words("type")]
    sort = call.text("sort") or "id"
    if sort.lstrip("-") not in ("id", "name", "createdAt", "updatedAt", "publishDate"):
        raise invalid(f"sort {sort!r} is not a field that e-mails can be sorted by")
    if not call.text("after") and call.text("offset").isdigit():
        rows = sorted(rows, key=by_id)[int(call.text("offset")) :]
    page = _sorted_page(call, rows, sort, limit)
    page["results"] = [one if stats else {k: v for k, v in one.items() if k != "stats"} for one in page["results"]]
    return json_answer({"total": len(rows), **page})


def _sorted_page(call: Call, rows: list[Json], sort: str, limit: int) -> Json:
    """A page in an order that may descend: ranks stand for the values, so that a cursor can be compared."""
    name = sort.lstrip("-")
    if name == "id" and not sort.startswith("-"):
        return paged(call, rows, by_id, limit)
    values = sorted({str(one.get(name) or "") for one in rows}, reverse=sort.startswith("-"))
    rank = {value: at for at, value in enumerate(values)}

    def key(one: Json) -> tuple[Any, ...]:
        return (rank[str(one.get(name) or "")], *by_id(one))

    return paged(call, rows, key, limit)


def email(call: Call, id: str) -> Answer:
    one = found(call, "marketing_email", id)
    return json_answer(one if call.flag("includeStats") else {k: v for k, v in one.items() if k != "stats"})


def _campaign_shown(one: Json, names: list[str]) -> Json:
    """A campaign with the properties asked for; without any the map is empty."""
    properties = {name: one["properties"][name] for name in names if name in one["properties"]}
    return {**one, "properties": properties}


def campaigns(call: Call) -> Answer:
    """GET: by name, ascending unless `sort` says otherwise."""
    rows = list(call.portal.items["campaign"].values())
    if call.text("name"):
        rows = [one for one in rows if call.text("name").lower() in str(one["properties"].get("hs_name", "")).lower()]
    sort = call.text("sort") or "hs_name"
    if sort.lstrip("-") not in ("hs_name", "createdAt", "updatedAt"):
        raise invalid(f"sort {sort!r} is none of hs_name, createdAt, updatedAt")
    flat = [{**one, "hs_name": one["properties"].get("hs_name")} for one in rows]
    page = _sorted_page(call, flat, sort, call.whole("limit", 50, CAMPAIGNS_MOST))
    names = call.words("properties")
    page["results"] = [_campaign_shown(call.portal.items["campaign"][one["id"]], names) for one in page["results"]]
    return json_answer({"total": len(rows), **page})


def campaign(call: Call, id: str) -> Answer:
    return json_answer(_campaign_shown(found(call, "campaign", id), call.words("properties")))


def campaign_batch(call: Call) -> Answer:
    """POST batch/read of at most 50; unknown ones are left out."""
    names = call.words("properties") or list(call.object_body().get("properties") or ())
    known = call.portal.items["campaign"]
    wanted = [str(one.get("id", "")) for one in call.inputs(50)]
    return envelope(call, [encode(_campaign_shown(known[id], names)) for id in wanted if id in known])


def assets(call: Call, id: str) -> Answer:
    """GET assets of one type: none are kept."""
    found(call, "campaign", id)
    chosen, _ = cut(call, [], by_id, call.whole("limit", 10, 100), call.text("after"))
    return json_answer({"results": chosen})
