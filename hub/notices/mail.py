"""A notice as an e-mail: neutral words, one link, no personal data, a stable Message-ID; and its way out by SMTP."""

from __future__ import annotations

import re
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

import aiosmtplib

from hub.base.settings import Settings
from hub.base.texts import LANGUAGES, catalogue

from .tables import Outbox

NOTICE = "notice"
"""Context of the catalogues under which each kind's sentence stands."""

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_ADDRESS = re.compile(rf"{_ATOM}@[A-Za-z0-9](?:[A-Za-z0-9.-]{{0,251}}[A-Za-z0-9])?", re.ASCII)
_METHOD = re.compile(r"^METHOD:(REQUEST|CANCEL|REPLY)\r?$", re.MULTILINE)


class NoAddressError(Exception):
    """The agency has no usable mailbox: an administrator must enter one; the notice waits."""


def compose(row: Outbox, to: str, lang: str, settings: Settings) -> EmailMessage:
    """The kind's sentence in three languages (the reader's first), a link, and an invitation if there is one.

    Nothing but the row's kind, id and calendar goes in. `NoAddressError` unless `to` is exactly one plain address.
    """
    if len(to) > 254 or not _ADDRESS.fullmatch(to):
        raise NoAddressError
    order = [lang, *(other for other in LANGUAGES if other != lang)]
    sentences = [said for code in order if (said := catalogue(code).text(row.kind, NOTICE))]
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = settings.smtp_from, to
    message["Subject"] = sentences[0]
    message["Message-ID"] = f"<{row.id}@{_domain(settings)}>"
    message["Date"] = row.created_at
    message["Auto-Submitted"] = "auto-generated"
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    message.set_content("\n\n".join([*sentences, f"{base}/"]))
    if row.calendar is not None:
        method = _METHOD.findall(row.calendar)[0]  # RFC 6047: the same as inside
        message.add_alternative(row.calendar, subtype="calendar", params={"method": method}, charset="utf-8")
    return message


async def send(message: EmailMessage, settings: Settings) -> None:
    """Hand one message to the mail server; returns when it has accepted it. Never in clear where TLS was asked for."""
    client = aiosmtplib.SMTP(
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        start_tls=settings.smtp_starttls,
        local_hostname=_domain(settings),  # the machine's own name is nobody's business, and asking DNS for it blocks
        timeout=20,
    )
    try:
        await client.connect()
        if settings.smtp_user:
            if not settings.smtp_starttls:
                raise aiosmtplib.SMTPNotSupported("a password is sent over TLS alone: set HUB_SMTP_STARTTLS")
            await client.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        await client.send_message(message)
        with suppress(aiosmtplib.SMTPException):
            await client.quit(timeout=1)
    finally:
        client.close()  # at once: aiosmtplib's own leaving waits for an answer, also when we are told to stop


def _domain(settings: Settings) -> str:
    return parseaddr(settings.smtp_from)[1].rpartition("@")[2] or "hub.invalid"
