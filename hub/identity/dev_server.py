"""Authlib's authorization server made to serve demonstrations: its clients and codes live in memory."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from authlib.oauth2 import AuthorizationServer, OAuth2Request
from authlib.oauth2.rfc6749 import ClientMixin, InvalidRequestError, grants
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from authlib.oidc.core import AuthorizationCodeMixin, OpenIDCode, UserInfo
from fastapi import Request
from fastapi.responses import JSONResponse, Response
from joserfc.jwk import KeySet

from hub.base.settings import Settings
from hub.base.time import now

from .demo_people import MACHINE, DemoPerson

CODE_SECONDS: Final = 60
TOKEN_SECONDS: Final = 900
MAX_CODES: Final = 1000


class _Client(ClientMixin):
    """The console (public, with PKCE) or a machine (with a secret)."""

    def __init__(self, client_id: str, grant: str, redirect_uri: str = "", secret: str = "") -> None:
        self.client_id, self._grant, self._redirect_uri, self._secret = client_id, grant, redirect_uri, secret

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return self._redirect_uri

    def get_allowed_scope(self, scope: Any) -> str:
        known = {"openid", "profile", "hub:read", "hub:write"}
        return " ".join(one for one in (scope or "").split() if one in known)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return bool(redirect_uri) and redirect_uri == self._redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        return bool(self._secret) and hmac.compare_digest(client_secret.encode(), self._secret.encode())

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return method == ("client_secret_basic" if self._secret else "none")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and not self._secret

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == self._grant


class DevUser:
    """A person as Authlib asks for one."""

    def __init__(self, person: DemoPerson) -> None:
        self.person = person

    def get_user_id(self) -> str:
        return self.person.login


@dataclass(slots=True)
class _Code(AuthorizationCodeMixin):
    client_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str
    code_challenge_method: str
    user: DevUser
    made_at: int

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int | None:
        return self.made_at

    def get_acr(self) -> Any:
        return None

    def get_amr(self) -> Any:
        return None


class DevRequest(OAuth2Request):
    """A request as Authlib reads it. The URL is the public one: behind a proxy the server's own tells nothing."""

    def __init__(self, request: Request, url: str, form: dict[str, str]) -> None:
        super().__init__(request.method, url, headers=request.headers)
        self._query, self._posted = dict(request.query_params), form
        self.payload = BasicOAuth2Payload(self._query | form)

    @property
    def args(self) -> dict[str, str | None]:
        return dict(self._query)

    @property
    def form(self) -> dict[str, str]:
        return self._posted


class _S256(CodeChallenge):
    """PKCE with S256 for everybody, neither absent nor plain."""

    def validate_code_challenge(self, grant: Any, redirect_uri: Any) -> None:
        asked = grant.request.payload.data
        if not asked.get("code_challenge") or asked.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with S256 is required.")
        super().validate_code_challenge(grant, redirect_uri)


class _Tokens(JWTBearerTokenGenerator):
    """Access tokens after RFC 9068 for the hub's API."""

    def __init__(self, issuer: str, audience: str, jwks: KeySet, settings: Settings) -> None:
        super().__init__(issuer, "RS256", expires_generator=lambda _client, _grant: TOKEN_SECONDS)
        self._audience, self._jwks, self._settings = audience, jwks, settings

    def get_jwks(self) -> KeySet:
        return self._jwks

    def get_audiences(self, _client: Any, _user: Any, _scope: Any) -> str:
        return self._audience

    def get_extra_claims(self, _client: Any, _grant_type: Any, user: DevUser | None, _scope: Any) -> dict[str, Any]:
        return _claims(user.person, self._settings) if user else {}


class Server(AuthorizationServer):
    """Authlib's server with its clients in memory; tokens are self-contained, so none is stored."""

    def __init__(self, clients: Mapping[str, _Client]) -> None:
        super().__init__()
        self._clients = clients

    def query_client(self, client_id: str) -> Any:
        return self._clients.get(client_id)

    def save_token(self, _token: Any, _request: Any) -> None:
        return None

    def create_oauth2_request(self, request: Any) -> OAuth2Request:
        assert isinstance(request, OAuth2Request)
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> Response:
        made = JSONResponse(body, status) if isinstance(body, dict) else Response(body, status)
        made.headers.update(dict(headers))
        made.headers["cache-control"] = "no-store"
        return made

    def send_signal(self, name: str, *_args: object, **_kwargs: object) -> None:
        """Nobody listens."""
        del name


def _claims(person: DemoPerson, settings: Settings) -> dict[str, Any]:
    return {settings.oidc_roles_claim: sorted(person.roles), settings.oidc_agency_claim: person.agency}


def build_server(settings: Settings, issuer: str, callback: str, jwks: KeySet, machine_secret: str) -> Server:
    """The server of one process: the console with code and PKCE, one machine with client credentials."""
    codes: dict[str, _Code] = {}

    class Grant(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

        def save_authorization_code(self, code: str, request: Any) -> None:
            moment = int(now().timestamp())
            for old in [k for k, kept in codes.items() if kept.made_at < moment - CODE_SECONDS]:
                del codes[old]
            while len(codes) >= MAX_CODES:
                del codes[next(iter(codes))]
            asked = request.payload.data
            codes[code] = _Code(
                client_id=request.client.client_id,
                redirect_uri=request.payload.redirect_uri,
                scope=request.scope,
                nonce=asked.get("nonce"),
                code_challenge=asked["code_challenge"],
                code_challenge_method=asked["code_challenge_method"],
                user=request.user,
                made_at=moment,
            )

        def query_authorization_code(self, code: str, client: Any) -> _Code | None:
            found = codes.pop(code, None)  # once asked for it is spent, whatever comes of the asking
            if found is None or found.client_id != client.client_id:
                return None
            return found if now().timestamp() - found.made_at <= CODE_SECONDS else None

        def delete_authorization_code(self, _authorization_code: _Code) -> None:
            return None

        def authenticate_user(self, authorization_code: _Code) -> DevUser:
            return authorization_code.user

    class IdToken(OpenIDCode):
        def exists_nonce(self, _nonce: str, _request: Any) -> bool:
            return False

        def resolve_client_private_key(self, _client: Any) -> KeySet:
            return jwks

        def get_client_algorithm(self, _client: Any) -> str:
            return "RS256"

        def get_client_claims(self, client: Any) -> dict[str, Any]:
            return {"iss": issuer, "aud": [client.get_client_id()]}

        def generate_user_info(self, user: DevUser, _scope: str) -> UserInfo:
            return UserInfo(sub=user.person.login, name=user.person.name, **_claims(user.person, settings))

    class Machine(grants.ClientCredentialsGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

    web = _Client(settings.oidc_client_id, "authorization_code", callback)
    machine = _Client(MACHINE.login, "client_credentials", secret=machine_secret)
    server = Server({client.client_id: client for client in (web, machine)})
    server.register_token_generator("default", _Tokens(issuer, settings.oidc_audience, jwks, settings))
    server.register_grant(Grant, [IdToken(require_nonce=True), _S256(required=True)])
    server.register_grant(Machine)
    return server
