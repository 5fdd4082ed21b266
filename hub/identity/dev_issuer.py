"""The built-in OpenID provider of demonstrations and tests: whoever clicks is signed in. Production refuses it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from authlib.oauth2 import OAuth2Error
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from joserfc.jwk import KeySet, RSAKey

from hub.base.fitness import loopback
from hub.base.ids import new_id, token
from hub.base.settings import Settings

from .demo_people import DemoPerson, demo_people
from .dev_server import DevRequest, DevUser, build_server
from .provider import DEV_ISSUER_PATH, base_url

People = Callable[[Request, Sequence[DemoPerson]], Response]
"""Makes the page on which a person is chosen: one form a person, posting `login` to the page's own URL."""


@dataclass(frozen=True, slots=True)
class DevKeys:
    """The signing key and the machine's secret, made once for each state folder."""

    jwks: KeySet
    machine_secret: str

    @staticmethod
    def kept_in(folder: Path) -> DevKeys:
        """Read them from the state folder, or make them there, readable by its owner alone."""
        path = folder / "dev-issuer.json"
        if not path.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": new_id().hex})
            made = {"key": key.as_dict(private=True), "machine_secret": token()}
            draft = path.with_suffix(f".{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(json.dumps(made))
            draft.replace(path)
        kept = json.loads(path.read_text())
        return DevKeys(KeySet([RSAKey.import_key(kept["key"])]), kept["machine_secret"])


class DevIssuer:
    """The issuer of one process; `routes` go under `/dev-issuer`. Raises `RuntimeError` outside demo and test,
    and where others than this machine could reach it."""

    def __init__(
        self, settings: Settings, people: Sequence[DemoPerson] | None = None, page: People | None = None
    ) -> None:
        if settings.mode not in ("demo", "test"):
            raise RuntimeError("The development issuer signs anybody in: it runs in demo and test mode alone.")
        if not loopback(settings.host):
            raise RuntimeError("The development issuer signs anybody in: it listens on a loopback address alone.")
        self.settings = settings
        self.issuer = base_url(settings) + DEV_ISSUER_PATH
        self.people = {person.login: person for person in (demo_people() if people is None else people)}
        self.page = page or plain_choice
        self.keys = DevKeys.kept_in(settings.state_dir)
        self._home = base_url(settings) + "/"
        # Any: Authlib's own annotations are partial
        self._server: Any = build_server(
            settings, self.issuer, self._home + "auth/callback", self.keys.jwks, self.keys.machine_secret
        )
        self.routes = APIRouter(prefix=DEV_ISSUER_PATH, tags=["development issuer"])
        add = self.routes.add_api_route
        add("/.well-known/openid-configuration", self.discovery, methods=["GET"], response_class=JSONResponse)
        add("/jwks", self.jwks, methods=["GET"], response_class=JSONResponse)
        add("/authorize", self.choose, methods=["GET"], response_class=Response)
        add("/authorize", self.authorize, methods=["POST"], response_class=Response)
        add("/token", self.token, methods=["POST"], response_class=Response)
        add("/end-session", self.end_session, methods=["GET"], response_class=Response)

    async def discovery(self) -> Response:
        """OpenID Connect Discovery. Open to everybody."""
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "end_session_endpoint": f"{self.issuer}/end-session",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "client_credentials"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["none", "client_secret_basic"],
                "scopes_supported": ["openid", "profile", "hub:read", "hub:write"],
            }
        )

    async def jwks(self) -> Response:
        """The public half of the signing key. Open to everybody."""
        return JSONResponse(self.keys.jwks.as_dict(private=False))

    async def choose(self, request: Request) -> Response:
        """The page on which one of the fictional people is chosen. Open to everybody."""
        try:
            self._server.get_consent_grant(self._read(request, {}))
        except OAuth2Error as error:
            return self._refuse(error)
        return self.page(request, list(self.people.values()))

    async def authorize(self, request: Request) -> Response:
        """Sign the chosen person in. Open to everybody: this is a demonstration with fictional data."""
        form = _texts(await request.form())
        person = self.people.get(form.pop("login", ""))
        asked = self._read(request, form)
        try:
            grant = self._server.get_consent_grant(asked, end_user=DevUser(person) if person else None)
        except OAuth2Error as error:
            return self._refuse(error)
        answer: Response = self._server.create_authorization_response(
            asked, grant_user=DevUser(person) if person else None, grant=grant
        )
        if answer.status_code == 302:  # after a post: go and get, never post again
            answer.status_code = 303
        return answer

    async def token(self, request: Request) -> Response:
        """Redeem a code, or give a machine its token. Open to whoever proves to be the client."""
        answer: Response = self._server.create_token_response(self._read(request, _texts(await request.form())))
        return answer

    async def end_session(self) -> Response:
        """There is no session here to end; back to the hub, and nowhere else."""
        return RedirectResponse(self._home, 303)

    def _refuse(self, error: OAuth2Error) -> Response:
        """The error as OAuth says it: back to the client if its redirect URI is known, else here."""
        answer: Response = self._server.handle_error_response(None, error)
        return answer

    def _read(self, request: Request, form: dict[str, str]) -> DevRequest:
        return DevRequest(request, f"{base_url(self.settings)}{request.url.path}", form)


def plain_choice(_request: Request, people: Sequence[DemoPerson]) -> Response:
    """A page of one button a person, without style or script."""
    forms = "".join(
        f'<form method="post"><button name="login" value="{escape(person.login)}">{escape(person.name)}</button></form>'
        for person in people
    )
    return HTMLResponse(
        '<!doctype html><html lang="zh-Hant"><head><meta charset="utf-8"><title>登入 · Sign in · 로그인</title></head>'
        f"<body><main><h1>示範 · Demonstration · 시연</h1>{forms}</main></body></html>",
        headers={"cache-control": "no-store"},
    )


def _texts(form: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}
