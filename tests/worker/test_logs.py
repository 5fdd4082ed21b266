"""Logs: JSON lines with opaque ids; what exceptions and other programs say never gets in."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from hub.base.logs import WITHHELD, opaque
from hub.policy.terms import Role

ROOT = Path(__file__).resolve().parents[2]
CANARY = "Canary Lin, 7 Nowhere Lane"
Spoken = subprocess.CompletedProcess[str]
ID = UUID("00000000-0000-4000-8000-000000000001")

SPEAKERS = """
import asyncio, gc, logging, sys, threading, warnings
import structlog
from hub.base import logs
from hub.base.settings import Settings
CANARY = sys.argv[1]
logs.configure(Settings(mode="test"))
logs.configure(Settings(mode="test"))  # again: no line comes twice
log = structlog.get_logger("hub.worker")
log.info("working", outbox="00000000-0000-4000-8000-000000000001", attempts=3, who=CANARY, where={"a": [CANARY, 1]})
def raising():
    hidden = CANARY
    try:
        try:
            raise KeyError(hidden)
        except KeyError as error:
            raise ExceptionGroup(hidden, [ValueError(hidden)]) from error
    except ExceptionGroup:
        raise RuntimeError(hidden)
try:
    raising()
except RuntimeError as error:
    log.exception("job fails")
    log.error("job fails otherwise", exc_info=error)
    logging.getLogger("scheduling.ticker").exception("due row %s of %s failed: %s", CANARY, "Deadline", 7)
    logging.getLogger("sqlalchemy.pool").exception("row was %s", CANARY)
    logging.getLogger("asyncpg").error(CANARY)
logging.getLogger("hub").error("two %s %d", CANARY, CANARY)
logging.getLogger("hub").error("too many", CANARY)
logging.getLogger("hub").error("named %(who)s", {"who": CANARY})
logging.getLogger("hubris").error(CANARY)
class Odd:
    def __str__(self): raise ValueError(CANARY)
    __repr__ = __str__
logging.getLogger("hub").error(Odd())
warnings.warn(CANARY)
thread = threading.Thread(target=raising); thread.start(); thread.join()
class Dying:
    def __del__(self): raise ValueError(CANARY)
Dying(); gc.collect()
async def forgotten():
    asyncio.get_running_loop().create_task(asyncio.sleep(0)).cancel()
    task = asyncio.create_task(failing())
    await asyncio.sleep(0.01)
    del task
    gc.collect()
async def failing():
    raise ValueError(CANARY)
asyncio.run(forgotten())
raise LookupError(CANARY)
"""


@pytest.fixture(scope="module")
def spoken() -> Spoken:
    """A process in which everything that can speak says a name."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    return subprocess.run(
        [sys.executable, "-c", SPEAKERS, CANARY],
        cwd=ROOT, env=clean, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_no_text_of_an_exception_or_of_another_program_reaches_the_log(
    spoken: subprocess.CompletedProcess[str],
) -> None:
    done = spoken
    assert done.returncode == 1
    assert done.stdout == ""
    for word in ("Canary", "Lin,", "Nowhere", "hidden"):
        assert word not in done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    said = [(line["logger"], line["event"]) for line in lines]
    assert said == [
        ("hub.worker", "working"),
        ("hub.worker", "job fails"),
        ("hub.worker", "job fails otherwise"),
        ("scheduling.ticker", f"due row {WITHHELD} of Deadline failed: 7"),
        ("sqlalchemy.pool", WITHHELD),
        ("asyncpg", WITHHELD),
        ("hub", "two %s %d"),
        ("hub", "too many"),
        ("hub", f"named {WITHHELD}"),
        ("hubris", WITHHELD),
        ("hub", "unwritable"),
        ("py.warnings", WITHHELD),
        ("hub", "an exception nobody caught"),
        ("hub", "an exception nobody caught"),
        ("asyncio", WITHHELD),
        ("hub", "crashed"),
    ]
    working = lines[0]
    assert (working["outbox"], working["attempts"], working["who"]) == (str(ID), 3, WITHHELD)
    assert working["where"] == {"a": [WITHHELD, 1]}
    assert datetime.fromisoformat(working["time"]).tzinfo == UTC
    assert working["level"] == "info"


def test_a_failure_is_told_by_classes_and_places(spoken: Spoken) -> None:
    lines = [json.loads(line) for line in spoken.stderr.splitlines()]
    for line in (lines[1], lines[2], lines[3], lines[4]):
        kinds = [one["type"] for one in line["exceptions"]]
        assert kinds == [
            "builtins.RuntimeError", "builtins.ExceptionGroup", "builtins.ValueError", "builtins.KeyError"
        ]  # fmt: skip
        assert line["exceptions"][0]["at"][-1].endswith(" raising")
    assert [one["type"] for one in lines[-1]["exceptions"]] == ["builtins.LookupError"]
    assert [one["type"] for one in lines[-2]["exceptions"]] == ["builtins.ValueError"]


@pytest.mark.parametrize(
    "value",
    [ID, str(ID), 3, 0.5, True, None, Role.COORDINATOR, "clock_overdue", "SMTPConnectError", datetime.now(UTC)],
)
def test_ids_codes_numbers_and_moments_get_through(value: object) -> None:
    assert opaque(value) != WITHHELD


@pytest.mark.parametrize(
    "value",
    ["林小虛", "Lin Mei", "0900-000-000", "a@b.example", "x" * 65, "", b"bytes", ValueError("text"), object(), "7F, 1"],
)
def test_nothing_else_gets_through(value: object) -> None:
    assert opaque(value) == WITHHELD
    assert opaque({"a": (value,)}) == {"a": [WITHHELD]}


def test_the_words_of_our_logs_are_constants() -> None:
    found, bad = 0, []
    for folder in ("hub", "scheduling", "directory"):
        for path in (ROOT / folder).rglob("*.py"):
            if "node_modules" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                    continue
                speaks = isinstance(node.func.value, ast.Name) and node.func.value.id in {"log", "logger"}
                if speaks and node.func.attr in {"debug", "info", "warning", "error", "exception", "critical"}:
                    found += 1
                    if not (node.args and isinstance(node.args[0], ast.Constant)):
                        bad.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found >= 5
    assert bad == []
