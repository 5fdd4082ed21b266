"""What the hub speaks to outside its database: the OIDC provider, the mail server, and its own port."""

from __future__ import annotations

import asyncio
import socket

import aiosmtplib
import httpx

from hub.base.fitness import Finding
from hub.base.healthy import here
from hub.base.settings import Settings

_SOON = 5.0
"""Seconds each may take to answer."""


async def provider(settings: Settings) -> Finding:
    """Whether the provider answers, and is who the settings say."""
    issuer = settings.oidc_issuer
    if not issuer:
        return Finding("ok", "the built-in demo issuer signs people in")
    try:
        async with httpx.AsyncClient(timeout=_SOON, follow_redirects=False, trust_env=False) as client:
            answer = await client.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            answer.raise_for_status()
            said = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return Finding("wrong", f"the OIDC provider {issuer} does not answer: {line(error)}", "check HUB_OIDC_ISSUER")
    if not isinstance(said, dict) or said.get("issuer") != issuer:
        return Finding(
            "wrong", f"the OIDC provider at {issuer} calls itself otherwise", "copy its issuer to the letter"
        )
    return Finding("ok", f"the OIDC provider {issuer} answers")


async def mail_server(settings: Settings) -> Finding:
    """Whether the mail server says its EHLO, and offers TLS where it is asked for. Nothing is sent."""
    where = f"the mail server {settings.smtp_host}:{settings.smtp_port}"
    if settings.smtp_user and not settings.smtp_starttls:
        return Finding(
            "wrong", "HUB_SMTP_USER without HUB_SMTP_STARTTLS: no mail will leave", "a password is sent over TLS alone"
        )
    client = aiosmtplib.SMTP(
        hostname=settings.smtp_host, port=settings.smtp_port, start_tls=False, local_hostname="hub.invalid",
        timeout=_SOON,
    )  # fmt: skip
    try:
        async with asyncio.timeout(2 * _SOON):
            await client.connect()
            await client.ehlo()
        if settings.smtp_starttls and not client.supports_extension("starttls"):
            return Finding("wrong", f"{where} offers no STARTTLS", "let it, or choose another: mail must not go openly")
    except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
        return Finding(
            "wrong", f"{where} cannot be reached: {type(error).__name__}", "check HUB_SMTP_HOST and HUB_SMTP_PORT"
        )
    finally:
        client.close()
    return Finding("ok", f"{where} answers")


async def port(settings: Settings) -> Finding:
    """Whether the port to listen on is free, or a hub answers there already."""
    where = f"{settings.host}:{settings.port}"
    try:
        family, kind, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return Finding("ok", f"the port {where} is free")
    except PermissionError:
        return Finding("wrong", f"this account may not listen on {where}", "set HUB_PORT to 1024 or above")
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "no such host"
        refused = Finding("wrong", f"the port {where} cannot be used: {why}", "set HUB_HOST and HUB_PORT")
    try:
        async with httpx.AsyncClient(timeout=_SOON, trust_env=False) as client:
            answer = await client.get(f"{here(settings)}/healthz")
        if answer.status_code == 200 and answer.json() == {"status": "ok"}:
            return Finding("ok", f"a hub answers at {where}")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        pass
    return refused


def line(error: BaseException) -> str:
    """An error's first line, or its kind if it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
