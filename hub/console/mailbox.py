"""The demonstration's mailbox: everything the hub would have sent, on one page."""

from __future__ import annotations

from typing import Protocol

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from hub.base.settings import settings
from hub.notices.catcher import Caught

from .pages import render


class Keeps(Protocol):
    """Whatever keeps the messages, such as `hub.notices.catcher.Catcher`."""

    def messages(self) -> list[Caught]:
        """What was caught, the newest first."""
        ...


def show(app: FastAPI, catcher: Keeps) -> None:
    """Give `app` the page /demo/mail. RuntimeError outside the demonstration: real mail is nobody's to read."""
    if settings().mode != "demo":
        raise RuntimeError("The mailbox is for the demonstration alone.")

    async def mail(request: Request) -> Response:
        """Every message kept, newest first. Open to everybody: the demonstration's people are fictional."""
        return render(request, "mailbox.html", messages=catcher.messages())

    app.add_api_route("/demo/mail", mail, methods=["GET"], include_in_schema=False)
