"""Logs: one JSON object a line on standard error, with opaque ids and codes only; no text of an exception gets in.

What others' programs say (drivers, servers, asyncio) can repeat a row, a header or a value: of them we write who
spoke, where, how badly, and the classes of exceptions; the words are withheld. Our own words are constants, and the
values beside them pass a net: a sentence, an address or a number with a dash does not get through, ids and codes do.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import UUID

import structlog
from structlog.stdlib import BoundLogger, LoggerFactory, ProcessorFormatter, filter_by_level

from .settings import Settings

WITHHELD = "(withheld)"
OURS = ("hub", "scheduling", "directory", "uvicorn.error")
"""Loggers whose own words are constants and are written: ours, and that of the web server's start and stop."""
_CODE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,63}", re.ASCII)
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FRAMES = 12
_CAUSES = 8


def configure(settings: Settings) -> None:
    """Send every log of this process and its uncaught exceptions to standard error. Any number of times.

    A demo's terminal is for people: it gets warnings and worse.
    """
    structlog.configure(
        processors=[filter_by_level, ProcessorFormatter.wrap_for_formatter],
        logger_factory=LoggerFactory(),
        wrapper_class=BoundLogger,
    )
    handler = _Handler(sys.stderr)
    handler.setFormatter(_Line())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.WARNING if settings.mode == "demo" else logging.INFO)
    sys.excepthook = _crashed
    sys.unraisablehook = lambda lost: _lost(lost.exc_value)
    threading.excepthook = lambda lost: _lost(lost.exc_value)


class _Handler(logging.StreamHandler[Any]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Where a line cannot be written, logging would print it whole, values and all: only this is said instead."""
        sys.stderr.write(json.dumps({"level": "error", "logger": record.name, "event": "unwritable"}) + "\n")


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        fields: dict[str, Any] = {}
        error: Any = record.exc_info
        if not record.name.startswith(tuple(f"{name}." for name in OURS)) and record.name not in OURS:
            line |= {"event": WITHHELD, "at": f"{record.module}:{record.lineno}"}
        elif isinstance(record.msg, dict):  # from structlog
            fields = dict(record.msg)
            error = fields.pop("exc_info", None) or error
            line["event"] = str(fields.pop("event", ""))
        else:
            line["event"] = _said(record)
        if found := _exception(error):
            line["exceptions"] = [_outline(one) for one in found]
        return json.dumps({str(key): opaque(value) for key, value in fields.items()} | line, ensure_ascii=False)


def opaque(value: Any) -> Any:
    """The value if it is an id, a code, a number or a moment, or made of such; else a word in its place."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        text = str(value.value) if isinstance(value, Enum) else value
        return text if _CODE.fullmatch(text) or _ID.fullmatch(text) else WITHHELD
    if isinstance(value, Mapping):
        return {str(opaque(key)): opaque(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [opaque(one) for one in value]
    return WITHHELD


def _said(record: logging.LogRecord) -> str:
    """The template with its values, each through the net; the template alone where they no longer fit."""
    args = record.args
    try:
        if isinstance(args, Mapping):
            return str(record.msg) % {key: opaque(value) for key, value in args.items()}
        return str(record.msg) % tuple(opaque(value) for value in args) if args else str(record.msg)
    except (TypeError, ValueError):
        return str(record.msg)


def _exception(given: Any) -> list[BaseException]:
    """The exception given, in whichever form, and what led to it, the last first."""
    if given is True:
        given = sys.exc_info()
    if isinstance(given, tuple):
        given = given[1]
    return list(_chain(given)) if isinstance(given, BaseException) else []


def _chain(error: BaseException) -> Iterator[BaseException]:
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < _CAUSES:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        before = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        waiting += [before] if before is not None else []


def _outline(error: BaseException) -> dict[str, Any]:
    """Its class and where it came from: never its text, nor any value of a frame."""
    frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)
    at = [f"{'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno} {frame.name}" for frame in frames[-_FRAMES:]]
    return {"type": f"{type(error).__module__}.{type(error).__qualname__}", "at": at}


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("hub").critical("crashed", exc_info=(kind, error, trace))


def _lost(error: BaseException | None) -> None:
    logging.getLogger("hub").error("an exception nobody caught", exc_info=error)
