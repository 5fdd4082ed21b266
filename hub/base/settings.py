"""Settings of the hub: every one an environment variable `HUB_*`, every one documented here."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_SENDER = re.compile(r"[!-~]+@[A-Za-z0-9.-]+|[^<>@\",;:]*<[!-;=?-~]+@[A-Za-z0-9.-]+>")
_OTHERS = ("HUB_TEST_", "HUB_OWNER_PASSWORD")
"""Variables that are no settings of the hub: the tests', and one of compose.yaml."""


class Settings(BaseSettings):
    """Read once at start; `hub doctor` prints what is missing. Durations are seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="HUB_", env_file=None, extra="ignore")

    mode: Literal["production", "demo", "test"] = Field(
        "production",
        description="`demo` and `test` allow the built-in issuer, GraphiQL, introspection and one-click sign-ins, and "
        "start on a loopback address alone; `production` refuses all of them.",
    )
    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port the web server listens on.")
    public_url: str = Field("", description="URL people use, without a final slash. Empty: http://host:port.")
    database_url: str = Field(
        "",
        description="postgresql://user:password@host:port/name: for `hub migrate` as the database's owner, for all "
        "else as the application's role `hub_app` (as the owner it works too, but then that password lies in each "
        "process). Empty: an embedded PostgreSQL under the state folder.",
    )
    database_app_password: SecretStr = Field(
        SecretStr(""),
        description="Password that `hub migrate` gives the role `hub_app` (no DDL, no UPDATE or DELETE on the audit "
        "tables), where its own URL does not carry it. Empty with the embedded database: made at random.",
    )
    database_pool: int = Field(10, ge=1, le=200, description="Connections a process keeps at most.")
    state_dir: Path = Field(
        Path(".state"),
        description="Folder for the embedded database, demo keys, exported audit heads and, in `work`, what a worker "
        "has in clear.",
    )
    pg_bindir: str = Field("", description="Folder of PostgreSQL's programs; empty: those of the installed wheel.")
    oidc_issuer: str = Field("", description="Issuer URL of the OIDC provider, exactly as in its tokens.")
    oidc_client_id: str = Field("hub-web", description="Client id of the console at the provider.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="Client secret; empty for a public PKCE client.")
    oidc_audience: str = Field("urn:hub:api", description="Audience an access token must name.")
    oidc_access_type: Literal["at+jwt", "JWT"] = Field(
        "at+jwt",
        description="`typ` in the header of access tokens: `at+jwt` (RFC 9068), or `JWT` for a provider that cannot "
        "say so. With `JWT` the audience alone tells them from ID tokens: it must not be the client's id.",
    )
    oidc_subject_claim: str = Field("sub", description="Claim that names the person; joined with the issuer.")
    oidc_roles_claim: str = Field("roles", description="Claim with the roles the provider grants (a list or a string).")
    oidc_agency_claim: str = Field("agency", description="Claim with the code of the person's agency.")
    session_idle_minutes: int = Field(30, ge=1, le=480, description="A console session ends after this idle time.")
    master_key: SecretStr = Field(
        SecretStr(""),
        description="32 bytes in base64url: the key that wraps each case's data key. Empty in demo: made and kept in "
        "the state folder. Production refuses to start without it.",
    )
    index_key: SecretStr = Field(
        SecretStr(""), description="32 bytes in base64url: HMAC key of blind indexes. As for the master key."
    )
    audit_key: SecretStr = Field(
        SecretStr(""), description="32 bytes in base64url: Ed25519 seed that signs audit heads. As for the master key."
    )
    smtp_host: str = Field("127.0.0.1", description="Mail server that takes outgoing notices.")
    smtp_port: int = Field(25, ge=1, le=65535, description="Its port.")
    smtp_from: str = Field(
        "hub@hub.invalid", description="Sender of notices: one address, alone or as `Name <name@host>`."
    )
    smtp_user: str = Field("", description="Account at the mail server; empty: none is needed.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Its password. Sent over TLS alone.")
    smtp_starttls: bool = Field(False, description="Upgrade to TLS; set it whenever mail leaves the host.")
    hsds_public: bool = Field(
        False,
        description="Whether `/hsds`, the read API of HSDS 3.0, answers without a token. It never tells where a "
        "confidential location is.",
    )
    timezone: str = Field("Asia/Taipei", description="IANA zone in which statutory days end.")
    country: Literal["TW", "KR"] = Field("TW", description="Whose public holidays count.")
    worker_tick: float = Field(0.5, gt=0, le=60, description="Seconds between two looks at the due rows.")
    seal_interval: float = Field(
        0.5,
        gt=0,
        le=60,
        description="Seconds between two seals of the audit chain, and between two looks for its head.",
    )
    seal_late: float = Field(
        10,
        ge=1,
        le=86400,
        description="Seconds an audit entry may wait for its seal. Beyond, `hub audit verify`, the auditor's page and "
        "`hub doctor` no longer call the chain whole.",
    )

    @field_validator("*")
    @classmethod
    def _one_line(cls, value: object) -> object:
        """What goes into headers, addresses and logs has no line breaks in it."""
        said = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(said, str) and any(unicodedata.category(sign) in {"Cc", "Zl", "Zp"} for sign in said):
            raise ValueError("must be one line without control characters")
        return value

    @field_validator("smtp_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        if not _SENDER.fullmatch(value):
            raise ValueError("must be one address, as hub@agency.example or Hub <hub@agency.example>")
        return value

    @field_validator("state_dir", mode="before")
    @classmethod
    def _somewhere(cls, value: object) -> object:
        if value == "":
            raise ValueError("must name a folder, or not be set")
        return value


def unknown(given: Iterable[str]) -> dict[str, str]:
    """Names `HUB_*` among those `given` that are no setting, each with the setting that may be meant, or nothing."""
    known = [f"HUB_{name.upper()}" for name in Settings.model_fields]
    named = {name for name in given if name.upper().startswith("HUB_") and not name.upper().startswith(_OTHERS)}
    lost = sorted(name for name in named if name.upper() not in known)
    return {name: next(iter(difflib.get_close_matches(name.upper(), known, 1)), "") for name in lost}


@lru_cache
def settings() -> Settings:
    """The process's settings. Tests clear the cache with `settings.cache_clear()` after changing the environment."""
    return Settings()
