"""Pages for everything that is not a page: wrong address, no right, lost race, bad form, too many, our own fault."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from hub.base.errors import Conflict, InvalidInput, NotFound, NotPermitted, OutOfService, Refusal, TooSoon
from hub.base.headers import security_headers
from hub.base.outages import SECONDS, outage
from hub.base.settings import settings
from hub.base.texts import catalogue, mark, message
from hub.identity.provider import ProviderUnavailable

from .pages import language, render
from .viewer import viewer_of

_PAGES: dict[int, tuple[str, str, str]] = {
    400: (
        mark("This request cannot be read"),
        mark("Something in the address or the form was not as it should be."),
        mark("Go back and try again."),
    ),
    401: (
        mark("Please sign in"),
        mark("You are not signed in, or your session has ended."),
        mark("Nothing you had already sent is lost. Sign in and go on."),
    ),
    403: (
        mark("You may not do this"),
        mark("Your role does not include this, or the form is too old."),
        mark("Go back, load the page again and try once more. If it is your task, ask your agency's administrator."),
    ),
    404: (
        mark("There is no such page"),
        mark("The address is wrong, or what was here is not for you to see. The two look the same on purpose."),
        mark("Check the address, or start from the first page."),
    ),
    409: (
        mark("Somebody was faster"),
        mark("What you were changing has changed meanwhile. Nothing of yours was saved."),
        mark("Go back, load the page again and look at what is new."),
    ),
    413: (
        mark("This is too large"),
        mark("What was sent is larger than this form takes. Nothing was saved."),
        mark("Go back and send less: a smaller file, or its parts one after another."),
    ),
    422: (
        mark("Some of this cannot be used"),
        mark("What was sent does not fit what was asked. Nothing was saved."),
        mark("Go back and correct it."),
    ),
    429: (
        mark("Too many requests"),
        mark("More was asked for than one person needs."),
        mark("Wait a minute and try again."),
    ),
    500: (
        mark("Something went wrong on our side"),
        mark("Nothing half-done was saved. The fault has been recorded."),
        mark("Try again. If it happens again and somebody is at risk, use the telephone."),
    ),
    503: (
        mark("Not available just now"),
        mark("The hub cannot answer at the moment."),
        mark("Try again in a minute. If somebody is at risk, use the telephone."),
    ),
}
_NOT_SURE = mark(
    "The hub cannot answer at the moment. Look whether what you sent last was saved before sending it again."
)
"""Where it may be that only the answer was lost."""
_STATUS: dict[type[Refusal], int] = {
    InvalidInput: 422,
    NotPermitted: 403,
    NotFound: 404,
    Conflict: 409,
    TooSoon: 409,
    OutOfService: 409,
    ProviderUnavailable: 503,
}


def error_page(request: Request, status: int, text: str = "") -> Response:
    """The page of a status; `text` (already translated) replaces the general explanation. Says nothing of the cause."""
    known = status if status in _PAGES else 500 if status >= 500 else 400
    heading, general, help_ = _PAGES[known]
    if known == 503 and request.method == "POST":
        general = _NOT_SURE
    signed_out = known == 401 or (known == 403 and viewer_of(request) is None)
    return render(
        request,
        "error.html",
        status,
        {"Retry-After": "60"} if status in {429, 503} else None,
        heading_id=heading,
        text=text,
        text_id=general,
        help_id=help_,
        sign_in=signed_out,
    )


def refused(request: Request, status: int, code: str) -> Response:
    """The page of a refused sign-in or use case, by message code. Fits `hub.identity.answers.Render`."""
    return error_page(request, status, message(code, language(request)))


def wants_page(request: Request) -> bool:
    """Whether a person's browser asks, and not a program."""
    return "text/html" in request.headers.get("accept", "")


def _for_people(
    page: Callable[[Request, Exception], Response], otherwise: Callable[[Request, Exception], Awaitable[Response]]
) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(request: Request, problem: Exception) -> Response:
        return page(request, problem) if wants_page(request) else await otherwise(request, problem)

    return handle


def _http(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    return error_page(request, problem.status_code)


async def _http_plain(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    return _short(request, problem.status_code, _CODES.get(problem.status_code), problem.headers)


async def _invalid_plain(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, RequestValidationError)
    return _short(request, 422, "invalid_input")


_CODES = {403: "not_permitted", 404: "not_found", 422: "invalid_input"}


def _short(request: Request, status: int, code: str | None, headers: Mapping[str, str] | None = None) -> Response:
    """What a program is told of a status: a code and, in the language asked for, its message."""
    lang = language(request)
    if code is not None:
        said = message(code, lang)
    else:
        known = status if status in _PAGES else 500 if status >= 500 else 400
        code, said = f"http_{status}", catalogue(lang).gettext(_PAGES[known][1])
    return JSONResponse({"code": code, "message": said}, status, {"Content-Language": lang, **(headers or {})})


def _refusal(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Refusal)
    return refused(request, _STATUS.get(type(problem), 403), problem.code)


async def _refusal_plain(_request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Refusal)
    status = _STATUS.get(type(problem), 403)
    return PlainTextResponse(problem.code, status, {"Retry-After": str(SECONDS)} if status == 503 else None)


def unread(request: Request, status: int) -> Response:
    """The answer to a form nobody has looked into: too large, or of no stated length. It brings its own headers."""
    if wants_page(request):
        response = error_page(request, status)
    else:
        lang = language(request)
        said = message("form_too_large", lang) if status == 413 else message("length_required", lang)
        response = PlainTextResponse(said, status, {"Content-Language": lang})
    response.headers.update(security_headers(settings()) | {"connection": "close"})
    return response


def _fault(request: Request, problem: Exception) -> Response:
    response = error_page(request, 500 if outage(problem) is None else 503)
    response.headers.update(security_headers(settings()))  # made outside all middleware, so it brings its own
    return response


async def _fault_plain(_request: Request, problem: Exception) -> Response:
    passing, headers = outage(problem), security_headers(settings())
    if passing is None:
        return PlainTextResponse("fault", 500, headers)
    return PlainTextResponse(passing.code, 503, headers | {"Retry-After": str(SECONDS)})


HANDLERS: dict[int | type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    HTTPException: _for_people(_http, _http_plain),
    RequestValidationError: _for_people(lambda request, _: error_page(request, 422), _invalid_plain),
    Refusal: _for_people(_refusal, _refusal_plain),
    Exception: _for_people(_fault, _fault_plain),
}
"""Exception handlers of the application: pages for people, short answers for programs, never a stack trace."""
