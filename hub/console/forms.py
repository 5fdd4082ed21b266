"""What a form sent: its values kept for showing again, its token checked, its language switch recognised."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from hub.base.settings import settings
from hub.base.texts import LANGUAGES
from hub.identity.provider import base_url
from hub.identity.sessions import CSRF_FIELD, csrf_matches

from .viewer import signed_in

SWITCH = "lang"
"""Name of the language buttons: a form that carries it asks for its own page in that language and nothing else."""
MOST_FIELDS = 1000


@dataclass(frozen=True, slots=True)
class Posted:
    """A posted form. When `switching`, the person only asked for another language: show the form again, do nothing."""

    values: dict[str, list[str]]
    files: dict[str, UploadFile] = field(default_factory=dict)
    switching: bool = False

    def text(self, name: str) -> str:
        """The value of a field, outer blanks removed; empty when it was not sent."""
        return self.values.get(name, [""])[0].strip()

    def all(self, name: str) -> list[str]:
        """Every value of a field that may be chosen more than once."""
        return [value for value in self.values.get(name, []) if value]

    def flag(self, name: str) -> bool:
        """Whether a single box was ticked."""
        return bool(self.all(name))


async def posted(request: Request) -> Posted:
    """The form of this request. HTTPException 403 when it was not sent from our own page by the same session."""
    if not same_origin(request):
        raise HTTPException(403)
    form = await request.form(max_files=1, max_fields=MOST_FIELDS)
    values: dict[str, list[str]] = {}
    files: dict[str, UploadFile] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files[name] = value
        else:
            values.setdefault(name, []).append(value)
    session = signed_in(request)
    sent = values.pop(CSRF_FIELD, [""])[0]
    if session is not None and not csrf_matches(session, sent):
        raise HTTPException(403)
    switch = values.pop(SWITCH, [""])[0]
    if switch in LANGUAGES:
        request.state.language = switch
    return Posted(values, files, switching=switch in LANGUAGES)


def same_origin(request: Request) -> bool:
    """Whether the browser says that the request comes from our own pages; silence (no browser) counts as yes."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    own = urlsplit(base_url(settings()))
    return origin is None or origin == f"{own.scheme}://{own.netloc}"
