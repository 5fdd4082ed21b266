"""`hub work` as real processes, and what the tests ask of them and of their database."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from hub.base.databases import Urls
from hub.base.db import Database
from hub.base.ids import new_id
from hub.identity.tables import Agency
from hub.notices.outbox import Notice, notify
from scheduling.tables import Deadline

ROOT = Path(__file__).resolve().parents[2]
AUDIT_SEED = bytes(range(32))
ADDRESS = "canary-desk@agency.example"
USUAL = "from hub.cli import main; main()"
QUICK_LEASE = f"import datetime, hub.notices.delivery as d; d.LEASE = datetime.timedelta(seconds=2); {USUAL}"
"""A minute is long in a test."""


class Worker:
    """One running `hub work`; its log is a file, so that a killed one leaves it whole."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process, self.log = process, log

    @property
    def id(self) -> int:
        """Its process id."""
        return self.process.pid

    def lines(self) -> list[dict[str, Any]]:
        """Its log; an assertion fails if a line is no JSON object or shows the mailbox."""
        written = self.log.read_text()
        assert ADDRESS not in written
        return [json.loads(line) for line in written.splitlines()]

    def said(self, event: str) -> int:
        """How many lines say so."""
        return sum(line["event"] == event for line in self.lines())

    def connections(self) -> set[int]:
        """The local ports it has open."""
        return {found.laddr.port for found in psutil.Process(self.id).net_connections("tcp")}

    async def stop(self) -> float:
        """SIGTERM; the seconds until it has gone."""
        children = psutil.Process(self.id).children(recursive=True)
        began = time.monotonic()
        self.process.terminate()
        await asyncio.wait_for(self.process.wait(), 20)
        took = time.monotonic() - began
        assert not any(child.is_running() for child in children)
        return took


@asynccontextmanager
async def working(
    urls: Urls, folder: Path, smtp_port: int, count: int = 1, program: str = USUAL, **environment: str
) -> AsyncIterator[list[Worker]]:
    """So many workers that have begun; those that still run at the end are killed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    values = {
        "HUB_MODE": "test",
        "HUB_STATE_DIR": str(folder / "state"),
        "HUB_DATABASE_URL": urls.owner,
        "HUB_DATABASE_APP_PASSWORD": urls.app_password,
        "HUB_AUDIT_KEY": base64.urlsafe_b64encode(AUDIT_SEED).decode(),
        "HUB_SMTP_PORT": str(smtp_port),
        "HUB_SMTP_FROM": "notices@hub.example",
        **environment,
    }
    workers: list[Worker] = []
    try:
        for number in range(count):
            log = folder / f"worker-{number}.log"
            with log.open("wb") as file:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-c", program, "work",
                    cwd=ROOT, env={**clean, **values}, stdin=asyncio.subprocess.DEVNULL, stdout=file, stderr=file,
                )  # fmt: skip
            workers.append(Worker(process, log))
        for worker in workers:
            await until(lambda worker=worker: worker.said("working"), 120)  # type: ignore[misc]
        yield workers
    finally:
        for worker in workers:
            if worker.process.returncode is None:
                worker.process.kill()
            await worker.process.wait()


async def until(holds: Callable[[], object | Awaitable[object]], patience: float = 30) -> None:
    """Wait until it holds; an assertion fails after `patience` seconds."""
    end = time.monotonic() + patience
    while True:
        found = holds()
        if await found if isinstance(found, Awaitable) else found:
            return
        assert time.monotonic() < end, "it never came"
        await asyncio.sleep(0.02)


async def fill(db: Database, clocks: int, notices: int) -> None:
    """An agency, so many clocks that became overdue a minute ago, and so many queued notices, all due at once."""
    now = datetime.now(UTC)
    async with db.work() as session:
        agency = Agency(code=f"A{new_id().hex[:12]}", name="Fictional Agency", network="police", email=ADDRESS)
        session.add(agency)
        await session.flush()
        session.add_all(
            Deadline(
                clock="report",
                subject_id=new_id(),
                owner_id=agency.id,
                starts_at=now - timedelta(hours=24, minutes=1),
                due_at=now - timedelta(minutes=1),
                next_fire_at=now - timedelta(minutes=1),
            )
            for _ in range(clocks)
        )
        for _ in range(notices):
            await notify(session, Notice("referral_received", agency.id, new_id()))
