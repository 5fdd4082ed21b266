"""How a page is answered: language, frame, result line, status and headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hub.base.settings import settings
from hub.base.texts import DEFAULT, LANGUAGES, mark, negotiate

from .environment import environment
from .viewer import navigation, viewer_of

LANGUAGE_COOKIE = "hub_lang"
DONE: dict[str, str] = {
    "signed_out": mark("You have signed out."),
    "case_opened": mark("The case is open and you are its coordinator."),
    "risk_recorded": mark("The risk assessment is recorded."),
    "consent_recorded": mark("The consent is recorded and works from now."),
    "consent_withdrawn": mark("The consent is withdrawn. Nothing rests on it from this moment."),
    "referral_sent": mark("The referral is sent and its clock runs."),
    "meeting_called": mark("The meeting is called and the invitations are on their way."),
    "meeting_cancelled": mark("The meeting is cancelled and everybody is told."),
    "invitation_answered": mark("Your answer is recorded."),
    "minutes_kept": mark("The minutes are kept and every action item has its clock."),
    "referral_accepted": mark("You have accepted. The clock of the first contact runs."),
    "referral_declined": mark("You have declined. The coordinator is told."),
    "referral_returned": mark("You have returned it. The coordinator is told."),
    "reported_back": mark("You have reported back. The case is closed to you."),
    "report_filed": mark("The report is filed."),
    "report_written": mark("The written form is taken in and its clock has ended."),
    "action_done": mark("The action item is done."),
    "round_planned": mark("The round is planned. Agencies are asked on its first day."),
    "round_open": mark("The round is open. Every agency is told once."),
    "round_closed": mark("The round is closed and its result frozen."),
    "round_cancelled": mark("The round is called off."),
    "service_attested": mark("Your answer is recorded."),
    "services_attested": mark("Your answers are recorded."),
    "capacity_said": mark("What is free is recorded; it holds for a week."),
    "sheet_written": mark("The sheet is written."),
    "service_changed": mark("The service is saved, and your answer is recorded."),
    "entry_changed": mark("The entry is saved."),
    "service_added": mark("The service is added and can be found."),
    "service_closed": mark("The service is closed and takes no referrals."),
    "forgetting_asked": mark("The request waits for a second administrator."),
    "forgotten": mark("What it said before is forgotten, for good."),
    "not_forgotten": mark("The request is closed. Nothing was forgotten."),
    "word_mapped": mark("The word is mapped. The services that use it follow."),
    "agency_added": mark("The agency takes part. Open accounts for its people next."),
    "agency_changed": mark("The agency is changed, from this moment."),
    "agency_suspended": mark("The agency is suspended. Its people are signed out."),
    "agency_back": mark("The agency takes part again."),
    "account_added": mark("The account is open. The person may sign in."),
    "account_suspended": mark("The account is suspended and signed out."),
    "account_back": mark("The account may sign in again."),
    "role_granted": mark("The role is granted, from the next page on."),
    "role_asked": mark("The role waits for a second administrator."),
    "role_revoked": mark("The role is taken away, from the next page on."),
    "relation_declared": mark("It is on record, from this moment."),
    "package_sent": mark("The package is here. It is being tried; nothing of it is written."),
    "package_confirmed": mark("It is being written, exactly as it was tried."),
    "package_discarded": mark("The package is let go. Nothing of it was written."),
    "file_asked": mark("The file is being made. It is here in a moment."),
    "weights_set": mark("The weights hold from now, for everybody."),
}
"""What `?done=` may say after a redirect. A code alone travels in the address, never what it was about."""


def language(request: Request) -> str:
    """The language of the answer: `?lang=`, a form's switch, the cookie, the staff record, the browser, else ours."""
    viewer = viewer_of(request)
    chosen = (
        getattr(request.state, "language", ""),
        request.query_params.get("lang", ""),
        request.cookies.get(LANGUAGE_COOKIE, ""),
        viewer.locale if viewer else "",
    )
    known = next((tag for tag in chosen if tag in LANGUAGES), None)
    return known or negotiate(request.headers.get("accept-language")) or DEFAULT


def address(request: Request, lang: str) -> str:
    """This page's own address in another language: the same path and query, `lang` set anew."""
    query = [(name, value) for name, value in parse_qsl(request.url.query) if name not in {"lang", "done"}]
    return f"{request.url.path}?{urlencode([*query, ('lang', lang)])}"


def render(
    request: Request, template: str, status: int = 200, headers: Mapping[str, str] | None = None, **context: Any
) -> HTMLResponse:
    """A template as a whole page in the reader's language.

    Templates get besides `context`: viewer, nav, csrf, demo, path, switch (address per language), done (result line).
    A failed form passes `problem` (a GraphQL problem: code, message, fields) and `values`, with status 422.
    """
    lang = language(request)
    viewer = viewer_of(request)
    done = DONE.get(request.query_params.get("done", ""))
    page = environment(lang).get_template(template)
    html = page.render(
        {
            "viewer": viewer,
            "nav": navigation(viewer, request.url.path, getattr(request.state, "counts", {})),
            "csrf": viewer.csrf if viewer else "",
            "demo": settings().mode == "demo",
            "path": request.url.path,
            "switch": {tag: address(request, tag) for tag in LANGUAGES},
            "done": done,
            "problem": None,
            "values": {},
            **context,
        }
    )
    response = HTMLResponse(html, status, headers)
    response.headers["Content-Language"] = lang
    if request.query_params.get("lang") in LANGUAGES or getattr(request.state, "language", None):
        response.set_cookie(
            LANGUAGE_COOKIE, lang, max_age=31536000, httponly=True, samesite="lax", secure=secure(request)
        )
    return response


def redirect(path: str, done: str = "") -> Response:
    """After a form was taken: go and read the page. `done` must be one of DONE."""
    if done and done not in DONE:
        raise ValueError(f"no result text {done!r}")
    return RedirectResponse(f"{path}?{urlencode({'done': done})}" if done else path, 303)


def secure(request: Request) -> bool:
    """Whether cookies may be marked Secure: the people's address is https."""
    return (settings().public_url or str(request.url)).startswith("https://")
