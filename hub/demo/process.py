"""`hub demo`: embedded database, seeded county, web server, worker and mail catcher in one process."""

from __future__ import annotations

import asyncio
import signal
import socket
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from hub.app import create_app, opened, server
from hub.base import logs
from hub.base.databases import databases
from hub.base.fitness import NotFit
from hub.base.migrate import upgrade
from hub.base.settings import Settings
from hub.console import mailbox
from hub.identity.provider import base_url
from hub.notices.catcher import Catcher
from hub.worker import tick

from .county import STEPS, seed

out = Console(highlight=False, soft_wrap=True)


async def run(settings: Settings) -> None:
    """Start everything, say where to look, and end everything on Ctrl-C."""
    began = time.monotonic()
    logs.configure(settings)
    with held(settings) as listening:
        await _told(settings, listening, began)


def held(settings: Settings) -> socket.socket:
    """The port, taken before anything is made: whoever looks meanwhile waits. Raises `NotFit` where it is not free."""
    try:
        (family, kind, protocol, _, where), *_ = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM
        )
        # asyncio turns Nagle's algorithm off only where the protocol is named: else an answer waits 40 ms for an ACK
        held = socket.socket(family, kind, protocol)
        try:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.bind(where)
            held.listen()
        except OSError:
            held.close()
            raise
    except OSError as error:
        why = error.strerror or str(error)
        raise NotFit(
            f"port {settings.port} of {settings.host} cannot be used ({why}): end what uses it, or set HUB_PORT"
        ) from None
    return held


async def _told(settings: Settings, listening: socket.socket, began: float) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    bar = Progress(SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), console=out, transient=True)
    with bar:
        job = bar.add_task("Starting PostgreSQL", total=STEPS + 2)
        async with databases(settings, leaving=True) as urls:
            bar.update(job, advance=1, description="Creating the tables")
            await upgrade(urls.owner, urls.app_password)
            bar.advance(job)
            async with Catcher() as catcher:
                local = settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": catcher.port})
                async with opened(local, urls.app) as hub:
                    await seed(hub, lambda said: bar.update(job, advance=1, description=said))
                    bar.stop()
                    app = create_app(hub)
                    mailbox.show(app, catcher)
                    web = server(hub, app)
                    out.print(f"\n[bold]{base_url(local)}/[/bold]  fictional data, {time.monotonic() - began:.0f} s")
                    out.print(f"Mail that was sent: {base_url(local)}/demo/mail")
                    out.print("Choose a person on the first page. Ctrl-C ends everything.\n")
                    worker = asyncio.create_task(tick(hub.db, local, stop))
                    serving = asyncio.create_task(web.serve([listening]))
                    stopped = asyncio.create_task(stop.wait())
                    await asyncio.wait({stopped, serving, worker}, return_when="FIRST_COMPLETED")
                    stop.set()
                    web.should_exit = True
                    for fault in await asyncio.gather(worker, serving, return_exceptions=True):
                        if isinstance(fault, Exception):
                            raise fault
